"""Finished runs leave the journal where it is too large or they are too old; no undelivered event goes along."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError
from sparklineage.journal import read_json, run_folders
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.relay.alive import is_alive, is_gone
from sparklineage.relay.drain import check_formats
from sparklineage.relay.dropped import is_to_leave, now_dropped, remember
from sparklineage.relay.removal import size_of, sweep, take_away

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sparklineage.journal import RunFolder
    from sparklineage.relay.dropped import Dropped

_PARTS = 10
"""Into which the time is cut: one is for what an earlier call could not remove."""


@dataclass(frozen=True)
class Keep:
    """How much of finished runs stays; None is without end."""

    size: int | None = None
    """Bytes of the whole journal, from which on the oldest leave."""
    age: float | None = None
    """Seconds since a run's end."""
    hard: int | None = None
    """Bytes from which on even ended runs leave whose events are not delivered."""

    def __bool__(self) -> bool:
        return self.size is not None or self.age is not None or self.hard is not None


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
    root: Path,
    keep: Keep,
    *,
    until: float,
    current: str | None = None,
    state: Path | None = None,
    key: str | None = None,
    warn: Callable[[str], None] = lambda _: None,
    release: Callable[[str], bool] = lambda _: False,
) -> Iterator[Retired | Dropped]:
    """Remove finished runs, the oldest first, until the journal is as `keep` says; each is told once it is gone.

    A run stays while anybody lives who writes to it or delivers it, while a backend that it is meant for has not
    accepted all of its events, and while it has dead letters. Only above the hard limit runs go whose application has
    ended, whatever waits in them: those are written down, and told as `Dropped`.

    `until` is a value of `time.monotonic()`: nothing is begun after it, and the next call goes on. The run id
    `current` always stays. `state` is where the relay's own files of the runs lie, if not in their folders. `key` is
    that of a backend which all runs are meant for, whatever they say. `warn` is told of what cannot be removed.
    `release` is asked to let go of a run that this process itself delivers. Raises JournalError where the journal
    cannot be read.
    """
    if not keep:
        return
    now = time.monotonic()
    for path in sweep(root, state, now + (until - now) / _PARTS):
        warn(f"{path}: a run that left cannot be removed, its owner has taken the right to; `sudo rm -r` does it.")
    folders = run_folders(root, state)
    counted = keep.size is not None or keep.hard is not None
    sizes = _sizes(folders, until) if counted else {}
    for item in _finished_ones(folders, keep, sizes, until=until, current=current, key=key):
        sizes.pop(item.run_id, None)
        yield item
    if keep.hard is not None:
        left = [folder for folder in folders if folder.run_id in sizes and folder.run_id != current]
        yield from _undelivered_ones(left, keep.hard, sizes, until=until, place=state or root, release=release)


def _finished_ones(
    folders: Sequence[RunFolder],
    keep: Keep,
    sizes: Mapping[str, int],
    *,
    until: float,
    current: str | None,
    key: str | None,
) -> Iterator[Retired]:
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
        ended = _finished(folder, key)
        if ended is None:
            continue
        if keep.age is not None and now - ended > keep.age * 1000:
            why = f"it is older than {_span(keep.age)}"
        elif too_large:
            why = f"the journal was larger than {keep.size} bytes"
        else:
            continue
        size = sizes[folder.run_id] if folder.run_id in sizes else _size(folder)
        # Between the look and the locks somebody may have begun to send it again.
        if take_away(folder, partial(_is_accepted, folder, key)):
            total -= size if folder.run_id in sizes else 0
            yield Retired(run_id=folder.run_id, ended=ended, size=size, why=why)


def _undelivered_ones(
    folders: Sequence[RunFolder],
    most: int,
    sizes: dict[str, int],
    *,
    until: float,
    place: Path,
    release: Callable[[str], bool],
) -> Iterator[Dropped]:
    owners = {folder.run_id: folder.owner for folder in folders}
    owners.update({run_id: -1 for run_id in sizes if run_id not in owners})
    for folder in folders:
        if time.monotonic() >= until:
            return
        if not is_to_leave(folder.run_id, sizes, owners, most) or not _has_ended(folder):
            continue
        item = now_dropped(folder, sizes[folder.run_id])
        release(folder.run_id)
        if take_away(folder, partial(_has_ended, folder), partial(remember, place, item)):
            del sizes[folder.run_id]
            yield item


def _has_ended(folder: RunFolder) -> bool:
    """Whether nothing will be written to the run any more."""
    try:
        return folder.settled.exists() or folder.outcome.exists() or is_gone(folder)
    except OSError:
        return False


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


def _finished(folder: RunFolder, key: str | None) -> int | None:
    """When the run ended, in milliseconds, if nothing is to be done for it any more."""
    try:
        check_formats(folder)
        settled = read_json(folder.settled)
        if settled is None or is_alive(folder) or not _is_accepted(folder, key):
            return None
        # The application's own word for the time is not taken where it may be anybody's.
        ended = settled.get("settledAt" if folder.is_apart else "endedAt")
        return ended if isinstance(ended, int) else round(folder.settled.stat().st_mtime * 1000)
    except (JournalError, OSError):
        # What cannot be read is left to somebody who looks at it.
        return None


def _is_accepted(folder: RunFolder, key: str | None) -> bool:
    """Whether every backend that the run is meant for has accepted all its events."""
    size = folder.events.stat().st_size if folder.events.exists() else 0
    cursors = {path.stem: read_json(path) or {} for path in folder.deliveries.glob("*.json")}
    # In a spool of many users' there is one relay, and its backend is no matter of theirs.
    meant = () if folder.is_apart else (key, (read_json(folder.run) or {}).get("backend"))
    for name in meant:
        if isinstance(name, str):
            cursors.setdefault(name, {})
    for sink, cursor in cursors.items():
        offset, refused = cursor.get("offset", 0), cursor.get("refused", 0)
        if not isinstance(offset, int) or offset < size or refused or folder.refused(sink).exists():
            return False
    return True


def _span(seconds: float) -> str:
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
