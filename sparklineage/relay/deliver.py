"""Send a folder's settled events to one sink: in order, until accepted, with a cursor that remembers."""

from __future__ import annotations

import errno
import json
import random
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from sparklineage.journal import FORMAT, LineReader, append_line, read_json, sync, write_cursor
from sparklineage.journal.read import next_data
from sparklineage.model.clock import now_ms
from sparklineage.relay.sinks import Answer, Verdict
from sparklineage.relay.sinks.hierarchy import hierarchy_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.journal import RunFolder
    from sparklineage.relay.sinks import Sink
    from sparklineage.relay.sinks.hierarchy import Hierarchy

_SHORTEST_WAIT = 0.01
"""Below this a backend that is down would be asked without a pause."""
_BLOCK = 1 << 20
_LONG = 1.0
"""Seconds after which an attempt without an answer is worth a word."""
_SILENT = "no answer yet"
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Why a file cannot be written now, though perhaps a little later."""
_LARGE = threading.Lock()
"""Held for an event that takes much memory while it is looked at: one at a time."""


@dataclass(frozen=True)
class Waits:
    """Seconds between two attempts to deliver the same event, where the backend asks for no others."""

    first: float = 0.25
    longest: float = 30.0


DEFAULT_WAITS = Waits()


class Delivery:
    """One folder's events on their way to one sink.

    `offset` is the place in events.ndjson behind the last event that is done with; it is written down after
    each answer, so a relay that is killed sends at most one event a second time.
    """

    def __init__(self, folder: RunFolder, sink: Sink, waits: Waits = DEFAULT_WAITS) -> None:
        self.folder = folder
        self.sink = sink
        self.waits = waits
        self._path = folder.delivery(sink.key)
        found = read_json(self._path) or {}
        self.offset = _number(found, "offset")
        self.delivered = _number(found, "delivered")
        self.refused = _number(found, "refused")
        self.last_error: str | None = None
        self.retry_at: int | None = None
        """Until when the backend asked to be left alone, in milliseconds."""
        self.failures = 0
        self._attempt: float | None = None
        # The attempt is made by one thread; another may tell that it takes long.
        self._telling = threading.Lock()
        self._buffer, self._at = b"", 0
        self._hierarchy: Hierarchy | None = None
        self._placed = False
        self._changed = True
        """Whether the cursor's file does not say yet what is wrong, or that nothing is any more."""
        self._is_saved = True
        """Whether the cursor's file says how far it is."""
        if not found:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._remember()

    def sync(self) -> None:
        """Put the cursor onto the disk. Raises OSError."""
        sync(self._path)

    def waiting(self) -> int:
        """Bytes of settled events that the sink has not answered yet."""
        try:
            return self.folder.events.stat().st_size - self.offset
        except FileNotFoundError:
            return 0

    def send_next(self) -> Answer | None:
        """Send the next event once; None where there is none. Moves on unless it has to be sent again.

        Where the disk is full nothing is sent, and it is tried again like an event: whoever goes on without this
        process would send again all that nobody has written down.
        """
        try:
            with self._telling:
                self._catch_up()
            return self._send()
        except OSError as error:
            if error.errno not in _PASSING:
                raise
            return self._hindered(error)

    def _send(self) -> Answer | None:
        line = self._peek()
        if line is None:
            return None
        if not self._placed:
            # Whatever comes first is the application's own START, and with it what stands above it.
            self._hierarchy, self._placed = hierarchy_of(LineReader(self.folder.events).read(most=_BLOCK)), True
        self._attempt = time.monotonic()
        with _LARGE if len(line) > _BLOCK else nullcontext():
            answer = self.sink.send(line.rstrip(b"\n"), self._hierarchy)
        with self._telling:
            self._attempt = None
            return self._take(line, answer)

    def _catch_up(self) -> None:
        """Write down what could not be written before."""
        if not self._is_saved:
            self.last_error = None
            self._remember()
            self.failures = 0

    def _hindered(self, error: OSError) -> Answer:
        text = f"the journal cannot be written: {error.strerror}"
        with self._telling:
            self.failures += 1
            self.last_error, self._changed, self._is_saved = text, True, False
        return Answer(verdict=Verdict.RETRY, text=text)

    def note_silence(self) -> None:
        """Write down that the attempt under way has no answer yet, if it takes long. For another thread."""
        with self._telling:
            began = self._attempt
            if began is None or self.last_error is not None or time.monotonic() - began < _LONG:
                return
            self.last_error, self._changed = _SILENT, True
            with suppress(OSError):  # the answer has to be written, this need not
                self._remember()

    def _take(self, line: bytes, answer: Answer) -> Answer:
        asked, self.retry_at = self.retry_at, None
        if answer.verdict is Verdict.RETRY:
            self.failures += 1
            if answer.wait is not None:
                self.retry_at = now_ms() + round(answer.wait * 1000)
            if answer.text != self.last_error or self.retry_at != asked:
                self._changed = self._changed or answer.text != self.last_error
                self.last_error = answer.text
                self._remember()
            return answer
        if answer.verdict is Verdict.REFUSED:
            self._set_aside(line, answer)
            self.refused += 1
        else:
            self.delivered += 1
        if self.last_error is not None:
            self.last_error, self._changed = None, True
        self.failures = 0
        self.offset += len(line)
        self._at += len(line)
        self._remember()
        return answer

    def pause(self, answer: Answer) -> float:
        """Seconds before the next attempt, after this answer."""
        return pause(self.failures, answer.wait, waits=self.waits)

    def start_over(self) -> None:
        """Forget what was accepted and refused: the next events are the first ones again.

        For a backend that has lost them, or refused them while its address was wrong. Events are
        identified by run, type and time, so sending one twice does no harm.
        """
        self.folder.refused(self.sink.key).unlink(missing_ok=True)
        self.offset = self.delivered = self.refused = 0
        self._buffer, self._at = b"", 0
        self._remember()

    def _peek(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._at) + 1
        if not end:
            try:
                with self.folder.events.open("rb") as file:
                    file.seek(self.offset)
                    self._buffer, self._at = file.read(_BLOCK), 0
                    if self._buffer[:1] == b"\0":
                        self._pass_hole(file)
                    while self._buffer and b"\n" not in self._buffer and (more := file.read(_BLOCK)):
                        self._buffer += more
            except FileNotFoundError:
                return None
            end = self._buffer.find(b"\n") + 1
            if not end:
                self._buffer = b""  # a run that waits for its application holds nothing
                return None
        return self._buffer[self._at : end]

    def _pass_hole(self, file: BinaryIO) -> None:
        """What was delivered and given back to the disk, if the cursor is older than that."""
        while self._buffer[:1] == b"\0":
            left = self._buffer.lstrip(b"\0")
            self.offset += len(self._buffer) - len(left)
            if not left:
                self.offset = max(next_data(file, self.offset), self.offset)
                file.seek(self.offset)
                left = file.read(_BLOCK)
            self._buffer = left

    def _set_aside(self, line: bytes, answer: Answer) -> None:
        record = {
            "time": now_ms(),
            "status": answer.status,
            "answer": answer.text,
            "body": answer.body,
            "event": json.loads(line),
        }
        append_line(self.folder.refused(self.sink.key), record)

    def _remember(self) -> None:
        self._is_saved = False
        write_cursor(
            self._path,
            {
                "format": FORMAT,
                "url": self.sink.shown,
                "offset": self.offset,
                "delivered": self.delivered,
                "refused": self.refused,
                "lastError": self.last_error,
                "retryAt": self.retry_at,
                "updatedAt": now_ms(),
            },
            whole=self._changed,
        )
        self._changed, self._is_saved = False, True


