"""The agent's JAR that a configuration asks for, and whether the Spark found can run it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.companions import all_companions
from sparklineage.agent.fetch import default_cache
from sparklineage.agent.releases import misfit, releases, unchecked
from sparklineage.config.transports import blocks
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
    companions: tuple[tuple[Artifact, Path], ...] = ()
    """What the transport needs besides, and where that is, or will be."""
    unfit: str | None = None
    """Why the Spark found here could not run it; it may be meant for another one."""
    notes: tuple[str, ...] = ()


def chosen_agent(spec: Spec, install: SparkInstall | None, home: Path, *, direct: bool) -> ChosenAgent:
    """`agent.jar`, else the release for `agent.scala` and `agent.version`, else the one for the Spark found.

    `agent.scala` may name another Spark than the one found, whose agent this machine only prepares. Raises
    UnsupportedSparkError where the agent and the Spark that it is for do not go together.
    """
    named, scala, version = spec.text("agent.jar"), spec.text("agent.scala"), spec.text("agent.version")
    cache = default_cache(spec.environ, home) / "jars"
    built = scala or (install.scala if install else _SCALA)
    if named is not None:
        jar = Path(named).expanduser().absolute()
        known = recognise(jar.name)
        unfit = misfit(known.version, known.scala, install.version, install.scala) if known and install else None
        place = f"agent.jar ({spec.source('agent.jar')}) is {jar}"
        beside, fetches = companions(spec, known.version if known else None, built, cache, direct=direct)
        return ChosenAgent(
            jar=jar,
            companions=beside,
            unfit=f"{unfit} {place}." if unfit else None,
            notes=(*missing_agent(spec, jar), *fetches),
        )
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
    artifact = unchecked(built, version)
    jar = cache / artifact.path
    notes += unknown_agent(spec, artifact.version, built, cache)
    notes += missing_agent(spec, jar, fetch_command(artifact.version, built))
    beside, fetches = companions(spec, artifact.version, built, cache, direct=direct)
    return ChosenAgent(jar=jar, artifact=artifact, companions=beside, unfit=unfit, notes=(*notes, *fetches))


def missing_agent(spec: Spec, jar: Path, fetch: str = "") -> tuple[str, ...]:
    """A note on the agent's JAR where it is not on this machine. `fetch` is the command that brings it."""
    if jar.is_file():
        return ()
    if named := spec.source("agent.jar"):
        return (f"agent.jar ({named}) is {jar}, where no file is on this machine.",)
    return (f"the agent's JAR is not there yet: {fetch}",)


def unknown_agent(spec: Spec, version: str, scala: str, cache: Path) -> tuple[str, ...]:
    """A note on a version that nobody here has heard of, and that lies nowhere on this machine."""
    known = releases()
    if spec.text("agent.jar") or known.get(version) is not None or (cache / unchecked(scala, version).path).is_file():
        return ()
    listed = ", ".join(release.version for release in known.known)
    where = spec.source("agent.version")
    return (f"agent.version is {version} ({where}); known here are {listed}, and nothing tells whether there is this.",)


def companions(
    spec: Spec, version: str | None, scala: str, cache: Path, *, direct: bool
) -> tuple[tuple[tuple[Artifact, Path], ...], list[str]]:
    """What the transports need beside the agent where it sends itself, and a note on each that is not there."""
    kinds = [str(keys["type"].value) for keys in blocks(spec.resolved).values() if "type" in keys] if direct else []
    found = tuple((one, cache / one.path) for one in all_companions(kinds, version))
    return found, [
        f"{one.file_name} is not there yet: {fetch_command(version or releases().default, scala)} --with {one.name}"
        for one, path in found
        if not path.is_file()
    ]


def fetch_command(version: str, scala: str) -> str:
    """What brings the agent into the cache."""
    return f"sparklineage jar fetch --version {version} --scala {scala}"


def _check(spec: Spec, install: SparkInstall) -> None:
    version = spec.text("agent.version")
    unfit = misfit(version or releases().default, install.scala, install.version)
    if unfit is None:
        return
    place = f" agent.version was set in {spec.source('agent.version')}." if version else ""
    raise UnsupportedSparkError(
        f"{unfit}{place} The Spark is {install.home}; for one that is elsewhere give --spark-home or agent.scala."
    )
