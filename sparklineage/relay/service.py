"""The loop of a process that delivers a journal until it is told to end: `relay watch`, and the relay of a node."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

from sparklineage.relay.spool import WatchLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sparklineage.relay.watch import Watcher

ROUND = 0.5
"""Seconds between two looks at the journal."""
_BUSY = 0.05
"""The same while something moves: only so many ended runs are delivered at once, and others wait for their room."""
_ONCE = 0.02
_SWITCH = 0.0005
"""Seconds that a thread may compute while another waits for its turn."""
IDLE = 2.0
"""Seconds between two looks where nothing has moved for long."""
_LONG = 30.0


class Bell:
    """Rings on TERM and INT, from when it is made."""

    def __init__(self) -> None:
        self.count = 0
        self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

        def ring(*_: object) -> None:
            self.count += 1
            os.write(write, b"!")  # wakes the sleep below, which a signal alone does not end

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ring)

    def rung(self, seconds: float, since: int = 0) -> bool:
        """Whether it has rung more often than `since`; waits for that so long."""
        if self.count <= since and select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 64)
        return self.count > since


def watch(
    root: Path,
    make: Callable[[], Watcher],
    bell: Bell,
    *,
    drain: float,
    once: bool = False,
    until: float | None = None,
    state: Path | None = None,
) -> None:
    """Deliver what is below `root` until the bell rings, and `drain` seconds more; with a second ring at once.

    With `once` also as soon as nothing moves any more, and at `until`, a value of `time.monotonic()`. A root that is
    not there yet is waited for: whoever writes first makes it, with the mode that others need. Raises
    JournalBusyError where it is watched already, JournalError where it cannot be read or `state` not written.
    """
    while not root.exists():
        if once or bell.rung(ROUND):
            return
    lock = WatchLock(root, state)
    # Settling computes, sending waits: the threads that send get their turn at once when an answer is there.
    sys.setswitchinterval(_SWITCH)
    try:
        watcher = make()
        _rounds(watcher, bell, once=once, until=until)
        again = bell.count  # a second signal does not wait
        watcher.close(time.monotonic() + drain, lambda: bell.rung(_ONCE, since=again))
    finally:
        lock.close()


def _rounds(watcher: Watcher, bell: Bell, *, once: bool, until: float | None) -> None:
    moved_at = time.monotonic()
    while True:
        moved = watcher.round()
        now = time.monotonic()
        if moved:
            moved_at = now
        if (once and not moved) or (until is not None and now >= until):
            return
        pause = _BUSY if moved else ROUND if now - moved_at < _LONG else IDLE
        if bell.rung(_ONCE if once else pause):
            return
