"""Read an application's files as they grow, settle them, and append what is true to events.ndjson."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.journal import FORMAT, LineReader, exit_status, read_json, sync, write_json
from sparklineage.journal.read import size_of
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms
from sparklineage.model.hiding import Hider
from sparklineage.relay import ending
from sparklineage.relay.again import marks
from sparklineage.relay.checkpoint import Checkpoint
from sparklineage.relay.made import as_its_own
from sparklineage.relay.match import time_of
from sparklineage.relay.past import LIMITS, Limits
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import SLACK, Settler
from sparklineage.relay.surroundings import NOWHERE, Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sparklineage.journal import RunFolder
    from sparklineage.model.event import Event

# Behind an even number of backslashes: the others make `\\u0000` plain text.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_AT_ONCE, _AT_ONCE_OF_MANY = 8 << 20, 1 << 20
"""Bytes of the agent's file that one round takes in, so that a long journal needs no long memory, nor keeps others."""
_BESIDE = 4 << 20
"""And of each of the other files."""


class Follower:
    """Settles one folder. With `write=False` nothing is written and the events are only returned.

    None of the values `secrets` gets into what is written.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        write: bool = True,
        secrets: Iterable[str] = (),
        surroundings: Surroundings = NOWHERE,
        limits: Limits = LIMITS,
    ) -> None:
        self.folder = folder
        self.record = RunRecord.of(folder)
        self._has_run = folder.run.exists()
        self._at_once = _AT_ONCE_OF_MANY if folder.is_apart else _AT_ONCE
        self._agent = LineReader(folder.agent, access=folder.access)
        self._witness = LineReader(folder.witness, access=folder.access)
        self._steps = LineReader(folder.steps, access=folder.access)
        self._write = write
        self._hider = Hider(secrets)
        self.written = 0
        self.lost = False
        """Whether it was closed although nobody saw its end."""
        self._pending: list[tuple[Event, int]] = []
        """Events of the agent's that wait for what the witness says of them."""
        self._asked = self._spark = 0
        """The latest time that they tell, where the agent's file holds more, and that of the witness's last record."""
        self._unwritten: list[Event] = []
        self._rest = b""
        """Events that could not be written, and what lacks of their lines."""
        self._readers = (self._agent, self._witness, self._steps)
        self._until: dict[Path, int] = {}
        if write:
            _check_cursors(folder, _cut_torn_line(folder))
        readers = {"agent": self._agent, "witness": self._witness, "steps": self._steps}
        self.checkpoint = Checkpoint(folder, readers) if folder.is_apart else None
        already = self._already() if write else ()
        self.settler = Settler(
            self.record, already=already, hider=self._hider, surroundings=surroundings, limits=limits
        )
        if self.checkpoint is not None and self.checkpoint.state is not None:
            self.settler.restore(self.checkpoint.state)
            self.checkpoint.state = None

    def poll(self) -> list[Event]:
        """One round: what has become known since the last. Returns the new settled events.

        Raises JournalError where a file cannot be read or written; nothing is lost then, and the next call goes on.
        """
        events = self._keep([])
        self._feed(final=False)
        events += self._keep(self._take())
        if self.folder.is_apart:
            self.settler.check(self.folder)
        if self._write and self.checkpoint is not None and self.checkpoint.is_due:
            self._remember(self.checkpoint)
        return events

    def catch_up(self) -> list[Event]:
        """All that has become known by now, in as many rounds as it takes."""
        sizes = {reader: size_of(reader.path) for reader in self._readers}
        events = self.poll()
        while self.more and any(reader.offset < size for reader, size in sizes.items()):
            events += self.poll()
        return events + self.poll()

    @property
    def more(self) -> bool:
        """Whether the files hold more than the last round has taken in."""
        return self._agent.more or self._is_behind

    def mark_end(self) -> None:
        """The application has ended: whoever goes on writing is not waited for."""
        self._until = {reader.path: size_of(reader.path) for reader in self._readers}

    @property
    def is_at_end(self) -> bool:
        """Whether all is taken in that was there when the end was marked."""
        return not self._pending and all(reader.offset >= self._until.get(reader.path, 0) for reader in self._readers)

    @property
    def before(self) -> int:
        """How many events had been written at the last checkpoint: `poll` gives those that follow."""
        return self.checkpoint.written if self.checkpoint is not None else 0

    def finish(self, outcome: Outcome | None = None) -> list[Event]:
        """Everything to the end, when the driver is gone; closes the application and writes settled.json.

        Without an outcome it ends as its witness says, where no `submit` could record more; else it is closed as lost.
        """
        if not self._until:
            self.mark_end()
        events: list[Event] = []
        while (self._feed(final=False) or self.more) and not self.is_at_end:
            events += self._keep(self._take())
        self._feed(final=True)
        events += self._keep(self._take())
        outcome = outcome or Outcome.of(self.folder) or self._gone()
        if outcome is None:
            self.lost = True
            last = max(self.settler.witnessed.latest, self.record.started or 0)
            outcome = Outcome.lost(last or now_ms(), submitted=self.folder.run.exists())
        events += self._keep(self.settler.finish(outcome))
        if self._write:
            self._end(outcome)
        return events

    def _end(self, outcome: Outcome) -> None:
        """The last word on the events; where it is, nobody settles them again, so they are on the disk before it."""
        if self.folder.events.exists():
            sync(self.folder.events)
        write_json(self.folder.settled, self._summary(outcome), durably=True)

    def told(self) -> Outcome | None:
        """The end that its witness has written, if no `submit` started it.

        None while there is none, and while its process may still say that it failed: a driver may live on when its
        SparkContext is stopped, and leave its exit status.
        """
        if self.folder.run.exists() or exit_status.is_awaited(self.folder):
            return None
        return ending.told(self.settler.witnessed, self.settler.agents_end)

    def stopped(self) -> Outcome | None:
        """The end of its SparkContext, whatever the process does after it; None while that runs."""
        return None if self.folder.run.exists() else ending.by_agent(self.settler.witnessed, self.settler.agents_end)

    def _gone(self) -> Outcome | None:
        return None if self.folder.run.exists() else ending.gone(self.settler.witnessed, self.settler.agents_end)

    def hide(self, secrets: Iterable[str]) -> None:
        """Keep these out of what is written from now on too. May be called by another thread."""
        self._hider.add(secrets)

    def corrupt(self) -> dict[str, list[int]]:
        """Damaged lines by file, numbered from 1."""
        return {reader.path.name: reader.corrupt for reader in self._readers if reader.corrupt}

    def _feed(self, *, final: bool) -> bool:
        """Whether there was anything of the agent's."""
        # The agent's file is read first and taken in last: the witness writes before the agent does, so
        # everything that these events need is in what is read after them.
        if not self._pending:
            self._pending = [(event, self._agent.size) for event in self._agent.read(final=final, most=self._at_once)]
            self._asked = max((time_of(event) or 0 for event, _ in self._pending), default=0) if self._agent.more else 0
        for record in self._witness.read(final=final, most=_BESIDE) if not self._is_ahead else ():
            self.settler.witnessed.feed(record)
            time = record.get("time")
            self._spark = time if isinstance(time, int) else self._spark
        for record in self._steps.read(final=final, most=_BESIDE):
            self.settler.steps.feed(record, self._steps.size)
        if self._is_behind:
            return True
        self._meet()
        events, self._pending = self._pending, []
        for event, size in events:
            self.settler.agent(as_its_own(event, self.settler.record), size)
        return bool(events)

    def _meet(self) -> None:
        """Who it is: its witness, or its run.json, may have told that since this began."""
        has_run = self.folder.run.exists()
        if has_run != self._has_run or self.record == RunRecord(self.folder.run_id):
            self.record, self._has_run = RunRecord.of(self.folder), has_run
            self.settler.meet(self.record)

    @property
    def _is_behind(self) -> bool:
        """Whether more is to be read before what the agent says can be judged."""
        return (self._witness.more and not self._is_ahead) or self._steps.more

    @property
    def _is_ahead(self) -> bool:
        """Whether the witness was read far enough for what the agent says, of which there is more to come.

        Of a long journal all that it has written would fill the memory; and what is let go of then is what the
        agent is about to speak of.
        """
        return self._agent.more and self._spark > self._asked + SLACK

    def _take(self) -> list[Event]:
        return self.settler.take(caught_up=not self.more)

    def _already(self) -> Iterator[Event]:
        """The events that are written since the checkpoint; of an attempt before, not how the application ended."""
        before = (read_json(self.folder.settled_before) or {}).get("events")
        ended = before if isinstance(before, int) else 0
        start = self.checkpoint.events if self.checkpoint is not None else 0
        self.written = self.checkpoint.written if self.checkpoint is not None else 0
        reader = LineReader(self.folder.events, start)
        while True:
            before = reader.offset
            for event in reader.read(most=_BESIDE):
                self.written += 1
                if self.written > ended or not self._is_end(event):
                    yield event
            if reader.offset == before:
                return

    def _is_end(self, event: Event) -> bool:
        is_own = ol.run_id(event) in (self.record.run_id, self.record.reported_as)
        return is_own and str(event.get("eventType")).upper() in ol.TERMINAL

    def _remember(self, checkpoint: Checkpoint) -> None:
        """That everything up to here is settled, unless that is not so."""
        if self._pending or self.settler.is_repeating:
            return
        try:
            checkpoint.take(self.settler, self._hider, self.written)
        except OSError as error:
            raise JournalError(f"{self.folder.state}: cannot be written: {error.strerror}.") from None

    def _keep(self, events: list[Event]) -> list[Event]:
        """The events, now that they are written; what could not be written the last time comes with them."""
        if not self._write:
            return events
        self._unwritten += events
        self._rest += "".join(self._line(event) for event in events).encode("utf-8", "surrogatepass")
        if self._rest:
            try:
                with self.folder.events.open("ab", buffering=0) as file:
                    while self._rest:
                        self._rest = self._rest[file.write(self._rest) :]
            except OSError as error:
                raise JournalError(f"{self.folder.events}: cannot be written: {error.strerror}.") from None
        found, self._unwritten = self._unwritten, []
        self.written += len(found)
        return found

    def _line(self, event: Event) -> str:
        line = _line(event)
        return _line(self._hider.event(event)) if self._hider.occurs(line) else line

    def _summary(self, outcome: Outcome) -> dict[str, Any]:
        coverage = self.settler.coverage()
        return {
            "format": FORMAT,
            "settledAt": now_ms(),
            "state": outcome.state,
            "endedAt": outcome.ended,
            "events": self.written,
            "closed": self.settler.closed_by_us,
            "witness": self.settler.witnessed.present,
            "coverage": {
                "queries": coverage.queries,
                "reported": coverage.reported,
                "leftOut": list(coverage.left_out),
            },
            "unexecuted": list(coverage.unexecuted),
            "corrupt": self.corrupt(),
            **marks(self.folder, self._readers),
        }


