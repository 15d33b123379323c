"""The JARs of a kit: those that travel inside its script, and the name of the agent."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from textwrap import wrap

from sparklineage.kits.interface import sha256_of
from sparklineage.witness import STORED_NAME, absent_jar_path, jar_path

_AGENT = re.compile(r"openlineage-spark_[\w.+-]+\.jar")
_LINE = 112


@cache
def witness_settings() -> dict[str, str | tuple[str, ...]]:
    """The witness, for the part `jars`."""
    data = jar_path().read_bytes()
    return {"WITNESS": STORED_NAME, "WITNESS_SHA256": sha256_of(data), "WITNESS_BASE64": base64_lines(data)}


@cache
def absent_settings() -> dict[str, str | tuple[str, ...]]:
    """What stands in for an agent that is not there, for the part `jars`."""
    data = absent_jar_path().read_bytes()
    return {"ABSENT_SHA256": sha256_of(data), "ABSENT_BASE64": base64_lines(data)}


def base64_lines(data: bytes) -> tuple[str, ...]:
    """As an array of a script holds it."""
    return tuple(wrap(b64encode(data).decode("ascii"), _LINE))


def agent_name(name: str, scala: str) -> str:
    """What an agent's JAR is called on a node, where agents are known by their names; also one of the user's own."""
    return name if _AGENT.fullmatch(name) else f"openlineage-spark_{scala}-own.jar"
