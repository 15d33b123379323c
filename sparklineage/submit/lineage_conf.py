"""What `submit` adds to the user's command, joined with what is there and never in place of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sparklineage.errors import ConfigError
from sparklineage.model.ids import is_run_id
from sparklineage.model.lists import comma_list, joined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.model.parent import Parent
    from sparklineage.submit.existing_agent import ExistingAgent
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.user_conf import UserConf

REDACTED = (
    r"(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)"
)
"""The keys and values that Spark shall hide: its own default and what that misses (API keys, headers)."""

_RUN_ID = "spark.openlineage.applicationRunId"
_NAMESPACE = "spark.openlineage.namespace"
_APP_NAME = "spark.openlineage.appName"
_TRANSPORT = "spark.openlineage.transport."
_CAPTURED = "spark.openlineage.capturedProperties"
CAPTURED_DEFAULT = ("spark.master", "spark.app.name")
STEP = "spark.sparklineage.step"
_PARENT = ("spark.openlineage.parent", "spark.openlineage.rootParent", "spark.openlineage.context")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+=@~-]+")


@dataclass(frozen=True, kw_only=True)
class LineageSpec:
    """What is to be added, decided by the command."""

    run_id: str
    """From `chosen_run_id`, or a new one."""
    namespace: str
    app_name: str
    parent: Parent | None
    folder: Path
    """The run's folder in the journal, absolute: the agent writes `agent.ndjson` in it."""
    agent_listener: str
    agent_jar: Path | None
    """None where the user's command brings one (`existing`), or none can be had: then it is not listed."""
    existing: ExistingAgent | None = None
    witness_listener: str
    witness_jar: Path | None
    """None where the witness is left out."""


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property that we set, and why it has this value."""

    key: str
    value: str
    why: str


@dataclass(frozen=True, kw_only=True)
class LineageConf:
    """The arguments that go behind the user's spark-submit options and before the application."""

    args: tuple[str, ...]
    properties: tuple[Property, ...]
    notes: tuple[str, ...]
    """What of the user's made a difference, one sentence each, for the summary."""
    transport: Literal["outbox", "user"]
    """`user`: the user's own transport stays, so that nothing comes into the journal."""
    run_id: str
    namespace: str
    app_name: str
    parent: Parent | None
    """None too where the user's own parent properties stay."""
    witness: bool
    disabled: bool
    """The user switched the agent off with `spark.openlineage.disabled`."""


def is_plain_jar_path(path: Path) -> bool:
    """Whether Spark takes an absolute path as it is written: no list, no wild card, nothing a URI would change."""
    return _PLAIN_PATH.fullmatch(str(path)) is not None


def chosen_run_id(command: SubmitCommand, user_conf: UserConf) -> str | None:
    """The run id that the user chose, by `--run-id` or by property; None where a new one is free.

    Raises ConfigError for a property that is no UUID: the agent would emit nothing at all.
    """
    if command.own.run_id is not None:
        return command.own.run_id
    value = user_conf.value(_RUN_ID)
    if value is None or not value.strip():
        return None
    if not is_run_id(value):
        raise ConfigError(
            f"{_RUN_ID} ({user_conf.source(_RUN_ID)}) must be a UUID, found {value[:100]!r}; "
            "with it the agent would report nothing. Remove it, or use --run-id."
        )
    return value


def lineage_args(
    command: SubmitCommand, user_conf: UserConf, spec: LineageSpec, *, environ: Mapping[str, str] | None = None
) -> LineageConf:
    """Our part of the command line, laid over the user's effective configuration.

    Lists are joined, the user's scalars stay, unless an option of ours on the command line says otherwise.
    Raises ConfigError for a run id that is no UUID.
    """
    ours = _Ours(user_conf)
    run_id = ours.scalar(
        _RUN_ID, chosen_run_id(command, user_conf) or spec.run_id, flag=("--run-id", command.own.run_id)
    )
    namespace = ours.scalar(_NAMESPACE, spec.namespace, flag=("--namespace", command.own.namespace))
    app_name = ours.scalar(_APP_NAME, spec.app_name, flag=("--job-name", command.own.job_name))
    ours.listeners(spec)
    ours.jars(spec)
    parent = ours.parent(spec.parent)
    transport = ours.transport(spec.folder, environ or {})
    ours.joined(_CAPTURED, (STEP,), default=CAPTURED_DEFAULT, why="ties a query to its step")
    ours.redaction()
    ours.set("spark.sparklineage.journal", str(spec.folder), "where the driver's steps are written")
    disabled = (user_conf.value("spark.openlineage.disabled") or "").strip().lower() == "true"
    if disabled:
        ours.note("the agent is off: spark.openlineage.disabled=true", "spark.openlineage.disabled")
    return LineageConf(
        args=ours.args(),
        properties=tuple(ours.properties),
        notes=tuple(ours.notes),
        transport=transport,
        run_id=run_id,
        namespace=namespace,
        app_name=app_name,
        parent=parent,
        witness=spec.witness_jar is not None,
        disabled=disabled,
    )