def _line(event: Event) -> str:
    line = json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n"
    # No text of PostgreSQL's can hold a NUL: Marquez would answer 500 to the event for ever.
    return _NUL.sub("\\1\ufffd", line) if "\\u0000" in line else line


def read_all(reader: LineReader, *, final: bool = False) -> list[dict[str, Any]]:
    """Every complete record that the file holds now."""
    found: list[dict[str, Any]] = []
    while True:
        before = reader.offset
        found += reader.read(final=final)
        if reader.offset == before:
            return found


def _check_cursors(folder: RunFolder, size: int) -> None:
    """Put back the cursors that are beyond the end of the events: a machine that stopped may have lost the latter.

    They are told anew where they are known anew; a cursor that waited for them would pass over others.
    """
    for path in folder.deliveries.glob("*.json"):
        with suppress(JournalError, OSError):
            cursor = read_json(path) or {}
            offset = cursor.get("offset")
            if isinstance(offset, int) and offset > size:
                write_json(path, {**cursor, "offset": size}, durably=True)


def _cut_torn_line(folder: RunFolder) -> int:
    """A relay that was killed while it wrote leaves half a line of its own; no cursor has passed it.

    Returns the size of the events.
    """
    try:
        with folder.events.open("rb+") as file:
            size = file.seek(0, 2)
            keep = size
            while keep:
                start = max(0, keep - 65536)
                file.seek(start)
                end = file.read(keep - start).rfind(b"\n")
                if end >= 0:
                    keep = start + end + 1
                    break
                keep = start
            if keep != size:
                file.truncate(keep)
            return keep
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise JournalError(f"{folder.events}: cannot be written: {error.strerror}.") from None
