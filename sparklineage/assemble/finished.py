"""The finished conf set of a configuration, for whoever starts Spark without `sparklineage submit`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.assemble.chosen_agent import chosen_agent
from sparklineage.assemble.listeners import OURS, listeners, outbox, redaction
from sparklineage.assemble.notes import about_delivery, about_users, about_variables
from sparklineage.config.conf import Mode, conf_set, headers_unseen
from sparklineage.config.settings import mode_of
from sparklineage.journal import default_root
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Unseen
from sparklineage.model.secret import Secret
from sparklineage.witness import jar_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sparklineage.agent.artifact import Artifact
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A conf set and what it needs around it."""

    conf: ConfSet
    mode: Mode
    why_mode: str
    """Why the relay, or the agent itself, delivers."""
    agent_jar: Path | None = None
    """Where the agent's JAR is, or will be once it is fetched; None where lineage is switched off."""
    artifact: Artifact | None = None
    """What to fetch; None for a JAR that the configuration names."""
    companions: tuple[tuple[Artifact, Path], ...] = ()
    """What the transport needs besides, and where that is, or will be."""
    install: SparkInstall | None = None
    """The Spark that it is for, where one is known."""
    unfit: str | None = None
    """Why that Spark could not run the agent, where the configuration names one for another Spark."""
    users: ConfSet = field(default_factory=ConfSet)
    """The user's own properties that `conf` is joined with."""
    notes: tuple[str, ...] = ()
    """What is still to be done or known, a sentence each."""

    def merged_with(self, users: ConfSet) -> Finished:
        """The same laid under the user's own properties."""
        more = about_users(users, self.install, self.agent_jar) if self.agent_jar is not None else ()
        return replace(self, conf=self.conf.merged_with(users), users=users, notes=(*self.notes, *more))

    @property
    def added(self) -> ConfSet:
        """What has to be added to the user's own properties."""
        return self.conf.beyond(self.users)


def finished(spec: Spec, *, install: SparkInstall | None, home: Path) -> Finished:
    """The properties for a static configuration: every application that gets them is traced.

    In the outbox each application finds its own run id and folder below `spark.sparklineage.spool`, which is the
    journal; `sparklineage relay drain --all` delivers it. Direct, the agent sends. Nothing is fetched or written.
    `install` is the Spark that it is for, where one is known. With `disabled` there is no property at all, as `submit`
    starts the bare job then. Raises ConfigError and UnsupportedSparkError.
    """
    mode = mode_of(spec)
    if spec["disabled"] is True:
        note = f"lineage is switched off: disabled is true ({spec.source('disabled')})."
        return Finished(conf=ConfSet(), mode=mode.value, why_mode=mode.source, install=install, notes=(note,))
    found = chosen_agent(spec, install, home, direct=mode.value == "direct")
    jars = (found.jar, *((jar_path(),) if mode.value == "outbox" else ()), *(path for _, path in found.companions))
    theirs = headers_unseen(conf_set(spec, mode.value))
    conf = ConfSet(tuple(_entries(spec, mode.value, jars))).merged_with(theirs)
    from sparklineage.assemble.checked import checked  # noqa: PLC0415  the rules take their time to import

    warnings = checked(conf, theirs)
    unfit = (found.unfit,) if found.unfit else ()
    return Finished(
        conf=conf,
        mode=mode.value,
        why_mode=mode.source,
        agent_jar=found.jar,
        artifact=found.artifact,
        companions=found.companions,
        install=install,
        unfit=found.unfit,
        notes=(*unfit, *found.notes, *warnings, *about_delivery(conf, mode.value), *about_variables(conf)),
    )


def _entries(spec: Spec, mode: Mode, jars: Iterable[Path]) -> Iterator[ConfEntry]:
    """What makes Spark load the listeners, and what they need."""
    yield listeners(mode)
    yield ConfEntry(
        key="spark.jars",
        value=CommaList(tuple(map(str, jars))),
        source=spec.source("agent.jar") or OURS,
        why="puts the listeners on the driver's class path",
    )
    yield redaction()
    if mode == "outbox":
        text = spec.text("delivery.journal")
        yield from outbox(spec, str(Path(text).expanduser().absolute() if text else default_root(spec.environ)))


def literal_secrets(conf: ConfSet) -> list[ConfEntry]:
    """The entries whose secret stands in the configuration itself, and whose name says that it is one."""
    return [
        entry
        for entry in conf.entries
        if isinstance(getattr(entry.value, "secret", None), Secret) and not isinstance(entry.value, Unseen)
    ]
