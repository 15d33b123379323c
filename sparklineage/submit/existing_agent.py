"""Whether the user's command brings an OpenLineage agent of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.model.agent_jar import AgentJar, recognise
from sparklineage.model.lists import comma_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf

_CLASS_PATHS = ("spark.driver.extraClassPath", "spark.driver.defaultExtraClassPath")


@dataclass(frozen=True, kw_only=True)
class ExistingAgent:
    """An agent that is there without us."""

    name: str
    """The path, URL or coordinates as found."""
    source: str
    """Where: `--jars`, `spark-defaults.conf …`, `$SPARK_HOME/jars`."""
    version: str | None
    scala: str | None

    @property
    def path(self) -> Path | None:
        """The file, where it is one on this machine."""
        path = Path(self.name.removeprefix("file://").removeprefix("file:"))
        return path if path.is_file() else None


def existing_agent(user_conf: UserConf, install: SparkInstall | None) -> ExistingAgent | None:
    """The agent on the driver's class path, or None.

    Looked for where the class loader would look first: Spark's own `jars`, the driver's class path (with
    `/*`), `spark.jars` (with wild cards), `spark.jars.packages`.
    """
    for name, source in _names(user_conf, install):
        found: AgentJar | None = recognise(name)
        if found is not None:
            return ExistingAgent(name=name, source=source, version=found.version, scala=found.scala)
    return None


def _names(user_conf: UserConf, install: SparkInstall | None) -> Iterator[tuple[str, str]]:
    if install is not None:
        for path in sorted((install.home / "jars").glob("openlineage-spark*.jar")):
            yield str(path), "$SPARK_HOME/jars"
    for key in _CLASS_PATHS:
        for entry in (user_conf.value(key) or "").split(":"):
            # Java itself knows one wild card, a last `*`: every JAR in the folder.
            yield from ((name, user_conf.source(key)) for name in _expanded(entry.strip()))
    for entry in comma_list(user_conf.value("spark.jars")):
        yield from ((name, user_conf.source("spark.jars")) for name in _expanded(entry))
    for entry in comma_list(user_conf.value("spark.jars.packages")):
        yield entry, user_conf.source("spark.jars.packages")


def _expanded(entry: str) -> Iterator[str]:
    local = Path(entry.removeprefix("file://").removeprefix("file:"))
    if re.search(r"[*?\[]", local.name) and "://" not in str(local):
        yield from sorted(map(str, local.parent.glob(local.name)))
    else:
        yield entry
