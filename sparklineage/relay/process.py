"""The relay of one `submit`, or of one `sparklineage.application`, as a process of its own.

A separate process, so that a bug or a slow backend of the lineage never touches the job, a tty's Ctrl-C does not
reach it, and an event that is under way when `submit` leaves is still answered and remembered. Standard input
carries one line of JSON (the backend, its key and other secrets to keep out of what is written: never an argument),
later the line `ended` when outcome.json is written, and the line `leave`; its end means that `submit` is gone. An
application has nobody behind it: once it is gone, the relay closes the run and goes on for a while by itself.
Secrets that lie with a service are fetched here, so that no job ever waits for it.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError, SparklineageError
from sparklineage.journal import RunFolder
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.model.masking import mask
from sparklineage.relay.alive import living_driver
from sparklineage.relay.deliver import Courier, Delivery
from sparklineage.relay.drain import drain_leftovers
from sparklineage.relay.follow import Follower
from sparklineage.relay.handover import Handover
from sparklineage.relay.record import Outcome
from sparklineage.relay.retire import retire
from sparklineage.relay.sinks.http import HttpSink
from sparklineage.relay.sinks.late import LateBackend, LateSink, no_service
from sparklineage.relay.status import arrivals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.relay.sinks import Sink
    from sparklineage.relay.sinks.late import Fetch

_ROUND = 0.25
"""Seconds between two looks at the growing files."""
_RETIRE = 5.0
"""Seconds for runs that leave the journal; nobody waits for them, but for the lock of this one perhaps."""

_LAST_WORDS, _LONGEST_WORDS = 3.0, 30.0
"""Seconds for the JVM of a driver that is gone: where it cannot be seen, and where it is seen to live."""
_GONE = (
    "The driver is gone and nothing recorded how it ended: it was killed (by SIGKILL, often the out-of-memory "
    "killer's), or left by os._exit."
)


def main(path: str, fetch: Fetch = no_service) -> int:
    """Follow, settle and deliver the run in this folder until told to leave. Returns an exit status.

    `fetch` gives the secrets that lie with a service; it is asked until it has them.
    """
    folder = RunFolder(Path(path))
    lines = _Lines(sys.stdin.fileno())
    told = Handover.read(lines.first())
    backend = told.backend
    secrets = [*told.secrets, *backend.secrets]
    follower = Follower(folder, secrets=secrets)

    def learn(found: Sequence[str]) -> None:
        secrets.extend(found)
        follower.hide(found)

    late = LateBackend(backend, fetch, learn)

    def make_sink() -> Sink:
        return LateSink(late) if backend.deferred else HttpSink(backend)

    leaving = threading.Event()

    def deliver_leftovers() -> None:
        if backend.deferred and late.complete() is not None:
            # The courier goes on asking. Nothing of an earlier run is settled before the secret is known.
            while not late.is_complete.wait(_ROUND):
                if leaving.is_set():
                    return
        drain_leftovers(folder, make_sink, leaving, secrets, told.waits)

    courier = Courier(Delivery(folder, make_sink(), told.waits))
    courier.start()
    leftovers = threading.Thread(target=deliver_leftovers, name="leftovers", daemon=True)
    leftovers.start()
    try:
        _follow(follower, lines, courier, told.linger)
    finally:
        leaving.set()
        courier.leave()
        # What is under way is answered or times out; nothing new is begun.
        courier.join(backend.timeout * 2 + 5)
        leftovers.join(backend.timeout * 2 + 5)
        if courier.broken is not None:
            _log(mask("".join(traceback.format_exception(courier.broken)), secrets))
    _retire(folder, told)
    return 0


def _retire(folder: RunFolder, told: Handover) -> None:
    """Whatever goes wrong here is for the next time."""
    try:
        for item in retire(folder.path.parent, told.keep, until=time.monotonic() + _RETIRE, current=folder.run_id):
            _log(str(item))
    except SparklineageError as error:
        _log(str(error))


def _log(text: str) -> None:
    print(to_iso(now_ms()), text, file=sys.stderr, flush=True)  # noqa: T201 - to relay.log


def _follow(follower: Follower, lines: _Lines, courier: Courier, linger: float | None) -> None:
    """Until told to leave: settle round by round, and to the end once the job has ended."""
    ended, parent, rounds = False, os.getppid(), _Rounds(follower, courier)
    while True:
        word = lines.next(_ROUND)
        courier.delivery.note_silence()
        if word is None and linger is not None and os.getppid() != parent:
            word = ""  # a process that the driver forked holds the other end
        if word == "" and linger is not None:
            _close(rounds, linger, ended=ended)
            return
        if word in ("leave", ""):
            return
        if word == "ended":
            ended = True
            follower.finish()
            courier.wake.set()
        elif not ended:
            rounds.round()


class _Rounds:
    """Settles what grows; a disk that is full for a while does not end it."""

    def __init__(self, follower: Follower, courier: Courier) -> None:
        self.follower, self.courier = follower, courier
        self._told = ""

    def round(self) -> None:
        try:
            if self.follower.poll():
                self.courier.wake.set()
            self._told = ""
        except JournalError as error:
            if str(error) != self._told:
                self._told = str(error)
                _log(f"{error} It is tried again.")


def _close(rounds: _Rounds, linger: float, *, ended: bool) -> None:
    """The driver is gone: settle its run, and deliver what waits for a while."""
    follower, courier = rounds.follower, rounds.courier
    folder = follower.folder
    if not ended:
        _hear_out(rounds)
        follower.finish(Outcome.of(folder) or Outcome(state="ABORT", ended=now_ms(), message=_GONE, language="UNKNOWN"))
    courier.wake.set()
    until = time.monotonic() + linger
    while time.monotonic() < until and any(item.waiting for item in arrivals(folder)):
        courier.delivery.note_silence()
        time.sleep(_ROUND)


def _hear_out(rounds: _Rounds) -> None:
    """The JVM outlives its Python for a moment, and ends its listeners properly."""
    folder, began = rounds.follower.folder, time.monotonic()
    while (passed := time.monotonic() - began) < _LONGEST_WORDS:
        is_known = Outcome.of(folder) is not None or not folder.witness.exists()
        if (is_known or passed >= _LAST_WORDS) and living_driver(folder) is None:
            return
        rounds.round()
        time.sleep(_ROUND)


class _Lines:
    """Standard input by lines, with a time-out and without a thread that would sit in a read for ever."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = b""

    def first(self) -> str:
        line = self.next(None)
        if not line:
            raise EOFError("the settings are missing")
        return line

    def next(self, timeout: float | None) -> str | None:
        """The next line, empty at the end of the input, None when the time is over."""
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._fd], [], [], timeout)
            if not ready:
                return None
            data = os.read(self._fd, 65536)
            if not data:
                return ""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()
