"""What had to leave the journal before its backend had it, because the disk's budget forced it."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError
from sparklineage.journal import LineReader, append_line, read_json
from sparklineage.model.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.journal import RunFolder

_NAME = "dropped.ndjson"
_MOST = 1000
"""Records that stay."""
_LARGEST = 256 << 10
_COUNTED = 256 << 20


@dataclass(frozen=True)
class Dropped:
    """A run of an ended application that has left with events that were not delivered."""

    run_id: str
    events: int
    """How many were not delivered; of the agent's own where the run was not settled yet."""
    size: int
    """Bytes."""
    time: int
    """When, in milliseconds."""

    def __str__(self) -> str:
        return (
            f"{self.run_id}  DROPPED with {self.events} undelivered events ({self.size} bytes): "
            "the spool was larger than its hard limit"
        )


def remember(place: Path, item: Dropped) -> None:
    """Write it down in the folder `place`. The oldest records give way to new ones. Raises OSError."""
    path = place / _NAME
    append_line(path, {"time": item.time, "runId": item.run_id, "events": item.events, "bytes": item.size})
    if path.stat().st_size > _LARGEST:
        lines = [json.dumps(record, separators=(",", ":")) for record in list(LineReader(path).read())[-_MOST:]]
        part = path.with_name(f".{_NAME}.part")
        with suppress(OSError):  # it is written down, and may be shortened another time
            part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            part.replace(path)


def dropped(place: Path) -> list[Dropped]:
    """What was remembered there, oldest first."""
    return [
        Dropped(run_id=str(record["runId"]), events=record["events"], size=record["bytes"], time=record["time"])
        for record in LineReader(place / _NAME).read()
        if all(isinstance(record.get(name), int) for name in ("events", "bytes", "time")) and "runId" in record
    ]


def undelivered(folder: RunFolder) -> int:
    """How many of the run's events no backend has answered yet."""
    try:
        settled = read_json(folder.settled) or {}
        found = settled.get("events")
        if isinstance(found, int):
            cursors = [read_json(path) or {} for path in folder.deliveries.glob("*.json")]
            done = [int(cursor.get("delivered") or 0) + int(cursor.get("refused") or 0) for cursor in cursors]
            return max(found - max(done, default=0), 0)
        with folder.access.open(folder.agent) as file:
            chunks = (file.read(1 << 20) for _ in range(_COUNTED >> 20))
            return sum(chunk.count(b"\n") for chunk in iter(lambda: next(chunks, b""), b""))
    except (JournalError, OSError, ValueError, TypeError):
        return 0


def is_to_leave(run_id: str, sizes: Mapping[str, int], owners: Mapping[str, int], most: int) -> bool:
    """Whether all sizes together are above `most`, and this run's owner takes more than their share of it.

    So nobody can have another's runs dropped by writing much.
    """
    if sum(sizes.values()) <= most:
        return False
    taken: Counter[int] = Counter()
    for other, size in sizes.items():
        taken[owners[other]] += size
    return taken[owners[run_id]] > most / len(taken)


def now_dropped(folder: RunFolder, size: int) -> Dropped:
    """The record of a run that leaves now."""
    return Dropped(run_id=folder.run_id, events=undelivered(folder), size=size, time=now_ms())
