"""Finished runs leave the journal where it has become too large or they too old; no event is ever lost by that."""

from __future__ import annotations

import os
import shutil
import stat
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError
from sparklineage.journal import DeliveryLock, RunLock, read_json, run_folders
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.model.ids import is_run_id
from sparklineage.relay.alive import is_alive
from sparklineage.relay.drain import check_formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sparklineage.journal import RunFolder

_LEAVING = ".leaving-"
"""What a folder's name begins with while it is removed, so that half a run never looks like a run."""


@dataclass(frozen=True)
class Keep:
    """How much of finished runs stays; None is without end."""

    size: int | None = None
    """Bytes of the whole journal, from which on the oldest leave."""
    age: float | None = None
    """Seconds since a run's end."""

    def __bool__(self) -> bool:
        return self.size is not None or self.age is not None


@dataclass(frozen=True)
class Retired:
    """A run that has left."""

    run_id: str
    ended: int
    """Milliseconds."""
    size: int
    """Bytes."""
    why: str

    def __str__(self) -> str:
        return f"{self.run_id}  removed from the journal: {self.why} ({self.size} bytes, ended {to_iso(self.ended)})"


def retire(
    root: Path, keep: Keep, *, until: float, current: str | None = None, state: Path | None = None
) -> Iterator[Retired]:
    """Remove finished runs, the oldest first, until the journal is as `keep` says; each is told once it is gone.

    A run stays while anybody lives who writes to it or delivers it, while a backend that it is meant for has not
    accepted all of its events, and while it has dead letters. `until` is a value of `time.monotonic()`: nothing is
    begun after it, and the next call goes on. The run id `current` always stays. `state` is where the relay's own
    files of the runs lie, if not in their folders. Raises JournalError where the
    journal cannot be read.
    """
    if not keep:
        return
    _sweep(root, until)
    folders = run_folders(root, state)
    sizes = _sizes(folders, until) if keep.size is not None else {}
    # What the time did not suffice for is older than what is counted: where that alone is too much, it goes first.
    total = sum(sizes.values())
    now = now_ms()
    for folder in folders:
        too_large = keep.size is not None and total > keep.size
        old_enough = keep.age is not None and now - folder.begun * 1000 > keep.age * 1000
        if time.monotonic() >= until or not (too_large or old_enough):
            return  # all that follow began later
        if folder.run_id == current:
            continue
        ended = _finished(folder)
        if ended is None:
            continue
        if keep.age is not None and now - ended > keep.age * 1000:
            why = f"it is older than {_span(keep.age)}"
        elif too_large:
            why = f"the journal was larger than {keep.size} bytes"
        else:
            continue
        size = sizes[folder.run_id] if folder.run_id in sizes else _size(folder)
        if _remove(folder):
            total -= sizes.get(folder.run_id, 0)
            yield Retired(run_id=folder.run_id, ended=ended, size=size, why=why)


def size_of(path: Path) -> int:
    """Bytes of all files below `path`; links count as what they are."""
    total = 0
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += size_of(path / entry.name)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _size(folder: RunFolder) -> int:
    return size_of(folder.path) + (size_of(folder.state) if folder.is_apart else 0)


def _sizes(folders: Sequence[RunFolder], until: float) -> dict[str, int]:
    """Bytes by run id, of the newest runs where the time does not suffice for all."""
    found: dict[str, int] = {}
    for folder in reversed(folders):
        if time.monotonic() >= until:
            break
        found[folder.run_id] = _size(folder)
    return found


def _finished(folder: RunFolder) -> int | None:
    """When the run ended, in milliseconds, if nothing is to be done for it any more."""
    try:
        check_formats(folder)
        settled = read_json(folder.settled)
        if settled is None or is_alive(folder) or not _is_accepted(folder):
            return None
        ended = settled.get("endedAt")
        return ended if isinstance(ended, int) else round(folder.settled.stat().st_mtime * 1000)
    except (JournalError, OSError):
        # What cannot be read is left to somebody who looks at it.
        return None


def _is_accepted(folder: RunFolder) -> bool:
    """Whether every backend that the run is meant for has accepted all its events."""
    size = folder.events.stat().st_size if folder.events.exists() else 0
    cursors = {path.stem: read_json(path) or {} for path in folder.deliveries.glob("*.json")}
    # In a spool of many users' there is one relay, and its backend is no matter of theirs.
    meant = None if folder.is_apart else (read_json(folder.run) or {}).get("backend")
    if isinstance(meant, str):
        cursors.setdefault(meant, {})
    for key, cursor in cursors.items():
        offset, refused = cursor.get("offset", 0), cursor.get("refused", 0)
        if not isinstance(offset, int) or offset < size or refused or folder.refused(key).exists():
            return False
    return True


def _remove(folder: RunFolder) -> bool:
    """Whether this call removed it. Neither the folder nor anything in it is followed where it is a link."""
    gone = folder.path.with_name(f"{_LEAVING}{folder.run_id}")
    try:
        if not stat.S_ISDIR(folder.path.lstat().st_mode):
            return False
        with ExitStack() as locks:
            locks.enter_context(RunLock(folder))
            locks.enter_context(DeliveryLock(folder))
            # Between the look and the locks somebody may have begun to send it again.
            if not _is_accepted(folder):
                return False
            folder.path.rename(gone)
    except (JournalBusyError, JournalError, OSError):
        return False
    shutil.rmtree(gone, ignore_errors=True)
    if folder.is_apart:
        # Last, so that no run that is still there is delivered a second time.
        shutil.rmtree(folder.state, ignore_errors=True)
    return True


def _sweep(root: Path, until: float) -> None:
    """What a process that was killed has left of folders that it removed."""
    with suppress(OSError):
        for entry in root.glob(f"{_LEAVING}*"):
            if is_run_id(entry.name.removeprefix(_LEAVING)) and time.monotonic() < until:
                shutil.rmtree(entry, ignore_errors=True)


def _span(seconds: float) -> str:
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
