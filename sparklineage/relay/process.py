"""The relay of one `submit`, as a process of its own.

A separate process, so that a bug or a slow backend of the lineage never touches the job, a tty's Ctrl-C does not
reach it, and an event that is under way when `submit` leaves is still answered and remembered. Standard input
carries one line of JSON (the backend, its key and other secrets to keep out of what is written: never an argument),
later the line `ended` when outcome.json is written, and the line `leave`; its end means that `submit` is gone.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.model.secret import Secret
from sparklineage.relay.deliver import Courier, Delivery
from sparklineage.relay.drain import drain_leftovers
from sparklineage.relay.follow import Follower
from sparklineage.relay.sinks.http import HttpSink

_ROUND = 0.25
"""Seconds between two looks at the growing files."""


def main(path: str) -> int:
    """Follow, settle and deliver the run in this folder until told to leave. Returns an exit status."""
    folder = RunFolder(Path(path))
    lines = _Lines(sys.stdin.fileno())
    settings = json.loads(lines.first())
    backend = backend_of(settings["backend"])
    secrets = [*settings.get("secrets", ()), *backend.secrets]
    follower = Follower(folder, secrets=secrets)
    courier = Courier(Delivery(folder, HttpSink(backend)))
    courier.start()
    leaving = threading.Event()
    leftovers = threading.Thread(
        target=drain_leftovers,
        args=(folder, lambda: HttpSink(backend), leaving, secrets),
        name="leftovers",
        daemon=True,
    )
    leftovers.start()
    try:
        _follow(follower, lines, courier)
    finally:
        leaving.set()
        courier.leave()
        # What is under way is answered or times out; nothing new is begun.
        courier.join(backend.timeout * 2 + 5)
        leftovers.join(backend.timeout * 2 + 5)
        if courier.broken is not None:
            print("".join(traceback.format_exception(courier.broken)), file=sys.stderr)  # noqa: T201 - to relay.log
    return 0


def _follow(follower: Follower, lines: _Lines, courier: Courier) -> None:
    """Until told to leave: settle round by round, and to the end once the job has ended."""
    ended = False
    while True:
        word = lines.next(_ROUND)
        courier.delivery.note_silence()
        if word in ("leave", ""):
            return
        if word == "ended":
            ended = True
            follower.finish()
            courier.wake.set()
        elif not ended and follower.poll():
            courier.wake.set()


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


def backend_of(fields: dict[str, Any]) -> Backend:
    """The backend as `submit` wrote it down."""
    key = fields.pop("api_key", None)
    return Backend(**fields, api_key=Secret(key) if key else None)
