"""The finished conf set of a configuration, for whoever starts Spark without `sparklineage submit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.fetch import default_cache
from sparklineage.agent.names import LISTENER as AGENT
from sparklineage.agent.releases import choose, unchecked
from sparklineage.config.conf import Mode, conf_set
from sparklineage.config.settings import mode_of
from sparklineage.journal import default_root
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.secret import Secret
from sparklineage.submit.lineage_conf import CAPTURED_DEFAULT, REDACTED, STEP
from sparklineage.witness import LISTENER as WITNESS
from sparklineage.witness import jar_path

if TYPE_CHECKING:
    from sparklineage.agent.artifact import Artifact
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall

_OURS = "sparklineage"
"""The source of what no layer says."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A conf set and what it needs around it."""

    conf: ConfSet
    mode: Mode
    why_mode: str
    """Why the relay, or the agent itself, delivers."""
    agent_jar: Path
    """Where the agent's JAR is, or will be once it is fetched."""
    artifact: Artifact | None
    """What to fetch; None for a JAR that the configuration names."""
    notes: tuple[str, ...] = ()
    """What is still to be done or known, a sentence each."""


def finished(spec: Spec, *, install: SparkInstall | None, home: Path) -> Finished:
    """The properties for a static configuration: every application that gets them is traced.

    In the outbox each application finds its own run id and folder below `spark.sparklineage.spool`, which is the
    journal; `sparklineage relay drain` delivers it. Direct, the agent sends. Nothing is fetched or written. `install`
    is the Spark that it is for, where one is known. Raises ConfigError and UnsupportedSparkError.
    """
    mode = mode_of(spec)
    notes: list[str] = []
    artifact, jar = _agent(spec, install, home, notes)
    entries = [
        ConfEntry(
            key="spark.extraListeners",
            value=CommaList((WITNESS, AGENT), first=(WITNESS,)) if mode.value == "outbox" else CommaList((AGENT,)),
            source=_OURS,
            why="the witness and the agent" if mode.value == "outbox" else "the agent",
        ),
        ConfEntry(
            key="spark.jars",
            value=CommaList((str(jar), *((str(jar_path()),) if mode.value == "outbox" else ()))),
            source=spec.source("agent.jar") or _OURS,
            why="puts the listeners on the driver's class path",
        ),
        ConfEntry(
            key="spark.redaction.regex", value=Pattern(REDACTED), source=_OURS, why="hides keys and headers in Spark"
        ),
    ]
    if mode.value == "outbox":
        entries += _outbox(spec)
    theirs = conf_set(spec, mode.value)
    conf = ConfSet(tuple(entries)).merged_with(theirs)
    if mode.value == "direct" and "spark.openlineage.transport.type" not in conf:
        notes.append("no transport is configured, so the agent prints its events to the driver's log.")
    notes += _about_secrets(conf)
    return Finished(
        conf=conf, mode=mode.value, why_mode=mode.source, agent_jar=jar, artifact=artifact, notes=tuple(notes)
    )


def _outbox(spec: Spec) -> list[ConfEntry]:
    text = spec.text("delivery.journal")
    spool = Path(text).expanduser().absolute() if text else default_root(spec.environ)
    captured = CommaList((*CAPTURED_DEFAULT, STEP), default=CAPTURED_DEFAULT)
    return [
        ConfEntry(key="spark.openlineage.capturedProperties", value=captured, source=_OURS,
                  why="ties a query to its step"),
        ConfEntry(key="spark.sparklineage.spool", value=Text(str(spool)),
                  source=spec.source("delivery.journal") or _OURS,
                  why="where each application finds its run id and folder"),
    ]  # fmt: skip


def _agent(spec: Spec, install: SparkInstall | None, home: Path, notes: list[str]) -> tuple[Artifact | None, Path]:
    named = spec.text("agent.jar")
    if named is not None:
        return None, Path(named).expanduser().absolute()
    scala, version = spec.text("agent.scala"), spec.text("agent.version")
    if scala is None and install is not None:
        artifact = choose(install.version, install.scala, version)
    else:
        if scala is None:
            notes.append("no Spark was found here, so the agent is the one for Scala 2.13; agent.scala says otherwise.")
        artifact = unchecked(scala or "2.13", version)
    jar = default_cache(spec.environ, home) / "jars" / artifact.path
    if not jar.is_file():
        built = "2.12" if artifact.name.endswith("2.12") else "2.13"
        fetch = f"sparklineage agent fetch --version {artifact.version} --scala {built}"
        notes.append(f"the agent's JAR is not there yet: {fetch}")
    return artifact, jar


def _about_secrets(conf: ConfSet) -> list[str]:
    """What to give the driver besides, because no property may hold it."""
    hidden = [entry for entry in conf.entries if entry.secret]
    names = ", ".join(entry.key for entry in hidden)
    if not hidden:
        return []
    return [f"{names}: in no property, because Spark would show it; the driver gets it by its environment."]


def literal_secrets(conf: ConfSet) -> list[ConfEntry]:
    """The entries whose secret stands in the configuration itself."""
    return [entry for entry in conf.entries if isinstance(getattr(entry.value, "secret", None), Secret)]
