"""Deliver what earlier runs left behind: journals whose driver is gone and whose events still wait."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError, JournalTooNewError
from sparklineage.journal import (
    DeliveryLock,
    ForeignError,
    RunFolder,
    RunLock,
    make_state,
    read_json,
    run_folders,
)
from sparklineage.journal.access import OWN
from sparklineage.relay.alive import is_alive, living_driver
from sparklineage.relay.causes import sentence
from sparklineage.relay.deliver import DEFAULT_WAITS, Delivery, Waits, deliver_all
from sparklineage.relay.follow import Follower
from sparklineage.relay.surroundings import NOWHERE, Surroundings

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sparklineage.relay.sinks import Sink

_TRIES = 3
"""Attempts at one event before leftovers wait for another time; `relay drain` has a time-out instead."""


@dataclass(frozen=True)
class Drained:
    """What became of one folder."""

    run_id: str
    delivered: int = 0
    refused: int = 0
    waiting: int = 0
    closed: bool = False
    """Whether the run had no end and was given one."""
    busy: bool = False
    error: str | None = None
    trouble: JournalError | None = None
    """Why the folder cannot be read or written; a JournalTooNewError where a newer version wrote it."""

    @property
    def done(self) -> bool:
        return not self.waiting and not self.busy and self.error is None and self.trouble is None


def close_if_lost(folder: RunFolder, *, secrets: Iterable[str] = (), surroundings: Surroundings = NOWHERE) -> bool:
    """Settle a folder whose driver is gone, to its end. The caller holds the locks.

    True where nobody saw the end, so that the run was closed as lost.
    """
    if folder.settled.exists():
        return False
    lost = not folder.outcome.exists()
    if lost and (pid := living_driver(folder)):
        raise JournalBusyError(f"{folder.path}: its driver is alive, with process id {pid}.")
    follower = Follower(folder, secrets=secrets, surroundings=surroundings)
    follower.finish()
    return follower.lost


def close_lost(folder: RunFolder, *, secrets: Iterable[str] = ()) -> bool:
    """Close a run that was left without an end, where no backend is to be told; False where there is nothing to do.

    Raises JournalError for a folder that cannot be read or written.
    """
    check_formats(folder)
    if folder.settled.exists() or is_alive(folder):
        return False
    try:
        with ExitStack() as locks:
            if not folder.outcome.exists():
                locks.enter_context(RunLock(folder))
            make_state(folder)
            locks.enter_context(DeliveryLock(folder))
            return close_if_lost(folder, secrets=secrets)
    except JournalBusyError:
        return False


def drain(
    folder: RunFolder,
    sink: Sink,
    *,
    until: float,
    again: bool = False,
    give_up_after: int = 1 << 30,
    on_progress: Callable[[Delivery], None] = lambda _: None,
    stop: threading.Event | None = None,
    secrets: Iterable[str] = (),
    waits: Waits = DEFAULT_WAITS,
) -> Drained:
    """Close the run if it has no end, then send what waits. Raises nothing that concerns this folder alone.

    `until` is a value of `time.monotonic()`. A folder whose job lives, or that another relay delivers, is left
    alone and told as busy. None of the values `secrets` is written where the run has to be settled.
    """
    try:
        check_formats(folder)
        with ExitStack() as locks:
            if not folder.outcome.exists():
                locks.enter_context(RunLock(folder))
            make_state(folder)
            locks.enter_context(DeliveryLock(folder))
            closed = close_if_lost(folder, secrets=secrets)
            delivery = Delivery(folder, sink, waits)
            if again:
                delivery.start_over()
            before = delivery.delivered, delivery.refused
            deliver_all(delivery, until=until, give_up_after=give_up_after, on_progress=on_progress, stop=stop)
            return Drained(
                run_id=folder.run_id,
                delivered=delivery.delivered - before[0],
                refused=delivery.refused - before[1],
                waiting=count_waiting(folder, delivery.offset),
                closed=closed,
                error=delivery.last_error,
            )
    except JournalBusyError:
        return Drained(run_id=folder.run_id, busy=True)
    except JournalError as error:
        return Drained(run_id=folder.run_id, trouble=error)
    except Exception as error:  # noqa: BLE001 - lines of any shape; the other runs go on
        return Drained(run_id=folder.run_id, trouble=JournalError(sentence(folder, error)))


def check_formats(folder: RunFolder) -> None:
    """Raises JournalTooNewError for a folder that a newer version wrote; a damaged file is no matter here."""
    theirs = ((folder.run, folder.access), (folder.outcome, folder.access))
    for path, access in (*theirs, (folder.settled, OWN)):
        try:
            read_json(path, access=access)
        except ForeignError:
            raise
        except JournalTooNewError:
            raise
        except JournalError:
            continue


def wants(folder: RunFolder, key: str) -> bool:
    """Whether the run was submitted for this backend and is not done with it.

    True also where that cannot be known, because a newer version wrote the run or its cursor is damaged: `drain`
    says so.
    """
    try:
        check_formats(folder)
        found = read_json(folder.delivery(key))
    except JournalError:
        return True
    try:
        if found is None:
            # Its cursor could not be written, or its relay was killed before it did.
            found = {}
            if (read_json(folder.run, access=folder.access) or {}).get("backend") != key:
                return False
        size = folder.events.stat().st_size if folder.events.exists() else 0
        return not folder.settled.exists() or int(found.get("offset", 0)) < size
    except (JournalError, OSError, ValueError, TypeError):
        return False


def drain_leftovers(
    current: RunFolder,
    make_sink: Callable[[], Sink],
    leaving: threading.Event,
    secrets: Iterable[str] = (),
    waits: Waits = DEFAULT_WAITS,
) -> None:
    """In the background of a new run: what its backend has not got of the earlier ones."""
    sink = make_sink()
    stuck = 0
    try:
        for folder in run_folders(current.path.parent):
            # One run may hold an event that its backend cannot take; two in a row speak of the backend.
            if leaving.is_set() or stuck == 2:
                return
            if folder.run_id != current.run_id and wants(folder, sink.key):
                until = time.monotonic() + 3600
                drained = drain(
                    folder, sink, until=until, give_up_after=_TRIES, stop=leaving, secrets=secrets, waits=waits
                )
                stuck = stuck + 1 if drained.waiting else 0
    finally:
        sink.close()


def count_waiting(folder: RunFolder, offset: int) -> int:
    """Events behind `offset`."""
    try:
        with folder.events.open("rb") as file:
            file.seek(offset)
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:
        return 0


def folders_for(root: Path, key: str, state: Path | None = None) -> list[RunFolder]:
    """The runs below `root` that this backend has not got whole, oldest first; `state` as for `run_folders`."""
    return [folder for folder in run_folders(root, state) if wants(folder, key)]
