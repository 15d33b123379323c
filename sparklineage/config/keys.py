"""Every key of sparklineage.yml and every variable that stands for one: the loader and the docs read this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Key:
    """One setting."""

    name: str
    """Its place in the file, dotted."""
    kind: str
    """`text`, `number`, `true or false` or `mapping`."""
    doc: str
    variables: tuple[str, ...] = ()
    """Environment variables that win over the file; of several that are set the last one wins."""
    flag: str | None = None
    """The option of `submit` that wins over both."""
    secret: bool = False
    """Whether `env:NAME` and `file:/path` are read as references to the value."""


TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "true or false": (bool,),
    "mapping": (dict,),
}

_ALL = (
    Key(
        name="namespace",
        kind="text",
        doc="OpenLineage namespace of the jobs, such as `prod.flights.analytics` (default: `default`)",
        variables=("NAMESPACE", "OPENLINEAGE_NAMESPACE"),
        flag="--namespace",
    ),
    Key(
        name="job",
        kind="text",
        doc="name of the application's job (default: `--name` or `spark.app.name` from the command line or a "
        "properties file, else the class, else the file's name; a name set in the application's code does not count)",
        variables=("JOB_NAME",),
        flag="--job-name",
    ),
    Key(name="transport.type", kind="text", doc="`http`; needed beside `transport.url` in an openlineage.yml"),
    Key(
        name="transport.url",
        kind="text",
        doc="address of the backend; with `MARQUEZ_URL` only the answer 201 counts as acceptance. "
        "Without an address the lineage stays in the journal",
        variables=("MARQUEZ_URL", "OPENLINEAGE_URL"),
        flag="--backend",
    ),
    Key(
        name="transport.endpoint",
        kind="text",
        doc="path of the receiver below the address (default: `api/v1/lineage`)",
        variables=("OPENLINEAGE_ENDPOINT",),
    ),
    Key(name="transport.auth.type", kind="text", doc="`api_key`"),
    Key(
        name="transport.auth.apiKey",
        kind="text",
        doc="sent as `Authorization: Bearer`; write a reference, not the key itself",
        variables=("OPENLINEAGE_API_KEY",),
        secret=True,
    ),
    Key(
        name="transport.auth.api_key",
        kind="text",
        doc="the same, as the Python client spells it",
        secret=True,
    ),
    Key(name="transport.headers", kind="mapping", doc="further headers of each request", secret=True),
    Key(
        name="transport.timeoutInMillis",
        kind="number",
        doc="how long to wait for a connection and for each answer, in milliseconds (default: 10000)",
    ),
    Key(name="transport.timeout", kind="number", doc="the same in seconds, as the Python client has it"),
    Key(
        name="agent.version",
        kind="text",
        doc="version of the agent (default: the newest that runs on the Spark found)",
        variables=("SPARKLINEAGE_AGENT_VERSION",),
        flag="--agent-version",
    ),
    Key(
        name="agent.jar",
        kind="text",
        doc="an agent JAR on this machine, instead of fetching one",
        variables=("SPARKLINEAGE_AGENT_JAR",),
        flag="--agent-jar",
    ),
    Key(
        name="agent.repository",
        kind="text",
        doc="Maven repository to fetch the agent from: https, http or file "
        "(default: Maven's own settings, else the Ivy inside Spark)",
        variables=("SPARKLINEAGE_REPOSITORY",),
        flag="--repository",
    ),
    Key(
        name="delivery.journal",
        kind="text",
        doc="folder of the journal (default: `sparklineage/journal` in `XDG_STATE_HOME` or `~/.local/state`)",
        variables=("SPARKLINEAGE_JOURNAL",),
        flag="--journal",
    ),
    Key(
        name="delivery.drainTimeout",
        kind="number",
        doc="seconds for which `submit` goes on delivering after the job has ended (default: 10; 0 leaves at once)",
        variables=("SPARKLINEAGE_DRAIN_TIMEOUT",),
        flag="--drain-timeout",
    ),
    Key(
        name="disabled",
        kind="true or false",
        doc="run the bare job, without any lineage",
        variables=("OPENLINEAGE_DISABLED",),
        flag="--no-lineage",
    ),
)
KEYS: dict[str, Key] = {key.name: key for key in _ALL}
