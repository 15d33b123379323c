"""The properties that `submit` wants, before anything of the user's is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_value import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_value import ConfValue
    from sparklineage.submit.lineage_conf import LineageSpec
    from sparklineage.submit.options import SubmitCommand

REDACTED = (
    r"(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)"
)
"""The keys and values that Spark shall hide: its own default and what that misses (API keys, headers)."""

RUN_ID = "spark.openlineage.applicationRunId"
NAMESPACE = "spark.openlineage.namespace"
APP_NAME = "spark.openlineage.appName"
LISTENERS = "spark.extraListeners"
JARS = "spark.jars"
TRANSPORT_TYPE = f"{TRANSPORT}type"
DISABLED = "spark.openlineage.disabled"
OWN = (RUN_ID, NAMESPACE, APP_NAME)
"""What a spec says by itself."""
CAPTURED_DEFAULT = ("spark.master", "spark.app.name")
STEP = "spark.sparklineage.step"
SUBMIT = "submit"
"""The source of what nobody but `submit` has chosen."""


def our_properties(command: SubmitCommand, spec: LineageSpec, run_id: str) -> Iterator[ConfEntry]:
    """In the order in which they are written."""
    own = command.own
    yield _chosen(RUN_ID, run_id, ("--run-id", own.run_id))
    yield _chosen(NAMESPACE, spec.namespace, ("--namespace", own.namespace))
    yield _chosen(APP_NAME, spec.app_name, ("--job-name", own.job_name))
    witness = (spec.witness_listener,) if spec.witness_jar else ()
    # A listed class that is not on the class path fails the application: no JAR, no listener.
    agent = (spec.agent_listener,) if spec.agent_jar or spec.existing else ()
    if listeners := (*witness, *agent):
        yield _entry(LISTENERS, CommaList(listeners, first=witness), "the witness and the agent")
    if jars := tuple(str(jar) for jar in (spec.agent_jar, spec.witness_jar, *spec.companions) if jar is not None):
        yield _entry(JARS, CommaList(jars), "puts the listeners on the driver's class path")
    for key, value in spec.parent.spark_properties() if spec.parent else ():
        yield _entry(key, Text(value), "the parent run in the environment")
    yield _entry(TRANSPORT_TYPE, Text("file"), "the outbox")
    yield _entry(f"{TRANSPORT}location", Text(str(spec.folder / "agent.ndjson")), "the outbox", firm=True)
    yield _entry(
        "spark.openlineage.capturedProperties",
        CommaList((*CAPTURED_DEFAULT, STEP), default=CAPTURED_DEFAULT),
        "ties a query to its step",
    )
    yield _entry("spark.redaction.regex", Pattern(REDACTED), "hides API keys too")
    yield _entry(
        "spark.sparklineage.journal", Text(str(spec.folder)), "where the driver's steps are written", firm=True
    )


def _entry(key: str, value: ConfValue, why: str, *, firm: bool = False) -> ConfEntry:
    return ConfEntry(key=key, value=value, source=SUBMIT, why=why, firm=firm)


def _chosen(key: str, value: str, flag: tuple[str, str | None]) -> ConfEntry:
    """A flag wins over the user's property, which wins over what `submit` makes up."""
    name, given = flag
    if given is None:
        return _entry(key, Text(value), "chosen by submit")
    return ConfEntry(key=key, value=Text(given), source=name, why=name, firm=True)
