"""The JARs that a transport needs beside the agent's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.names import GROUP
from sparklineage.agent.releases import checked_version, releases
from sparklineage.errors import UnsupportedSparkError, UsageError, suggestion
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

# The agent has the class of the transport and not Kafka's client. This one runs on Java 8 and is what Spark's own
# Kafka source takes in 4.1; the compressors that it calls are among the JARs of every Spark.
_KAFKA = Artifact(
    group="org.apache.kafka",
    name="kafka-clients",
    version="3.9.1",
    size=9215194,
    sha512="0b95bb53006888a5409f6fced2d0e03875a4ce19dcccb8b635ba3a67482475236cf8a33c40709641222dd7556fc0ebbff682a0469291"
    "34383b1a064e78ab12eb",
)

_SINCE = {
    "transports-gcplineage": "1.24.0",
    "transports-gcs": "1.23.0",
    "transports-s3": "1.23.0",
    "transports-kinesis": "1.24.0",
    "transports-datazone": "1.33.0",
}
"""Whole in themselves, without Scala; the agent that each first came with. Source: client/java of OpenLineage."""

_NEEDS = {
    "kafka": "kafka-clients",
    "gcplineage": "transports-gcplineage",
    "gcs": "transports-gcs",
    "s3": "transports-s3",
    "kinesis": "transports-kinesis",
    "amazon_datazone_api": "transports-datazone",
}

NAMES = (*_SINCE, "kafka-clients")
"""What `--with` takes."""


def companions(transport_type: str, version: str | None = None) -> tuple[Artifact, ...]:
    """What a transport of this type, such as `kafka`, needs besides the agent `version` (default: the newest known).

    Empty for one that the agent brings along, and for `composite` and `transform`: ask for those inside of them.
    Raises UnsupportedSparkError for an agent that is older than the transport.
    """
    name = _NEEDS.get(transport_type.strip().lower())
    return (companion(name, version),) if name else ()


def all_companions(transport_types: Iterable[str], version: str | None = None) -> tuple[Artifact, ...]:
    """Those of several types, each once."""
    found = (artifact for kind in transport_types for artifact in companions(kind, version))
    return tuple(dict.fromkeys(found))


def companion(name: str, version: str | None = None) -> Artifact:
    """One by the name of its artifact, such as `transports-gcs`, of the same version as the agent; no digest of those
    is pinned, so the repository has to publish one. Raises UsageError and UnsupportedSparkError.
    """
    if name == "kafka-clients":
        return _KAFKA
    if name not in _SINCE:
        raise UsageError(f"--with takes {', '.join(NAMES[:-1])} or {NAMES[-1]}, not {name!r}.{suggestion(name, NAMES)}")
    agent = checked_version(version) if version else releases().default
    # Before it had a JAR of its own, kinesis was inside the agent's.
    if numbers(agent) < numbers(_SINCE[name]):
        raise UnsupportedSparkError(
            f"{name} came with agent {_SINCE[name]}, and this one is {agent}; take a newer one."
        )
    return Artifact(group=GROUP, name=name, version=agent, sha512=None)
