"""The relay that runs beside a job, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError
from sparklineage.journal import DeliveryLock
from sparklineage.model.clock import now_ms
from sparklineage.relay import Follower, arrivals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sparklineage.journal import RunFolder
    from sparklineage.relay.handover import Handover

# Not `-m`: that would put the user's folder first on the path, with whatever json.py may lie there.
_BOOT = (
    "import sys; sys.path[:1] = []; sys.path.append(sys.argv[1]); "
    "from sparklineage.cli.relay_boot import main; sys.exit(main(sys.argv[2]))"
)
_SETTLE = 10.0
"""Seconds that the relay may take to settle the rest of a journal; it is milliseconds for most."""
_LOCK_WAIT = 2.0
"""Seconds to wait for whoever settles a run in our place."""
_NO_PROGRESS = 4.0
"""Seconds without one accepted event after which a backend is not waited for any longer."""
_CATCH_UP = 0.75
"""Seconds in which the relay of a job that goes on has looked at what there is: it does so four times a second."""
_LOOK = 0.05


class RelayProcess:
    """Started before the job, told when it has ended, left when the drain time is over."""

    def __init__(
        self,
        folder: RunFolder,
        handover: Handover,
        *,
        environ: Mapping[str, str],
        lock_fd: int,
    ) -> None:
        """`lock_fd` is the lock of the driver's life; secrets of services are fetched with this `environ`."""
        self.folder = folder
        # The relay inherits the lock, so that from before the job until it ends nobody else delivers this run.
        with DeliveryLock(folder) as delivering, (folder.path / "relay.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(Path(__file__).parents[2]), str(folder.path)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(environ),
                pass_fds=(lock_fd, delivering.fd),
                start_new_session=True,  # a Ctrl-C at the terminal is for the job
                cwd=folder.path,
            )
        self._say(handover.line())

    def ended(self, within: float = _SETTLE) -> bool:
        """Tell it that outcome.json is written, and wait until the journal is settled; False if it did not."""
        if not self._say("ended"):
            return False
        until = time.monotonic() + within
        while not self.folder.settled.exists():
            if self._process.poll() is not None or time.monotonic() >= until:
                return False
            time.sleep(0.005)
        return True

    def drain(self, timeout: float, hurry: Callable[[], bool]) -> None:
        """Wait until everything is accepted, the time is over, or the backend has stopped taking anything."""
        until = time.monotonic() + timeout
        accepted, moved = -1, time.monotonic()
        while self._process.poll() is None:
            found = arrivals(self.folder)
            if not any(item.waiting for item in found):
                return
            done = sum(item.delivered + item.refused for item in found)
            now = time.monotonic()
            if done != accepted:
                accepted, moved = done, now
            for item in found:
                # A wait that the backend asked for is no silence, if it ends in time.
                asked = now + ((item.retry_at or 0) - now_ms()) / 1000
                if item.waiting and asked < until:
                    moved = max(moved, asked)
            if now >= until or now - moved >= _NO_PROGRESS or hurry():
                return
            time.sleep(min(_LOOK, max(until - now, 0)))

    def outlive(self, within: float) -> None:
        """Wait until what the job has told is delivered, at most so many seconds; it stays until this process is gone.

        Whatever Python closes as it is finalised, the relay must not take this process for gone before its exit.
        """
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                # A bare number, which nothing but the kernel closes.
                os.dup(self._process.stdin.fileno())
        time.sleep(min(_CATCH_UP, within))
        self.drain(max(0.0, within - _CATCH_UP), lambda: False)
        self.let_go()

    def leave(self) -> None:
        """Let go of it. An event under way is still answered and remembered, then it ends by itself."""
        self._say("leave")
        self.let_go()

    def let_go(self) -> None:
        """As at this process's end: one that lingers goes on by itself."""
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError):
                stdin.close()
        # It outlives us on purpose; without this the interpreter would warn of a child left behind.
        self._process.returncode = self._process.poll() or 0

    def _say(self, line: str) -> bool:
        stdin = self._process.stdin
        try:
            if stdin is None or self._process.poll() is not None:
                return False
            stdin.write(line.encode() + b"\n")
            stdin.flush()
        except OSError:
            return False
        return True


def settle_here(folder: RunFolder, secrets: Sequence[str] = ()) -> None:
    """Settle a journal that no relay follows, or whose relay is gone. None of `secrets` is written.

    Raises JournalBusyError where another process has meanwhile begun to deliver it and does not end.
    """
    try:
        with DeliveryLock(folder, wait=_LOCK_WAIT):
            Follower(folder, secrets=secrets).finish()
    except JournalBusyError:
        if not folder.settled.exists():
            raise
