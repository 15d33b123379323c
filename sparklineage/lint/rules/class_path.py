"""JARs that a setting needs beside the agent, and JARs that need each other in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules.agents import CLASS_PATHS, agents, brought
from sparklineage.lint.rules.destinations import destinations
from sparklineage.lint.rules.interface import Hit, rule, unreadable
from sparklineage.lint.settings import JARS, PACKAGES
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_TRANSPORTS = {
    "gcs": "transports-gcs",
    "s3": "transports-s3",
    "gcplineage": "transports-gcplineage",
    "kinesis": "transports-kinesis",
    "amazon_datazone_api": "transports-datazone",
}
_KAFKA = ("kafka-clients", "org.apache.spark:spark-sql-kafka", "org.apache.spark:spark-streaming-kafka")
_KAFKA_ON = frozenset(("databricks", "glue"))
"""Platforms that have Kafka's client as a matter of course."""
_CONNECTORS = ("iceberg-spark", "spark-bigquery", "spark-snowflake", "delta-spark", "delta-core")


@rule("SL023", "missing-transport-jar", "error", "A transport whose JAR is not there")
def missing_transport_jar(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The agent's JAR has the transports http, console, kafka, file, composite and transform. The others are JARs of
    their own, `io.openlineage:transports-s3` and the like: without one the configuration is unreadable (`Failed to
    find TransportBuilder`). For kafka the JAR lacks Kafka's client: `NoClassDefFoundError:
    org/apache/kafka/clients/producer/KafkaProducer`, which stops the application.

    Source: executed, agent 1.53.0.
    """
    jars = _jars(sheet)
    if jars is None:
        return
    agent = target.agent or next((agent.jar.version for agent in agents(sheet) if agent.jar.version), None)
    for transport in destinations(sheet):
        needed = _TRANSPORTS.get(transport.type)
        if transport.type == "kinesis" and agent and numbers(agent) < (1, 24):
            continue
        if transport.kind and needed and not any(needed in jar for jar in jars):
            yield Hit(
                at=transport.kind,
                found=f"{transport.kind.name} is {transport.type}, and nothing here brings {needed}.",
                reality=unreadable(transport.kind),
                fix=f"Add io.openlineage:{needed}:{agent or 'VERSION'} beside the agent, in the agent's version.",
            )
        kafka = transport.type == "kafka" and sheet.platform not in _KAFKA_ON
        if transport.kind and kafka and not any(name in jar for jar in jars for name in _KAFKA):
            yield Hit(
                at=transport.kind,
                found=f"{transport.kind.name} is kafka, and nothing here brings kafka-clients.",
                reality="Unless the JAR lies in $SPARK_HOME/jars, the application is stopped (NoClassDefFoundError).",
                fix="Add org.apache.kafka:kafka-clients beside the agent.",
                severity="warning",
            )


@rule("SL024", "missing-metrics-jar", "info", "Metrics whose JAR is not there")
def missing_metrics_jar(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`metrics.type=statsd` needs `io.micrometer:micrometer-registry-statsd` on the class path. Without it the agent
    goes without metrics.

    Source: executed, agent 1.53.0.
    """
    kind, jars = sheet.agent("metrics.type"), _jars(sheet)
    if kind is None or jars is None or kind.value.strip().lower() != "statsd":
        return
    if not any("micrometer-registry-statsd" in jar for jar in jars):
        yield Hit(
            at=kind,
            found=f"{kind.name} is statsd, and nothing here brings micrometer-registry-statsd.",
            reality="Unless the JAR lies in $SPARK_HOME/jars, the agent sends no metrics.",
            fix="Add io.micrometer:micrometer-registry-statsd beside the agent.",
        )


@rule("SL049", "agent-apart", "warning", "The agent and a connector in different places")
def agent_apart(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """JARs of `--jars` and `--packages` are loaded by another class loader than those on the driver's class path. An
    agent on one side does not see a connector (Iceberg, BigQuery, Snowflake, Delta) on the other:
    `NoClassDefFoundError`, or no lineage for it.

    Source: OpenLineage#3407.
    """
    sides: dict[bool, str] = {}
    for setting, entry in brought(sheet):
        name = next((name for name in _CONNECTORS if name in entry), None)
        if name:
            sides.setdefault(setting.key in CLASS_PATHS, name)
    for agent in agents(sheet):
        other = sides.get(agent.setting.key not in CLASS_PATHS)
        if other and sides.get(agent.setting.key in CLASS_PATHS) is None:
            yield Hit(
                at=agent.setting,
                found=f"{agent.setting.name} brings the agent, and {other} comes another way.",
                reality="They are loaded apart: the agent may fail at the connector's classes.",
                fix="Bring both in the same way, with --jars or --packages, or both on the class path.",
            )


def _jars(sheet: Sheet) -> list[str] | None:
    """What a sheet brings; None where it does not tell all of it, as where the agent comes from elsewhere."""
    entries = [entry for _, entry in brought(sheet)]
    vague = any(char in entry for entry in entries for char in "\0*?[")
    named = [agent for agent in agents(sheet) if agent.setting.key in {JARS, PACKAGES, *CLASS_PATHS}]
    return None if sheet.partial or vague or not named else entries
