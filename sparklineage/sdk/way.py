"""Which way the lineage of an application goes, and what is done there at its end."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.journal.folder import APPLICATION_VARIABLE, RunFolder
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.model.ids import new_run_id
from sparklineage.model.masking import mask, secrets_of
from sparklineage.model.naming import normalize_job_name
from sparklineage.model.parent_variables import parent_from
from sparklineage.sdk.agent import AGENT, Listeners
from sparklineage.sdk.direct import Who, direct, open_application, script_name
from sparklineage.sdk.outcome import outcome
from sparklineage.sdk.record import LOG
from sparklineage.sdk.session import JOURNAL_VARIABLE, Driver, active, context_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.assemble.beside import Beside
    from sparklineage.model.parent import Parent
    from sparklineage.sdk.direct import Direct
    from sparklineage.sdk.ending import End


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `application` was called with."""

    session: Any
    environ: Mapping[str, str]
    name: str | None = None
    backend: str | None = None
    config: Path | None = None
    profile: str | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way. This one has nothing to do at the end: somebody else tells it, or nobody."""

    name: str
    """`journal`, `submit` (which has started the program), `agent`, `client`, or `off`."""
    why: str
    """In words, for people."""
    run_id: str | None = None
    """Of the application's run, where that is known."""
    folder: Path | None = None
    """Its folder in the journal, where it has one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """For the environment while it is open; `configure` and steps find the journal by them."""

    ends_here: bool = False
    """Whether the end is to be told to `end`."""

    def end(self, end: End, flush: float) -> None:
        """Tell it, and wait `flush` seconds at most for what is not delivered. Raises what went wrong."""


@dataclass(frozen=True, kw_only=True)
class _ByJournal(Way):
    ends_here: bool = True
    wanted: Wanted
    beside: Beside

    def end(self, end: End, flush: float) -> None:
        until = time.monotonic() + flush
        if end.signal is not None:
            # The one that is told to end does not wait; the relay settles and delivers without it.
            self.beside.record_end(outcome(end, self.wanted.environ))
            return
        self._wait_for_listeners(until)
        if not end.is_known and self.beside.outlives:
            self.beside.leave(max(0.0, until - time.monotonic()))
            done = not self.beside.waiting
        else:
            done = self.beside.end(outcome(end, self.wanted.environ), max(0.1, until - time.monotonic()))
        if not done:
            LOG.warning(
                "%s events of this application's lineage wait in %s; the relay goes on for a minute, and then "
                "`sparklineage relay drain` sends them",
                self.beside.waiting or "the", self.folder,
            )  # fmt: skip

    def _wait_for_listeners(self, until: float) -> None:
        """Until agent and witness have seen what the session has done so far; Spark tells them a little later."""
        context = context_of(self.wanted.session if self.wanted.session is not None else active())
        if context is None or not self.beside.folder.witness.exists():
            return
        # A stopped context has told everything.
        with suppress(Exception):
            left = max(1, int((until - time.monotonic()) * 1000))
            context._jsc.sc().listenerBus().waitUntilEmpty(left)  # noqa: SLF001 - there is no public way


@dataclass(frozen=True, kw_only=True)
class _ByClient(Way):
    ends_here: bool = True
    wanted: Wanted
    direct: Direct
    start: ol.Event

    def end(self, end: End, flush: float) -> None:
        open_application(None)
        told = outcome(end, self.wanted.environ)
        event = {**self.start, "eventType": told["state"], "eventTime": to_iso(told["endedAt"])}
        if told["message"]:
            facet = ol.error_facet(told["message"], language="PYTHON", stack_trace=told["stackTrace"])
            event = ol.with_run_facet(event, "errorMessage", facet)
        self.direct.emitter.put(event)
        self.direct.emitter.flush(flush)


@dataclass(frozen=True, kw_only=True)
class _ByAgent(Way):
    ends_here: bool = True
    direct: Direct | None
    """Of the steps."""

    def end(self, end: End, flush: float) -> None:  # noqa: ARG002 - the agent tells what it takes for the end
        if self.direct is not None:
            self.direct.emitter.flush(flush)


def choose(wanted: Wanted) -> Way:
    """The way, begun: the start of the run is told. Raises SparklineageError and OSError."""
    environ = wanted.environ
    session = wanted.session if wanted.session is not None else active()
    context = context_of(session)
    folder = Driver.of(session, environ).folder
    if folder is not None and RunFolder(folder).run.exists():
        why = "the process that started this one tells its start and end"
        return Way(name="submit", why=why, folder=folder, run_id=folder.name)
    if folder is None and _agent_sends(context):
        why = "the agent in the session sends by itself; it tells the start, and COMPLETE whatever the end"
        return _ByAgent(name="agent", why=why, direct=direct(session, context, environ))
    from sparklineage.assemble.beside import Beside, settings_for  # noqa: PLC0415

    settings = settings_for(environ, backend=wanted.backend, config=wanted.config, profile=wanted.profile)
    if settings.disabled.value:
        return Way(name="off", why=f"lineage is switched off ({settings.disabled.source})")
    parent, warnings = parent_from(environ)
    for warning in warnings:
        LOG.warning("%s", mask(warning, secrets_of(environ)))
    job = (settings.namespace.value, _job(wanted.name or settings.job.value, context))
    if folder is not None:
        return _by_journal(wanted, Beside.of(RunFolder(folder), settings, environ, job=job, parent=parent), {})
    client = direct(session, context, environ) if settings.backend.value is None else None
    if client is not None:
        return _by_client(wanted, client, job, parent)
    named = bool(wanted.name or settings.job.value)
    beside = Beside.new(settings, environ, job=job, parent=parent, named=named)
    path = str(beside.folder.path)
    return _by_journal(wanted, beside, {JOURNAL_VARIABLE: path, APPLICATION_VARIABLE: path})


def _by_journal(wanted: Wanted, beside: Beside, variables: Mapping[str, str]) -> Way:
    folder = beside.folder
    return _ByJournal(
        name="journal",
        why=beside.why,
        run_id=folder.run_id,
        folder=folder.path,
        variables=variables,
        wanted=wanted,
        beside=beside,
    )


def _by_client(wanted: Wanted, client: Direct, job: tuple[str, str], parent: Parent | None) -> Way:
    run_id = new_run_id()
    above = parent.facet() if parent else None
    start = ol.make(
        "START",
        time=now_ms(),
        run=run_id,
        job=job,
        run_facets={"parent": ol.facet("1-2-0/ParentRunFacet", **above)} if above else {},
        job_facets={"jobType": ol.job_type_facet("APPLICATION")},
    )
    facet = ol.parent_facet(run_id, *job, above["root"] if above else None)
    open_application(Who(namespace=job[0], job=job[1], parent=facet, above="this application"))
    client.emitter.put(start)
    why = f"openlineage-python sends, configured by {client.place}"
    return _ByClient(name="client", why=why, run_id=run_id, wanted=wanted, direct=client, start=start)


def _job(name: str | None, context: Any) -> str:
    if not name and context is not None:
        with suppress(Exception):
            name = str(context.getConf().get("spark.openlineage.appName") or context.appName)
    return normalize_job_name(name or script_name()) or "spark_application"


def _agent_sends(context: Any) -> bool:
    """Whether the session has an agent, whose events do not go into a journal. Never raises."""
    try:
        return context is not None and AGENT in Listeners.of(context).classes
    except Exception:  # noqa: BLE001 - no JVM that could be asked
        return False
