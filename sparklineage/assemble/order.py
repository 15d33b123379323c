"""What a target is given to write down: properties, JARs and versions that fit the platform's release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.agent.fetch import default_cache
from sparklineage.agent.releases import misfit, releases, unchecked
from sparklineage.assemble.artifacts import artifacts_of
from sparklineage.assemble.chosen_agent import companions, fetch_command, missing_agent, unknown_agent
from sparklineage.assemble.driver_relay import unrelayed
from sparklineage.assemble.headers import as_properties
from sparklineage.assemble.listeners import OURS, listeners, outbox, redaction
from sparklineage.assemble.notes import lost_to_variables
from sparklineage.config.conf import conf_set, headers_unseen, refuse_secrets_inside
from sparklineage.config.platforms import platforms
from sparklineage.config.transports import undeliverable
from sparklineage.errors import ConfigError, UnsupportedSparkError
from sparklineage.journal import default_root
from sparklineage.kits.databricks_relay import variables_of
from sparklineage.kits.relay_config import Node, relay_config
from sparklineage.model.agent_jar import recognise
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.secret import KINDS
from sparklineage.model.versions import numbers
from sparklineage.targets import Order, target
from sparklineage.witness import STORED_NAME, jar_path

if TYPE_CHECKING:
    from sparklineage.config.platforms import Release
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.targets import Application, Target
    from sparklineage.targets.interface import Mode

_LOCAL = frozenset(("spark-submit", "spark-defaults", "pyspark", "spark-connect", "livy", "airflow"))
"""Targets whose JARs may lie on the machine where Spark is started."""
_ENVIRONMENT = frozenset(("spark-submit", "spark-defaults", "pyspark", "spark-connect"))
"""Targets whose driver gets its environment where it is started, so that any text can go by variables."""
_NO_VARIABLES = frozenset(("databricks", "emr-serverless", "glue", "sagemaker"))
"""Targets that write secrets among the properties, or take none."""
_BY_KIT = frozenset(("emr",))
"""Targets whose JARs come with the kit in the outbox, as the relay does."""
_SIDECARS = frozenset(("kubernetes",))
"""Targets that start a relay beside the driver."""
_APP_NAME = "spark.openlineage.appName"
_ELSEWHERE = frozenset(("airflow", "livy"))
"""Local ones that start a Spark of another machine as well."""
_SPOOL = PurePosixPath("/var/lib/sparklineage/spool")
"""Where the nodes of a platform keep their journals, unless the configuration says otherwise."""


class _Versions(NamedTuple):
    release: Release | None
    spark: str | None
    agent: str
    why: str
    scala: str


def order_for(
    spec: Spec,
    name: str,
    *,
    install: SparkInstall | None,
    home: Path,
    application: Application | None = None,
    allow_literal_secrets: bool = False,
    kit: bool = False,
) -> Order:
    """The order for a target, from a configuration that was loaded for it as its platform.

    `install` is a Spark on this machine, which local targets are for. With `kit` a relay will run on each node, so
    that delivery is by the outbox, the JARs come with it, and it is for all applications. Nothing is fetched, written
    or asked. Raises ConfigError for what the platform cannot do, and UnsupportedSparkError where no agent runs on the
    release.
    """
    place = target(name)
    if spec["disabled"] is True:
        raise ConfigError(f"{spec.source('disabled')}: disabled is true, so there is nothing to write for {name}.")
    notes: list[str] = []
    settings = {key: spec.text(f"platform.{key}") or "" for key in spec.below("platform.")}
    reuse = settings.get("vendorAgent") == "reuse"
    # Without a cluster there is nothing to put a JAR on.
    none = reuse or settings.get("accessMode") == "SERVERLESS"
    found = _versions(spec, name, install if name in _LOCAL else None, notes, guess=none or name in _LOCAL)
    mode, why_mode = _relayed(spec, name) if kit else _mode(spec, name, place, none=none)
    cache = default_cache(spec.environ, home) / "jars"
    brought = kit or (mode == "outbox" and name in _BY_KIT)
    jars = () if none or brought else tuple(_jars(spec, name, found, mode, notes, cache=cache))
    entries = [redaction()] if none else [listeners(mode), redaction()]
    if mode == "outbox":
        entries += outbox(spec, _spool(spec, local=name in _LOCAL and not kit))
    # What lost among the layers is for `explain`; a target tells what gives way to a file of the user's.
    ours = conf_set(spec, mode)
    if not allow_literal_secrets:
        refuse_secrets_inside(ours)
    ours = headers_unseen(ours) if name in _ENVIRONMENT else as_properties(ours)
    said = ConfSet(tuple(replace(entry, lost=()) for entry in ours.entries))
    conf = ConfSet(tuple(entries)).merged_with(said)
    if kit and _APP_NAME in conf:
        notes.append(f"job.name ({spec.source('job.name')}) is left out: each application keeps its own name.")
        conf = conf.without(_APP_NAME)
    notes += _checked(conf, jars, said)
    notes += lost_to_variables(conf) if name not in _NO_VARIABLES else ()
    if mode == "direct" and "spark.openlineage.transport.type" not in conf:
        notes.append("No transport is configured, so the agent prints its events to the driver's log.")
    return Order(
        conf=conf,
        jars=jars,
        mode=mode,
        why_mode=why_mode,
        agent=found.agent,
        why_agent=found.why,
        scala=found.scala,
        release=found.release,
        name=spec.text("job.name") or (PurePosixPath(application.uri).stem if application else "application"),
        application=application,
        settings=settings,
        relay=_relay(spec) if mode == "outbox" else ConfSet(),
        told=_told(spec, conf) if mode == "outbox" and name in _SIDECARS else {},
        variables=variables_of(spec) if mode == "outbox" and name == "databricks" and not kit else {},
        allow_literal_secrets=allow_literal_secrets,
        notes=tuple(notes),
    )


def _checked(conf: ConfSet, jars: tuple[str, ...], configured: ConfSet) -> tuple[str, ...]:
    from sparklineage.assemble.checked import checked  # noqa: PLC0415  the rules take their time to import

    added = ConfEntry(key="spark.jars", value=CommaList(jars), source=OURS)
    return checked(ConfSet((added,)).merged_with(conf) if jars else conf, configured)


def _versions(spec: Spec, name: str, install: SparkInstall | None, notes: list[str], *, guess: bool) -> _Versions:
    """The agent that runs on the release: the one that is asked for, else the newest.

    With `guess` a Scala that nothing tells is taken to be 2.13; else it is refused.
    """
    release, asked = None, spec.text("platform.release")
    sure = True
    if asked is not None:
        known = platforms().find(name, asked)
        release = known.release
        notes += [known.warning] if known.warning else []
        sure = known.warning is None
    spark = release.spark if release is not None else install.version if install is not None else None
    theirs = release.scala if release is not None else install.scala if install is not None else None
    named = recognise(spec.text("agent.jar") or "")
    scala = (named.scala if named else None) or spec.text("agent.scala") or theirs
    if scala is None and not guess:
        raise ConfigError(
            f"platforms.{name}.release is missing, and an agent for another Scala would end every job; write it, such "
            f"as {platforms().of(name)[-1].release}, say --release or --scala, or write agent.scala."
        )
    if scala is None:
        scala = "2.13"
        notes.append("Nothing tells the Scala, so the agent is the one for 2.13; agent.scala says otherwise.")
    if asked is None and spark is not None and name in _ELSEWHERE:
        notes.append(
            f"Nothing tells which Spark runs there, so it is taken to be the one here ({spark}, Scala {theirs}); "
            f"platforms.{name}.release says otherwise."
        )
    by = spec.source("agent.jar" if named and named.version else "agent.version")
    asked_agent = (named.version if named else None) or spec.text("agent.version")
    agent = asked_agent or releases().default
    why = f"asked for by {by}" if asked_agent else "the newest that is known"
    what = asked or (f"Spark {spark}" if spark else "")
    # Of a release that is only the nearest known one, agent.scala knows better.
    known_better = not sure and spec.text("agent.scala") is not None
    if spark is not None and not known_better and (reason := misfit(agent, scala, spark, theirs)):
        raise UnsupportedSparkError(f"{what}: {reason}")
    if release is not None and release.agent_min and numbers(agent) < numbers(release.agent_min):
        raise UnsupportedSparkError(
            f"{what} needs agent {release.agent_min} or later, and it is {agent} ({by or 'default'})."
        )
    return _Versions(release, spark, agent, f"{why}, runs on {what}" if what else why, scala)


def _mode(spec: Spec, name: str, place: Target, *, none: bool) -> tuple[Mode, str]:
    asked, source = str(spec["delivery.mode"]), spec.source("delivery.mode") or "default"
    reason = undeliverable(spec.resolved)
    if asked == "direct":
        return _allowed("direct", place, name, source), f"asked for by {source}"
    if asked == "outbox":
        if reason is not None:
            raise ConfigError(f"{source}: delivery.mode is outbox, but {reason}; write `direct` or `auto`.")
        return _allowed("outbox", place, name, source), f"asked for by {source}"
    if reason is None and name == "databricks":
        reason = "without a cluster there is nothing for a relay to run on" if none else unrelayed(spec)
    if reason is not None:
        return _allowed("direct", place, name, source), reason
    if place.MODES[0] == "direct" and not spec.text("platform.relayImage"):
        return "direct", f"no relay of ours runs beside a driver on {name}"
    return "outbox", "the job never waits for the backend; the relay delivers the journal"


def _relayed(spec: Spec, name: str) -> tuple[Mode, str]:
    """The outbox. Raises ConfigError for what a relay on the nodes would not deliver."""
    source = spec.source("delivery.mode") or "default"
    if spec["delivery.mode"] == "direct":
        raise ConfigError(
            f"{source}: delivery.mode is direct, but a kit puts the relay on the nodes, which delivers from the "
            f"outbox; write auto or outbox, or take `sparklineage conf {name}`."
        )
    if reason := undeliverable(spec.resolved):
        where = spec.source("transport.type") or source
        raise ConfigError(f"{where}: {reason}, so a kit is of no use; take `sparklineage conf {name}`, where the "
                          "agent itself sends.")  # fmt: skip
    return "outbox", "the kit puts the relay on the nodes, which delivers the journals"


def _relay(spec: Spec) -> ConfSet:
    """The transport that the agent would be told if it delivered itself."""
    entries = conf_set(spec, "direct").entries
    return ConfSet(tuple(entry for entry in entries if entry.key.startswith(TRANSPORT)))


def _told(spec: Spec, conf: ConfSet) -> dict[str, Any]:
    """What a relay in the driver's pod is told; nothing without a backend. The target looks at its secrets."""
    if "transport.url" not in spec.resolved:
        return {}
    spool = conf["spark.sparklineage.spool"].written
    # Its state lies with the journal, and its log is the container's.
    return relay_config(spec, Node(platform="kubernetes", kinds=KINDS, spool=spool, state=None, log=None))


