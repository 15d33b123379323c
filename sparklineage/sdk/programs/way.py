"""Which way the lineage of an application goes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sparklineage.journal import kept
from sparklineage.journal.folder import APPLICATION_ID_VARIABLE, APPLICATION_VARIABLE, RunFolder
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms
from sparklineage.model.ids import new_run_id
from sparklineage.model.masking import mask, secrets_of
from sparklineage.model.naming import normalize_job_name
from sparklineage.model.parent_variables import parent_from
from sparklineage.sdk.agent import AGENT, Listeners, application_run, caught_up, is_idle
from sparklineage.sdk.programs.by_client import ByClient, has_ended
from sparklineage.sdk.programs.by_journal import ByJournal, warn_of_queries_since
from sparklineage.sdk.programs.chosen import Wanted, Way
from sparklineage.sdk.sending.direct import BACKEND_VARIABLE, Direct, Who, address, direct, script_name
from sparklineage.sdk.sending.emit import INSTALL, emitter, is_installed
from sparklineage.sdk.sending.transport import lead_to
from sparklineage.sdk.session import JOURNAL_VARIABLE, active, context_of, folder_of, move_journal
from sparklineage.sdk.steps.record import LOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.assemble.beside import Beside
    from sparklineage.config import Settings
    from sparklineage.model.parent import Parent

_FIRST_EVENT = 10.0
"""Seconds for which an agent is waited for that has not told its run; it does some after the session's start."""


def choose(wanted: Wanted) -> Way:
    """The way, begun: the start of the run is told. Raises SparklineageError and OSError."""
    environ = wanted.environ
    session = wanted.session if wanted.session is not None else active()
    context = context_of(session)
    if getattr(context, "_jsc", context) is None:  # stopped
        session = context = None
    folder = folder_of(context, environ)
    before = RunFolder(folder) if folder is not None else None
    if before is not None and before.run.exists() and not _is_over(before):
        why = "the process that started this one tells its start and end"
        _left_out(wanted, why)
        return Way(name="submit", why=why, folder=folder, run_id=before.run_id)
    from sparklineage.assemble.application_settings import settings_for  # noqa: PLC0415
    from sparklineage.config import is_switched_off  # noqa: PLC0415

    if is_switched_off(environ):
        return Way(name="off", why="lineage is switched off (OPENLINEAGE_DISABLED)")
    settings = settings_for(environ, backend=wanted.backend, config=wanted.config, profile=wanted.profile)
    if settings.disabled.value:
        return Way(name="off", why=f"lineage is switched off ({settings.disabled.source})")
    if kept.is_kept(folder):
        settings, wanted = _undelivered(settings), replace(wanted, backend=None)
    if settings.drain_timeout.source != "default":  # which is `submit`'s, for people who wait for it
        wanted = replace(wanted, configured=settings.drain_timeout.value)
    parent, warnings = parent_from(environ)
    for warning in warnings:
        LOG.warning("%s", mask(warning, secrets_of(environ)))
    if before is None and _agent_sends(context):
        return _beside_agent(wanted, session, context, settings, parent)
    if before is None or (context is None and _is_over(before)):
        return _on_its_own(wanted, session, context, settings, parent)
    return _in_journal(wanted, before, context, settings, parent)


def _undelivered(settings: Settings) -> Settings:
    """The same where tests look at the lineage: nobody delivers it, and their journal takes it."""
    backend, mode = replace(settings.backend, value=None), replace(settings.mode, value="outbox")
    journal = replace(settings.journal, value=kept.beside() or settings.journal.value)
    return replace(settings, backend=backend, mode=mode, journal=journal)


