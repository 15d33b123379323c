"""How far a long application is settled: what lies before it need not be read again, and is given back to the disk."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.journal import FORMAT, read_json, write_durably
from sparklineage.journal.holes import give_back

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.journal import LineReader, RunFolder
    from sparklineage.model.hiding import Hider
    from sparklineage.relay.settle import Settler

EVERY = 16 << 20
"""Bytes of an application's files between two checkpoints; shorter ones are read anew."""
_NAME = "checkpoint.json"


class Checkpoint:
    """The place in the files of one run up to which everything is settled and written."""

    def __init__(self, folder: RunFolder, readers: Mapping[str, LineReader]) -> None:
        """Puts the readers where the last checkpoint was."""
        self._folder = folder
        self._readers = readers
        self.events = 0
        """Bytes of events.ndjson that were written then."""
        self.written = 0
        """And lines."""
        self.state: dict[str, Any] | None = None
        """What was known; taken once."""
        found = self._found()
        if found is not None:
            self.events, self.written, self.state = found["events"], found["written"], found["settler"]
            for name, reader in readers.items():
                reader.go_to(found["readers"][name])
        self._passed = self._place()

    @property
    def is_due(self) -> bool:
        """Whether so much was read since that it is worth another one."""
        return self._place() - self._passed >= EVERY

    def take(self, settler: Settler, hider: Hider, written: int) -> None:
        """Remember this moment, in which everything that was read is settled and written. Raises OSError."""
        events = self._folder.events
        size = 0
        if events.exists():
            with events.open("rb") as file:
                # What is skipped from now on must be there after a power failure.
                os.fdatasync(file.fileno())
                size = os.fstat(file.fileno()).st_size
        record: dict[str, Any] = {
            "format": FORMAT,
            "events": size,
            "written": written,
            "readers": {name: reader.place() for name, reader in self._readers.items()},
            "settler": settler.state(),
        }
        text = json.dumps(record)
        if hider.occurs(text):
            text = json.dumps({**record, "settler": hider.event(record["settler"])})
        write_durably(self._path, text.encode())
        self.events, self._passed = size, self._place()
        for reader in self._readers.values():
            give_back(reader.path, reader.offset)

    @property
    def _path(self) -> Path:
        return self._folder.state / _NAME

    def _place(self) -> int:
        return sum(reader.offset for reader in self._readers.values())

    def _found(self) -> dict[str, Any] | None:
        """None where there is none that belongs to the events that are there."""
        try:
            found = read_json(self._path)
            if found is None or found["events"] > self._folder.events.stat().st_size:
                return None
        except (JournalError, OSError, KeyError, TypeError):
            return None
        return found