def _allowed(mode: Mode, place: Target, name: str, source: str) -> Mode:
    if mode not in place.MODES:
        raise ConfigError(f"{source}: delivery.mode is {mode}, but {name} allows {' or '.join(place.MODES)} alone.")
    return mode


def _spool(spec: Spec, *, local: bool) -> str:
    text = spec.text("delivery.journal")
    if text is None:
        text = str(default_root(spec.environ) if local else _SPOOL)
    return str(Path(text).expanduser().absolute()) if local else text


def _jars(spec: Spec, name: str, found: _Versions, mode: Mode, notes: list[str], *, cache: Path) -> list[str]:
    """Agent, witness and companions: below the platform's artifacts, else in the cache of this machine."""
    direct = mode == "direct"
    base = artifacts_of(spec, name)
    notes += unknown_agent(spec, found.agent, found.scala, cache)
    agent, named = unchecked(found.scala, found.agent), spec.text("agent.jar")
    beside, fetches = companions(spec, found.agent, found.scala, cache, direct=direct)
    if base:
        first = PurePosixPath(named).name if named else agent.file_name
        others = [one.file_name for one, _ in beside] if direct else [STORED_NAME]
        return [f"{base}/{one}" for one in (first, *others)]
    if name not in _LOCAL:
        raise ConfigError(
            f"platforms.{name}.artifacts is missing; write where its JARs shall lie, such as s3://BUCKET/lineage or "
            "/Volumes/CATALOG/SCHEMA/VOLUME."
        )
    jar = Path(named).expanduser().absolute() if named else cache / agent.path
    notes += (*missing_agent(spec, jar, fetch_command(found.agent, found.scala)), *fetches)
    return [str(jar), *map(str, (path for _, path in beside) if direct else [jar_path()])]
