"""Recognising an agent by what people write: a file name, a path, a URL or Maven coordinates."""

from __future__ import annotations

import re
from dataclasses import dataclass

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
GROUP = "io.openlineage"

_FILE = re.compile(r"openlineage-spark(?:_(?P<scala>\d+\.\d+))?(?:-(?P<version>\d[\w.+\-]*?|latest))?\.jar")
_COORDINATES = re.compile(r"io\.openlineage:openlineage-spark(?:_(?P<scala>\d+\.\d+))?:(?P<version>[\w.+\-]+)(?::.*)?")
_NOT_THE_JAR = ("-sources", "-javadoc", "-tests")


@dataclass(frozen=True, kw_only=True)
class AgentName:
    """What a name says about the agent; None where it says nothing."""

    version: str | None
    scala: str | None


def agent_name(text: str) -> AgentName | None:
    """Version and Scala of `openlineage-spark_2.13-1.53.0.jar`, a path or URL that ends so, or of
    `io.openlineage:openlineage-spark_2.13:1.53.0`; None for anything that is no agent."""
    text = text.strip()
    match = _COORDINATES.fullmatch(text)
    if match is None:
        match = _FILE.fullmatch(re.split(r"[?#]", text, maxsplit=1)[0].rpartition("/")[2])
    if match is None or (match["version"] or "").endswith(_NOT_THE_JAR):
        return None
    version = match["version"] if match["version"] != "latest" else None
    scala = match["scala"]
    if scala is None and version is not None and before_suffix(version):
        scala = "2.12"
    return AgentName(version=version, scala=scala)


def looks_like_agent(name_or_path: str) -> bool:
    """Whether this file name, path, URL or these Maven coordinates are an agent's, whatever its version."""
    return agent_name(name_or_path) is not None


def before_suffix(version: str) -> bool:
    """Whether this agent is older than 1.9.0: one JAR, for Scala 2.12, without a suffix in its name."""
    return numbers(version) < (1, 9)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: (3, 5, 6) for `3.5.6-amzn-2`, () for no version."""
    match = re.match(r"\d+(?:\.\d+)*", version.strip())
    return tuple(int(part) for part in match[0].split(".")) if match else ()