def pause(
    failures: int, asked: float | None, draw: Callable[[], float] = random.random, waits: Waits = DEFAULT_WAITS
) -> float:
    """Seconds before the next attempt: doubling from the first wait to the longest, half of it by chance."""
    longest = max(min(waits.first * 2 ** min(failures - 1, 16), waits.longest), _SHORTEST_WAIT)
    return asked if asked is not None else longest * (0.5 + draw() / 2)


class Courier(threading.Thread):
    """Delivers one folder in the background until told to stop; an event under way is finished first."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(name=f"deliver-{delivery.sink.key}", daemon=True)
        self.delivery = delivery
        self.wake = threading.Event()
        self.broken: Exception | None = None
        self._leaving = threading.Event()

    def leave(self) -> None:
        self._leaving.set()
        self.wake.set()

    def run(self) -> None:
        try:
            while not self._leaving.is_set():
                answer = self.delivery.send_next()
                if answer is None:
                    self.wake.wait()
                    self.wake.clear()
                elif answer.verdict is Verdict.RETRY:
                    self._leaving.wait(self.delivery.pause(answer))
        except Exception as error:  # noqa: BLE001 - told by the relay; the job must never notice
            self.broken = error
        finally:
            self.delivery.sink.close()


def deliver_all(
    delivery: Delivery,
    *,
    until: float,
    give_up_after: int,
    on_progress: Callable[[Delivery], Any] = lambda _: None,
    stop: threading.Event | None = None,
) -> bool:
    """Send everything now; False where time ran out or the sink took nothing `give_up_after` times in a row.

    `until` is a value of `time.monotonic()`; no attempt is begun after it.
    """
    stop = stop or threading.Event()
    while not stop.is_set():
        if time.monotonic() >= until:
            break
        answer = delivery.send_next()
        if answer is None:
            return True
        on_progress(delivery)
        if answer.verdict is Verdict.RETRY:
            wait = delivery.pause(answer)
            if delivery.failures >= give_up_after or time.monotonic() + wait >= until:
                return False
            stop.wait(wait)
    return delivery.waiting() == 0


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