def _in_journal(
    wanted: Wanted, before: RunFolder, context: Any, settings: Settings, parent: Parent | None
) -> ByJournal:
    """In that of the session, or in one that goes on after it where that was another application's."""
    from sparklineage.assemble.beside import Beside  # noqa: PLC0415

    job = _job(wanted, context, settings)
    if not _is_over(before):
        return _by_journal(wanted, Beside.of(before, settings, wanted.environ, job=job, parent=parent), {})
    caught_up(context, wanted.wait)
    warn_of_queries_since(before)
    beside = Beside.after(
        before, context.getConf(), partial(lead_to, context), settings, wanted.environ, job=job, parent=parent
    )
    move_journal(context, beside.folder.path)
    return _by_journal(wanted, beside, {JOURNAL_VARIABLE: str(beside.folder.path)})


def _on_its_own(wanted: Wanted, session: Any, context: Any, settings: Settings, parent: Parent | None) -> Way:
    """Before the session, or with one that has neither a journal nor an agent."""
    from sparklineage.assemble.application_settings import client_for  # noqa: PLC0415
    from sparklineage.assemble.beside import Beside  # noqa: PLC0415

    environ, job = wanted.environ, _job(wanted, context, settings)
    # An argument is stronger than any variable.
    is_told = wanted.backend is not None or settings.backend.value is not None
    client = direct(session, context, environ) if not is_told else None
    if client is None and settings.mode.value == "direct":
        found = client_for(environ, backend=wanted.backend, config=wanted.config, profile=wanted.profile)
        if found is None or not is_installed():
            return _by_agent_to_come(wanted, job, INSTALL if found else "openlineage-python knows no backend")
        client = Direct(
            who=Who(namespace=job[0], job=job[1]),
            emitter=emitter(environ, found[0]),
            place=found[1],
            address=address(found[0], environ),
        )
    if client is not None:
        why = f"openlineage-python sends, configured by {client.place}"
        return _sent(wanted, client, job, parent.facet() if parent else None, why, variables=_told(wanted))
    named = bool(wanted.name or settings.job.value)
    beside = Beside.new(settings, environ, job=job, parent=parent, named=named)
    path = str(beside.folder.path)
    return _by_journal(wanted, beside, {JOURNAL_VARIABLE: path, APPLICATION_VARIABLE: path})


def _is_over(folder: RunFolder) -> bool:
    return folder.outcome.exists() or folder.settled.exists()


def _by_journal(wanted: Wanted, beside: Beside, variables: Mapping[str, str]) -> ByJournal:
    folder = beside.folder
    why = kept.WHY if kept.is_kept(folder.path) else beside.why
    if beside.relay is None:
        _left_out(wanted, why)
    return ByJournal(
        name="journal",
        why=why,
        run_id=folder.run_id,
        folder=folder.path,
        variables=variables,
        flush=wanted.wait,
        wanted=wanted,
        beside=beside,
    )


def _left_out(wanted: Wanted, why: str) -> None:
    """Say that `backend=` changes nothing; what the environment or a file says is meant for whoever needs it."""
    if wanted.backend is not None:
        LOG.warning("backend= is left out: %s", why)


def _told(wanted: Wanted) -> dict[str, str]:
    """By which the agent of a session that `configure` makes sends to the same backend."""
    return {BACKEND_VARIABLE: wanted.backend} if wanted.backend is not None else {}


def _sent(
    wanted: Wanted,
    client: Direct,
    job: tuple[str, str],
    above: Mapping[str, Any] | None,
    why: str,
    *,
    variables: Mapping[str, str] | None = None,
) -> ByClient:
    """A run of its own, whose start and end the client sends."""
    run_id = new_run_id()
    start = _event(run_id, job, above)
    facet = ol.parent_facet(run_id, *job, above.get("root") if above else None)
    who = Who(namespace=job[0], job=job[1], parent=facet, above="this application")
    return ByClient(
        name="client",
        why=why,
        run_id=run_id,
        variables={APPLICATION_ID_VARIABLE: "/".join((*job, run_id)), **(variables or {})},
        flush=wanted.wait,
        wanted=wanted,
        direct=replace(client, who=who),
        start=start,
    ).begin()


