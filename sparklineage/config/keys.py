"""The keys of sparklineage.yml that are the toolkit's own; the agent's come from the catalogue, see definition.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.config.values import Limits

if TYPE_CHECKING:
    from sparklineage.config.catalogue import CatalogueKey
    from sparklineage.config.values import Kind


@dataclass(frozen=True, kw_only=True)
class Key:
    """One setting: what the loader, `sparklineage schema`, `explain` and the reference page know of it."""

    name: str
    """Its place in the file, dotted; `<name>` stands for any name."""
    kind: Kind
    doc: str
    limits: Limits = field(default_factory=Limits)
    default: str | None = None
    """As one would write it."""
    spark: str | None = None
    """The Spark property that it becomes; None for what only the toolkit reads."""
    catalogue: CatalogueKey | None = None
    """What is known of that property: versions, transports, who reads it."""
    variables: tuple[str, ...] = ()
    """Environment variables that win over the file; of several that are set the last one wins."""
    flag: str | None = None
    """The option of the commands that wins over both."""
    secret: bool = False
    """Whether the value is a secret, to be given as a reference."""
    mistakes: tuple[str, ...] = ()
    """What people write instead, and what comes of it."""

    open_ended: bool = False
    """Whether the rest of its name is somebody else's, dots included."""
    raw: bool = False
    """Whether it is a property that Spark itself reads and checks."""
    stands_for: str | None = None
    """The key that this one is another spelling of; a value is kept there."""

    @property
    def any_name(self) -> bool:
        """Whether it stands for many keys."""
        return "<" in self.name


OWN: tuple[Key, ...] = (
    Key(
        name="job.name",
        kind="text",
        doc="name of the application's job; `job: NAME` is short for it (default: `--name` or `spark.app.name` from "
        "the command line or a properties file, else the class, else the file's name; a name set in the "
        "application's code does not count)",
        spark="spark.openlineage.appName",
        variables=("JOB_NAME", "SPARKLINEAGE_JOB_NAME"),
        flag="--job-name",
    ),
    Key(
        name="transport.timeout",
        kind="duration",
        limits=Limits(unit="s"),
        doc="the same as `transport.timeoutInMillis`, a bare number in seconds, as the Python client has it",
        stands_for="transport.timeoutInMillis",
    ),
    Key(
        name="transport.auth.api_key",
        kind="text",
        doc="the same as `transport.auth.apiKey`, as the Python client spells it",
        secret=True,
        stands_for="transport.auth.apiKey",
    ),
    Key(
        name="agent.version",
        kind="version",
        doc="version of the agent (default: the newest that runs on the Spark found)",
        variables=("SPARKLINEAGE_AGENT_VERSION",),
        flag="--agent-version",
    ),
    Key(
        name="agent.scala",
        kind="enum",
        limits=Limits(values=("2.12", "2.13")),
        doc="the Scala that the agent is built for (default: that of the Spark found)",
    ),
    Key(
        name="agent.jar",
        kind="path",
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
        name="delivery.mode",
        kind="enum",
        limits=Limits(values=("auto", "outbox", "direct")),
        default="auto",
        doc="`outbox`: the agent writes to the journal and the relay delivers; `direct`: the agent sends its events "
        "itself, with a circuit breaker; `auto`: the outbox wherever the relay can deliver to the transport",
        variables=("SPARKLINEAGE_DELIVERY_MODE",),
    ),
    Key(
        name="delivery.journal",
        kind="path",
        doc="folder of the journal (default: `sparklineage/journal` in `XDG_STATE_HOME` or `~/.local/state`)",
        variables=("SPARKLINEAGE_JOURNAL",),
        flag="--journal",
    ),
    Key(
        name="delivery.drainTimeout",
        kind="duration",
        limits=Limits(unit="s"),
        default="10s",
        doc="how long `submit` goes on delivering after the job has ended; a bare number counts seconds, "
        "0 leaves at once",
        variables=("SPARKLINEAGE_DRAIN_TIMEOUT",),
        flag="--drain-timeout",
    ),
    Key(
        name="delivery.retry.firstWait",
        kind="duration",
        limits=Limits(unit="s"),
        default="250ms",
        doc="how long the relay waits before it sends an event again; each further wait is about twice as long",
    ),
    Key(
        name="delivery.retry.longestWait",
        kind="duration",
        limits=Limits(unit="s"),
        default="30s",
        doc="the longest of these waits, unless the backend asks for a longer one",
    ),
    Key(
        name="delivery.limits.journalSize",
        kind="size",
        doc="the journal's size from which on `submit` removes finished runs, the oldest first, but never one with "
        "events that are still to be delivered (default: nothing is removed)",
    ),
    Key(
        name="delivery.limits.journalAge",
        kind="duration",
        limits=Limits(unit="d"),
        doc="the age from which on `submit` removes finished runs whose events are all delivered; a bare number "
        "counts days (default: nothing is removed)",
    ),
    Key(
        name="disabled",
        kind="boolean",
        default="false",
        doc="run the bare job, without any lineage",
        variables=("OPENLINEAGE_DISABLED",),
        flag="--no-lineage",
    ),
    Key(name="governance.pii", kind="boolean", doc="whether the application handles personal data"),
    Key(name="governance.classification", kind="text", doc="how its data is classified, such as `internal`"),
    Key(name="governance.retention", kind="text", doc="how long its data is kept, such as `P5Y`"),
    Key(name="governance.encryption", kind="text", doc="how its data is encrypted, such as `aes-256`"),
)
"""Governance becomes the run facet `governance` of the application."""

PLATFORMS = (
    "spark-submit", "spark-defaults", "pyspark", "emr", "emr-serverless", "emr-containers", "glue", "sagemaker",
    "dataproc", "databricks", "kubernetes", "airflow", "livy", "spark-connect",
)  # fmt: skip
"""The names of the sections below `platforms`."""

PLATFORM_KEYS: tuple[Key, ...] = (
    Key(
        name="release",
        kind="text",
        doc="the platform's name of its release, such as `emr-7.5.0`, `16.4.x-scala2.12`, Glue's `5.0`",
    ),
    Key(
        name="artifacts",
        kind="text",
        doc="where the JARs and scripts lie, such as `s3://BUCKET/PREFIX`, `/Volumes/CATALOG/SCHEMA/VOLUME`, a path",
    ),
    Key(
        name="vendorAgent",
        kind="enum",
        limits=Limits(values=("replace", "reuse", "compose")),
        default="replace",
        doc="what becomes of an OpenLineage agent that the platform brings: ours in its place, theirs with our "
        "configuration, or theirs beside ours",
    ),
    Key(name="region", kind="text", doc="the cloud's name of the region"),
    Key(
        name="accessMode",
        kind="enum",
        limits=Limits(values=("SINGLE_USER", "USER_ISOLATION", "SERVERLESS")),
        doc="the access mode of a Databricks cluster, as `data_security_mode` has it; `USER_ISOLATION` is standard "
        "(shared), `SERVERLESS` no cluster at all",
    ),
    Key(
        name="secretName",
        kind="text",
        default="sparklineage",
        doc="the Secret of Kubernetes that holds the keys, on EMR on EKS too: `env:NAME` is its entry NAME",
    ),
    Key(
        name="relayImage",
        kind="text",
        doc="an image with the relay in it, as `sparklineage bootstrap kubernetes` makes one, for a relay beside the "
        "driver in its pod of Kubernetes; with it `delivery.mode: auto` is `outbox` there",
    ),
)
"""What a platform's section takes besides the keys of the file itself."""
