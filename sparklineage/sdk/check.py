"""`sparklineage.check`: what the lineage of this session really depends on, asked of the running session."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sparklineage.errors import SparklineageError
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk import forgiving
from sparklineage.sdk.agent import AGENT, WITNESS, Listeners, application_run, caught_up, emitter_of
from sparklineage.sdk.backend import backend_of, switched_off_by
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.sending.emit import INSTALL, is_installed, switched_off
from sparklineage.sdk.sending.transport import transport_of, trouble_of
from sparklineage.sdk.session import ENDED, JOURNAL_VARIABLE, Driver, active, context_of, is_closed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.sdk.sending.direct import Direct

_VERSION = re.compile(r"openlineage-spark_[\d.]+-([\w.+-]+?)\.jar")
_PREFIX = "spark.openlineage."
_PATIENCE = 3.0
"""Seconds for which the client for Python, or the agent, may make what it sends with."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """What `check` found. Printed it is a table; None stands for what cannot be seen from here."""

    session: str
    """`classic`, `connect` or `none`."""
    spark: str | None = None
    """Spark's version."""
    agent: bool | None = None
    """Whether the agent is among the listeners of the running SparkContext."""
    agent_version: str | None = None
    witness: bool | None = None
    """Whether the witness is."""
    listeners: tuple[str, ...] = ()
    """The classes of all listeners, in their order."""
    transport: str | None = None
    """How the agent sends: `file`, `http`, …"""
    transport_place: str | None = None
    """Where to, without anything secret."""
    journal: Path | None = None
    """The run's folder in the journal."""
    run_id: str | None = None
    """Of the application."""
    backend: str | None = None
    """Where the lineage is delivered to, without anything secret; None also where only another process knows."""
    backend_source: str | None = None
    """What names it: a variable, a line of a file, an argument; or why there is none."""
    steps: str = "off"
    """Which way steps go: `journal` (into the listener's own runs), `direct` (runs of their own), `off`."""
    why: str = ""
    """Why they go this way."""
    parent: str | None = None
    """Where the parent of steps that go directly is from."""
    missing: tuple[str, ...] = ()
    """What is missing and what to do, a sentence each; empty where all is well."""

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def rows(self) -> list[tuple[str, str]]:
        """What the table shows."""
        rows = [
            ("session", self.session if self.spark is None else f"{self.session}, Spark {self.spark}"),
            ("agent", _seen(self.agent, self.agent_version)),
            ("witness", _seen(self.witness, None)),
            ("transport", " to ".join(part for part in (self.transport, self.transport_place) if part) or "not known"),
            ("journal", str(self.journal) if self.journal else "none"),
            ("run", self.run_id or "not known"),
            ("backend", " from ".join(part for part in (self.backend, self.backend_source) if part) or "not known"),
            ("steps", f"{self.steps}: {self.why}" if self.why else self.steps),
        ]
        if self.parent is not None:
            rows.append(("parent", self.parent))
        return rows + [("missing", sentence) for sentence in self.missing]

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


@forgiving
def check(spark: Any = None) -> Check:
    """What lineage this session has, and what is missing; `print(sparklineage.check(spark))`.

    Asks the SparkContext's own listener bus, not the conf: a listener that failed to load is not there. Over Spark
    Connect nothing of the server's can be seen. Never raises, sends nothing and writes nothing.
    """
    try:
        return _check(spark, os.environ)
    except Exception as error:  # noqa: BLE001 - whatever the session is
        said = mask(f"{type(error).__name__}: {error}", secrets_of(os.environ))[:300]
        return Check(session="none", missing=(f"The session could not be asked: {said}",))


def _check(spark: Any, environ: Mapping[str, str]) -> Check:
    if in_worker():
        return Check(session="none", why="this is a Python worker of an executor; lineage belongs to the driver")
    session = spark if spark is not None else active()
    context = context_of(session)
    driver = Driver.of(session, environ, quiet=True)
    found = _backend(_ways(Check(session=_kind(session, context)), driver, environ), driver, environ)
    if found.session == "none":
        why = "There is no Spark session; make one, or give it: sparklineage.check(spark)."
        if session is not None:
            kind = type(session).__name__
            why = f"This is no Spark session but of the type {kind}; give the session: sparklineage.check(spark)."
        return replace(found, missing=(why, *found.missing))
    if context is None:
        return _connect(found, session)
    return _classic(found, context, environ)


def _backend(found: Check, driver: Driver, environ: Mapping[str, str]) -> Check:
    try:
        place, source = backend_of(driver, environ)
    except (SparklineageError, OSError) as error:
        said = mask(f"The configuration cannot be read: {error}", secrets_of(environ))
        return replace(found, missing=(*found.missing, said))
    return replace(found, backend=place, backend_source=source)


