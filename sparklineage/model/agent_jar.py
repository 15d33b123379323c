"""Recognising an OpenLineage agent by its file name or Maven coordinates."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FILE = re.compile(r"openlineage-spark(?:_(?P<scala>\d+\.\d+))?(?:-(?P<version>\d[\w.+\-]*?|latest))?\.jar")
_COORDINATES = re.compile(r"io\.openlineage:openlineage-spark(?:_(?P<scala>\d+\.\d+))?:(?P<version>[\w.+\-]+)(?::.*)?")
_NOT_THE_JAR = ("-sources", "-javadoc", "-tests")


@dataclass(frozen=True, kw_only=True)
class AgentJar:
    """What a name tells about an agent; None where it does not tell."""

    version: str | None
    scala: str | None


def recognise(text: str) -> AgentJar | None:
    """The agent that a file name, path, URL or `group:artifact:version` names, or None for anything else."""
    text = text.strip()
    match = _COORDINATES.fullmatch(text)
    if match is None:
        match = _FILE.fullmatch(re.split(r"[?#]", text, maxsplit=1)[0].rpartition("/")[2])
    if match is None or (match["version"] or "").endswith(_NOT_THE_JAR):
        return None
    return AgentJar(version=match["version"] if match["version"] != "latest" else None, scala=match["scala"])