class _Ours:
    """Collects our properties over one user's configuration."""

    def __init__(self, user: UserConf) -> None:
        self.user = user
        self.properties: list[Property] = []
        self.notes: list[str] = []

    def set(self, key: str, value: str, why: str) -> None:
        self.properties.append(Property(key=key, value=value, why=why))

    def note(self, text: str, key: str) -> None:
        self.notes.append(f"{text} ({self.user.source(key)})")

    def args(self) -> tuple[str, ...]:
        args: list[str] = []
        for entry in self.properties:
            # The flag beats --conf spark.jars, so only another, later flag can extend it.
            args += ["--jars", entry.value] if entry.key == "spark.jars" else ["--conf", f"{entry.key}={entry.value}"]
        return tuple(args)

    def scalar(self, key: str, value: str, *, flag: tuple[str, str | None]) -> str:
        """The value that counts: the flag's, else the user's, else ours."""
        name, given = flag
        found = self.user.value(key)
        if found is not None and found.strip() and given is None:
            self.note(f"{key}={found} stays as you set it", key)
            return found
        if found is not None and given is not None and found != given:
            self.note(f"{name} wins over {key}={found}", key)
        self.set(key, given if given is not None else value, name if given is not None else "chosen by submit")
        return given if given is not None else value

    def joined(self, key: str, entries: tuple[str, ...], *, default: tuple[str, ...] = (), why: str) -> None:
        found = self.user.value(key)
        theirs = comma_list(found) if found is not None else default
        together = joined(theirs, entries)
        source = f", joined with {self.user.source(key)}" if found else ""
        self.set(key, ",".join(together), why + source)

    def listeners(self, spec: LineageSpec) -> None:
        theirs = comma_list(self.user.value("spark.extraListeners"))
        witness = (spec.witness_listener,) if spec.witness_jar else ()
        source = f", joined with {self.user.source('spark.extraListeners')}" if theirs else ""
        # A listed class that is not on the class path fails the application: no JAR, no listener.
        agent = (spec.agent_listener,) if spec.agent_jar or spec.existing else ()
        together = joined(witness, theirs, agent)
        if witness or agent:
            self.set("spark.extraListeners", ",".join(together), "the witness and the agent" + source)

    def jars(self, spec: LineageSpec) -> None:
        if spec.existing is not None:
            self.notes.append(f"the agent that is there is used: {spec.existing.name} ({spec.existing.source})")
        added = tuple(str(jar) for jar in (spec.agent_jar, spec.witness_jar) if jar is not None)
        if not added:
            return
        theirs = comma_list(self.user.value("spark.jars"))
        source = f", joined with {self.user.source('spark.jars')}" if theirs else ""
        self.set(
            "spark.jars", ",".join(joined(theirs, added)), "puts the listeners on the driver's class path" + source
        )

    def parent(self, parent: Parent | None) -> Parent | None:
        theirs = self.user.under(*_PARENT)
        if theirs:
            if parent is not None:
                self.note(f"the parent from the environment gives way to {theirs[0]}", theirs[0])
            return None
        for key, value in parent.spark_properties() if parent else ():
            self.set(key, value, "the parent run in the environment")
        return parent

    def transport(self, folder: Path, environ: Mapping[str, str]) -> Literal["outbox", "user"]:
        kind = f"{_TRANSPORT}type"
        if (self.user.value(kind) or "").strip():
            self.note(f"the outbox is off, because {kind} is set: the agent sends its events itself", kind)
            return "user"
        # Without a type the agent would refuse its whole configuration and emit nothing.
        if theirs := [key for key in self.user.under(_TRANSPORT) if key != kind]:
            self.note(
                f"{theirs[0]} is not used, {kind} is missing: the agent writes to the journal, and the relay delivers",
                theirs[0],
            )
        for variable in sorted(environ):
            if variable.startswith("OPENLINEAGE__TRANSPORT"):
                self.notes.append(f"{variable} is not used: the agent writes to the journal, and the relay delivers")
                break
        self.set(kind, "file", "the outbox")
        self.set(f"{_TRANSPORT}location", str(folder / "agent.ndjson"), "the outbox")
        return "outbox"

    def redaction(self) -> None:
        key = "spark.redaction.regex"
        theirs = self.user.value(key)
        if theirs is None:
            self.set(key, REDACTED, "hides API keys too")
        elif REDACTED not in theirs:
            # Ours first: the user's pattern needs no parentheses then, which an inline flag or a \Q could break.
            self.set(key, f"{REDACTED}|{theirs}", f"hides API keys too, joined with {self.user.source(key)}")