def _ways(found: Check, driver: Driver, environ: Mapping[str, str]) -> Check:
    if driver.folder is not None:
        by = f"{JOURNAL_VARIABLE} names it" if environ.get(JOURNAL_VARIABLE) == str(driver.folder) else "the session's"
        missing = [] if os.access(driver.folder, os.W_OK) else [_unwritable(driver.folder)]
        missing += [ENDED] if is_closed(driver.folder) else []
        return replace(
            found, journal=driver.folder, run_id=driver.folder.name, steps="journal",
            why=f"there is a journal ({by})", missing=tuple(missing),
        )  # fmt: skip
    way: Direct | None = driver.direct
    if way is None and (off := _off(environ)) is not None:
        said = f"Lineage is switched off by {off}; take that away to have any."
        return replace(found, why=f"lineage is switched off ({off})", missing=(said,))
    if way is None:
        why = "there is no journal, and the client for Python knows no backend"
        do = "Set OPENLINEAGE_URL, or start the session with sparklineage.configure or `sparklineage submit`."
        return replace(found, why=why, missing=(f"Steps have nowhere to go. {do}",))
    found = replace(
        found, steps="direct", parent=way.who.above,
        why=f"there is no journal, so openlineage-python sends them, configured by {way.place}",
    )  # fmt: skip
    missing = []
    if not is_installed():
        missing.append(f"openlineage-python is not installed; {INSTALL}")
    else:
        way.emitter.prepare(_PATIENCE)
    if way.emitter.is_hopeless:
        said = str(way.emitter.trouble)
        missing += [f"{said[0].upper()}{said[1:]} (configured by {way.place})."] if is_installed() else []
    elif way.emitter.trouble:
        missing.append(
            f"The last event could not be sent ({way.emitter.trouble}); check the backend's address and key."
        )
    if way.who.parent is None:
        missing.append(
            "Steps have no parent run; set OPENLINEAGE_PARENT_ID, or open a sparklineage.application around them."
        )
    return replace(found, missing=tuple(missing))


def _classic(found: Check, context: Any, environ: Mapping[str, str]) -> Check:
    try:
        if context._jsc is None:  # noqa: SLF001 - pyspark takes it away when the session is stopped
            return replace(found, missing=(*found.missing, "The session is stopped; make a new one, and check that."))
        conf = context.getConf()
        found = replace(found, spark=str(context.version))
        seen = Listeners.of(context)
    except Exception as error:  # noqa: BLE001 - py4j's, where the JVM is gone or locked down
        said = f"The JVM cannot be asked for its listeners ({type(error).__name__}); is the session stopped?"
        return replace(found, missing=(*found.missing, said))
    agent, witness = AGENT in seen.classes, WITNESS in seen.classes
    source = (seen.sources or {}).get(AGENT, "")
    listed = conf.get("spark.extraListeners") or ""
    trouble = _trouble(context, conf, seen.agent, from_start=AGENT in listed) if seen.agent is not None else None
    kind, place = transport_of(context, conf, seen.agent)
    run = application_run(seen.agent) if seen.agent is not None else None
    missing = list(found.missing)
    if not agent and AGENT in listed:
        missing.append(
            "The agent is in spark.extraListeners and not among the listeners: it failed to start; the driver's log "
            "says why, and its JAR has to be in spark.jars when the JVM starts."
        )
    elif found.steps == "off" and _off(environ) is not None:
        pass  # that is said
    elif not agent:
        missing.append(
            "The agent is not there, so Spark's own queries have no lineage; make the session with "
            "sparklineage.configure(builder) or `sparklineage submit` before the JVM starts."
        )
    elif (by := _agent_off(conf, environ)) is not None:
        missing.append(f"The agent is switched off; take {by} away.")
    elif trouble is not None:
        missing.append(trouble)
    elif kind is None or (kind == "console" and not conf.get(f"{_PREFIX}transport.type")):
        missing.append(
            "The agent has no transport and prints its events into the log; set spark.openlineage.transport.*."
        )
    if found.steps == "journal" and agent and not witness:
        missing.append(
            "The witness is not there: failed queries look good, and steps are told by time alone; list "
            f"{WITNESS} first in spark.extraListeners."
        )
    return replace(
        found,
        agent=agent,
        agent_version=_version(source, seen.agent),
        witness=witness,
        listeners=seen.classes,
        transport=kind,
        transport_place=place,
        run_id=found.run_id or (run[0] if run is not None else None),
        missing=tuple(missing),
    )


def _trouble(context: Any, conf: Any, agent: Any, *, from_start: bool) -> str | None:
    made = emitter_of(agent) is not None
    if made and trouble_of(context, conf, agent, from_start=from_start) is None:
        return None
    # Until it has seen the context's start it has nothing to send with, and until it has told that no file.
    told = caught_up(context, _PATIENCE)
    return trouble_of(context, conf, agent, from_start=from_start and told) if told or not made else None


def _agent_off(conf: Any, environ: Mapping[str, str]) -> str | None:
    if (conf.get(f"{_PREFIX}disabled") or "").lower() == "true":
        return f"{_PREFIX}disabled"
    off = switched_off(environ)
    return off if off is not None and off.startswith("OPENLINEAGE_") else None


def _off(environ: Mapping[str, str]) -> str | None:
    try:
        return switched_off_by(environ)
    except (SparklineageError, OSError):
        return None  # said with the backend


def _connect(found: Check, session: Any) -> Check:
    try:
        spark = str(session.version)
    except Exception:  # noqa: BLE001 - a server that does not answer
        spark = None
        found = replace(found, missing=(*found.missing, "The server does not answer; check its address."))
    server = "whether the server has the agent cannot be seen from here; its administrator knows"
    return replace(found, spark=spark, why=f"{found.why}; {server}")


def _kind(session: Any, context: Any) -> str:
    if context is not None:
        return "classic"
    return "connect" if hasattr(type(session), "conf") else "none"


def _version(source: str, agent: Any) -> str | None:
    named = _VERSION.search(source.rpartition("/")[2])
    if named is not None:
        return named[1]
    try:
        found = agent.getClass().getPackage().getImplementationVersion()
    except Exception:  # noqa: BLE001 - no agent, or no manifest
        return None
    return str(found) if found else None


def _seen(there: bool | None, version: str | None) -> str:
    if there is None:
        return "cannot be seen from here"
    if not there:
        return "not registered"
    return f"registered, {version}" if version else "registered"


def _unwritable(folder: Path) -> str:
    return f"{folder} cannot be written by this process; check its owner and mode."
