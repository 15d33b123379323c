"""The agent's JAR that a configuration asks for, and whether the Spark found can run it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.fetch import default_cache
from sparklineage.agent.releases import misfit, releases, unchecked
from sparklineage.errors import UnsupportedSparkError
from sparklineage.model.agent_jar import recognise

if TYPE_CHECKING:
    from sparklineage.agent.artifact import Artifact
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall

_SCALA = "2.13"
"""Where nothing says what Spark it will be: that of Spark 4."""


@dataclass(frozen=True, kw_only=True)
class ChosenAgent:
    """A JAR, there or yet to be fetched."""

    jar: Path
    artifact: Artifact | None = None
    unfit: str | None = None
    """Why the Spark found here could not run it; it may be meant for another one."""
    notes: tuple[str, ...] = ()


def chosen_agent(spec: Spec, install: SparkInstall | None, home: Path) -> ChosenAgent:
    """`agent.jar`, else the release for `agent.scala` and `agent.version`, else the one for the Spark found.

    `agent.scala` may name another Spark than the one found, whose agent this machine only prepares. Raises
    UnsupportedSparkError where the agent and the Spark that it is for do not go together.
    """
    named, scala, version = spec.text("agent.jar"), spec.text("agent.scala"), spec.text("agent.version")
    if named is not None:
        jar = Path(named).expanduser().absolute()
        known = recognise(jar.name)
        unfit = misfit(known.version, known.scala, install.version, install.scala) if known and install else None
        place = f"agent.jar ({spec.source('agent.jar')}) is {jar}"
        missing = () if jar.is_file() else (f"{place}, where no file is on this machine.",)
        return ChosenAgent(jar=jar, unfit=f"{unfit} {place}." if unfit else None, notes=missing)
    notes, unfit = [], None
    if install is None and scala is None:
        notes.append(
            f"no Spark was found here, so the agent is the one for Scala {_SCALA}; agent.scala says otherwise."
        )
    elif install is not None and scala in {None, install.scala}:
        _check(spec, install)
    elif install is not None:
        unfit = (
            f"agent.scala is {scala} ({spec.source('agent.scala')}), and the Spark found here ({install.home}) has "
            f"{install.scala}: in that one this agent would end every application."
        )
    built = scala or (install.scala if install else _SCALA)
    artifact = unchecked(built, version)
    jar = default_cache(spec.environ, home) / "jars" / artifact.path
    if not jar.is_file():
        fetch = shlex.join(["sparklineage", "jar", "fetch", "--version", artifact.version, "--scala", built])
        notes.append(f"the agent's JAR is not there yet: {fetch}")
    return ChosenAgent(jar=jar, artifact=artifact, unfit=unfit, notes=tuple(notes))


def _check(spec: Spec, install: SparkInstall) -> None:
    version = spec.text("agent.version")
    unfit = misfit(version or releases().default, install.scala, install.version)
    if unfit is None:
        return
    place = f" agent.version was set in {spec.source('agent.version')}." if version else ""
    raise UnsupportedSparkError(
        f"{unfit}{place} The Spark is {install.home}; for one that is elsewhere give --spark-home or agent.scala."
    )