def _by_agent_to_come(wanted: Wanted, job: tuple[str, str], lacks: str) -> Way:
    run_id = new_run_id()
    why = (
        "the agent of the session that sparklineage.configure makes sends by itself, as this run, and says COMPLETE "
        f"whatever the end: {lacks}"
    )
    variables = {APPLICATION_ID_VARIABLE: "/".join((*job, run_id)), **_told(wanted)}
    return Way(name="agent", why=why, run_id=run_id, variables=variables)


def _beside_agent(wanted: Wanted, session: Any, context: Any, settings: Settings, parent: Parent | None) -> Way:
    """The run of an agent that sends by itself; after an application of its own, a run below that."""
    _left_out(wanted, "the agent in the session sends by itself, to where that was told to send")
    why = "the agent in the session sends by itself; it tells the start, and COMPLETE whatever the end"
    caught_up(context, _FIRST_EVENT)
    agent = Listeners.of(context).agent
    run = application_run(agent) if agent is not None else None
    client = direct(session, context, wanted.environ)
    if run is None and client is not None and is_installed() and is_idle(agent):
        why = (
            "a run of its own: the agent in the session sends by itself, and was added too late to have told a start; "
            "queries belong to the agent's run, steps to this one"
        )
        return _sent(wanted, client, _job(wanted, context, settings), parent.facet() if parent else None, why)
    if run is None or client is None or not is_installed():
        lacks = "the agent does not tell its run" if run is None else "openlineage-python knows no backend"
        if run is not None and client is not None:
            lacks = f"openlineage-python is not installed; {INSTALL}"
        return Way(name="agent", why=f"{why}: {lacks}", run_id=run[0] if run is not None else None)
    run_id, *job = run
    name = normalize_job_name(wanted.name or "") or None
    if has_ended(run_id):
        below = {"run": {"runId": run_id}, "job": {"namespace": job[0], "name": job[1]}}
        root = (client.who.parent or {}).get("root") if (client.who.parent or {}).get("run") == below["run"] else None
        mine = (job[0], name or normalize_job_name(settings.job.value or "") or f"{job[1]}.application")
        why = (
            "a run of its own below that of the session, whose agent sends by itself and has told another application "
            "by its own run: steps belong to this one, queries to that of the session"
        )
        return _sent(wanted, client, mine, {**below, "root": root or below}, why)
    if name is not None and name != job[1]:
        LOG.warning("the agent of this session has told the application as %r; the name %r is left out", job[1], name)
    return ByClient(
        name="agent",
        why=f"the agent in the session sends by itself; openlineage-python tells the true end (by {client.place})",
        run_id=run_id,
        flush=wanted.wait,
        wanted=wanted,
        direct=client,
        start=_event(run_id, (job[0], job[1]), parent.facet() if parent and _is_told(context, parent) else None),
    ).begin()


def _is_told(context: Any, parent: Parent) -> bool:
    """Whether the agent knows this parent."""
    return bool(context.getConf().get("spark.openlineage.parentRunId") == parent.run_id)


def _event(run_id: str, job: tuple[str, str], above: Mapping[str, Any] | None) -> ol.Event:
    return ol.make(
        "START",
        time=now_ms(),
        run=run_id,
        job=job,
        run_facets={"parent": ol.facet("1-2-0/ParentRunFacet", **above)} if above else {},
        job_facets={"jobType": ol.job_type_facet("APPLICATION")},
    )


def _job(wanted: Wanted, context: Any, settings: Settings) -> tuple[str, str]:
    name = wanted.name or settings.job.value
    if not name and context is not None:
        with suppress(Exception):
            name = str(context.getConf().get("spark.openlineage.appName") or context.appName)
    return settings.namespace.value, normalize_job_name(name or script_name()) or "spark_application"


def _agent_sends(context: Any) -> bool:
    """Whether the session has an agent, whose events do not go into a journal. Never raises."""
    try:
        return context is not None and AGENT in Listeners.of(context).classes
    except Exception:  # noqa: BLE001 - no JVM that could be asked
        return False
