"""Recognising an agent by what people write: a file name, a path, a URL or Maven coordinates."""

from __future__ import annotations

from dataclasses import replace

from sparklineage.model.agent_jar import AgentJar as AgentName
from sparklineage.model.agent_jar import recognise
from sparklineage.model.versions import numbers

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
GROUP = "io.openlineage"


def agent_name(text: str) -> AgentName | None:
    """Version and Scala of `openlineage-spark_2.13-1.53.0.jar`, a path or URL that ends so, or of
    `io.openlineage:openlineage-spark_2.13:1.53.0`; None for anything that is no agent."""
    found = recognise(text)
    if found and found.version and found.scala is None and before_suffix(found.version):
        return replace(found, scala="2.12")
    return found


def looks_like_agent(name_or_path: str) -> bool:
    """Whether this file name, path, URL or these Maven coordinates are an agent's, whatever its version."""
    return recognise(name_or_path) is not None


def before_suffix(version: str) -> bool:
    """Whether this agent is older than 1.9.0: one JAR, for Scala 2.12, without a suffix in its name."""
    return numbers(version) < (1, 9)
