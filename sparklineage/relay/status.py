"""How a run in the journal stands, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError
from sparklineage.journal import LineReader, read_json
from sparklineage.relay.alive import is_alive
from sparklineage.relay.drain import check_formats, count_waiting
from sparklineage.relay.follow import Follower, read_all
from sparklineage.relay.record import Outcome, RunRecord

if TYPE_CHECKING:
    from sparklineage.journal import RunFolder
    from sparklineage.model.event import Event


@dataclass(frozen=True)
class Arrival:
    """How far one backend has accepted the run's events."""

    url: str
    delivered: int
    waiting: int
    refused: int
    error: str | None = None
    retry_at: int | None = None
    """Until when the backend asked to be left alone, in milliseconds."""


@dataclass(frozen=True)
class RunStatus:
    """One application run. Times in milliseconds."""

    run_id: str
    job: str
    namespace: str
    state: str
    """COMPLETE, FAIL, ABORT, RUNNING, or LOST: the driver is gone and nobody closed the run."""
    started_ms: int | None
    ended_ms: int | None
    events: int
    corrupt: int = 0
    problem: str | None = None
    """Why the folder could not be read, in one sentence."""
    deliveries: tuple[Arrival, ...] = ()


def read_events(folder: RunFolder) -> list[Event]:
    """The settled events; of a run that is not settled yet, what is true so far, computed without writing.

    A run whose driver is gone ends in them as `relay drain` will close it.

    Raises JournalTooNewError for a run that a newer version wrote.
    """
    check_formats(folder)
    if folder.settled.exists():
        return read_all(LineReader(folder.events), final=True)
    follower = Follower(folder, write=False)
    events = _before(folder, follower) + follower.catch_up()
    return events if is_alive(folder) else events + follower.finish()


def _before(folder: RunFolder, follower: Follower) -> list[Event]:
    """What the relay of a long application has settled, as far as it is kept."""
    if follower.checkpoint is None or not follower.before:
        return []
    reader, found = LineReader(folder.events), []
    while reader.offset < follower.checkpoint.events:
        before, most = reader.offset, min(follower.checkpoint.events - reader.offset, 1 << 20)
        found += list(reader.read(most=most))
        if reader.offset == before:
            break  # the run has left the journal meanwhile
    return found


def status(folder: RunFolder) -> RunStatus:
    """Raises nothing that concerns this folder: a damaged one is told in `problem`."""
    try:
        return _status(folder)
    except JournalError as error:
        return RunStatus(
            run_id=folder.run_id,
            job="?",
            namespace="?",
            state="LOST",
            started_ms=None,
            ended_ms=None,
            events=0,
            problem=str(error),
        )


def _status(folder: RunFolder) -> RunStatus:
    record, outcome = RunRecord.of(folder), Outcome.of(folder)
    settled = read_json(folder.settled)
    if settled is not None:
        state = str(settled.get("state"))
        ended = settled.get("endedAt")
        events = settled.get("events")
        damaged = settled.get("corrupt")
        corrupt = sum(map(len, damaged.values())) if isinstance(damaged, dict) else 0
        count = events if isinstance(events, int) else 0
    else:
        state = outcome.state if outcome else ("RUNNING" if is_alive(folder) else "LOST")
        ended = outcome.ended if outcome else None
        follower = Follower(folder, write=False)
        count = follower.before + len(follower.catch_up())
        corrupt = sum(map(len, follower.corrupt().values()))
    return RunStatus(
        run_id=folder.run_id,
        job=record.job,
        namespace=record.namespace,
        state=state,
        started_ms=record.started,
        ended_ms=ended if isinstance(ended, int) else None,
        events=count,
        corrupt=corrupt,
        deliveries=tuple(arrivals(folder)),
    )


def arrivals(folder: RunFolder) -> list[Arrival]:
    """One entry for each backend that the run was meant for."""
    found = []
    for path in sorted(folder.deliveries.glob("*.json")):
        record = read_json(path) or {}
        error, retry_at = record.get("lastError"), record.get("retryAt")
        found.append(
            Arrival(
                url=str(record.get("url")),
                delivered=int(record.get("delivered") or 0),
                refused=int(record.get("refused") or 0),
                waiting=count_waiting(folder, int(record.get("offset") or 0)),
                error=error if isinstance(error, str) else None,
                retry_at=retry_at if isinstance(retry_at, int) else None,
            )
        )
    return found
