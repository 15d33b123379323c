"""Which agents a sheet names, and which versions it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.rules.releases import own_agent
from sparklineage.lint.settings import JARS, PACKAGES
from sparklineage.model.agent_jar import AgentJar, recognise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
CLASS_PATHS = ("spark.driver.extraClassPath", "spark.driver.defaultExtraClassPath")


class NamedAgent(NamedTuple):
    """An agent and the setting that brings it."""

    setting: Setting
    entry: str
    jar: AgentJar


def agents(sheet: Sheet) -> list[NamedAgent]:
    """The agents that the settings in force name."""
    return [NamedAgent(setting, entry, jar) for setting, entry in brought(sheet) if (jar := recognise(entry))]


def brought(sheet: Sheet) -> Iterator[tuple[Setting, str]]:
    """Every JAR, class path entry and coordinate of the settings in force."""
    for key in (JARS, PACKAGES, *CLASS_PATHS):
        setting = sheet.get(key)
        if setting is not None:
            entries = setting.value.split(":") if key in CLASS_PATHS else setting.entries
            yield from ((setting, entry.strip()) for entry in entries)


def may_bring_an_agent(sheet: Sheet) -> bool:
    """Whether an agent is named, comes with the platform, or may hide behind a script, a variable or a wild card."""
    return bool(sheet.partial or sheet.scripts or own_agent(sheet)) or any(
        recognise(entry) or any(char in entry for char in "\0*?[") or "openlineage" in entry.rpartition("/")[2].lower()
        for _, entry in brought(sheet)
    )


def agent_version(sheet: Sheet, target: Target) -> str | None:
    """The version of the agent: as the user says, else as the file names it."""
    named = (_VERSION.match(agent.jar.version or "") for agent in agents(sheet))
    return target.agent or next((match[0] for match in named if match), None)


def spark_version(sheet: Sheet, target: Target) -> str | None:
    """The version of Spark: as the user says, else as the file names it."""
    if target.spark or sheet.spark:
        return target.spark or sheet.spark
    for _, entry in brought(sheet):
        parts = entry.split(":")
        if parts[0] == "org.apache.spark" and len(parts) == 3 and (match := _VERSION.match(parts[2])):
            return match[0]
    return None
