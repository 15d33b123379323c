"""Whether the user's command brings an OpenLineage agent of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.model.agent_jar import AgentJar, recognise
from sparklineage.submit.class_path import on_class_path

if TYPE_CHECKING:
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf


@dataclass(frozen=True, kw_only=True)
class ExistingAgent:
    """An agent that is there without us."""

    name: str
    """The path, URL or coordinates as found."""
    source: str
    """Where: `--jars`, `spark-defaults.conf …`, `$SPARK_HOME/jars`."""
    version: str | None
    scala: str | None
    system: bool = False
    """Whether Java itself loads it, so that it does not see the classes in `spark.jars`."""

    @property
    def path(self) -> Path | None:
        """The file, where it is one on this machine."""
        path = Path(self.name.removeprefix("file://").removeprefix("file:"))
        return path if path.is_file() else None


def existing_agent(user_conf: UserConf, install: SparkInstall | None) -> ExistingAgent | None:
    """The agent on the driver's class path that the class loader finds first, or None."""
    for name, source, system in on_class_path(user_conf, install):
        found: AgentJar | None = recognise(name)
        if found is not None:
            return ExistingAgent(name=name, source=source, version=found.version, scala=found.scala, system=system)
    return None
