"""Copying one of the child's streams to ours, unchanged and at once, and keeping its end."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections import deque

TAIL_BYTES = 256 * 1024
"""How much of a stream's end is kept."""

_CHUNK = 64 * 1024
_GRACE_SECONDS = 0.2
# No pipe holds more, so what comes beyond it after the process's end is an orphan's.
_MOST_IN_A_PIPE = 1 << 20
_NOBODY_READS = frozenset((errno.EPIPE, errno.EIO, errno.EBADF))


class Pump:
    """A thread that copies one descriptor, which it owns from now on, to another.

    Each stream has its own, because a reader of our standard output that takes its time must hold up neither
    Spark's log nor our supervision, only whoever writes to standard output, as it would without us.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target
        self._wake, self._waker = os.pipe()
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._thread = threading.Thread(target=self._run, name="sparklineage-pump", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether everything is copied, or nobody reads the copy any more."""
        return not self._thread.is_alive()

    @property
    def tail(self) -> bytes:
        """The last 256 KiB that came through."""
        return b"".join(list(self._chunks))[-TAIL_BYTES:]

    def process_is_gone(self) -> None:
        """From now on only what is in the pipe already counts: an orphan may hold its other end for hours."""
        os.close(self._waker)

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._copy()
        finally:
            # With nobody to read what the child writes, closing our end tells it so.
            os.close(self._source)
            os.close(self._wake)

    def _copy(self) -> None:
        poller = select.poll()
        poller.register(self._source, select.POLLIN)
        poller.register(self._wake, select.POLLIN)
        deadline: float | None = None
        in_pipe = _MOST_IN_A_PIPE
        while in_pipe > 0:
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            ready = {fd for fd, _ in poller.poll(left)}
            if self._source in ready:
                chunk = os.read(self._source, _CHUNK)
                if not chunk:
                    return
                self._keep(chunk)
                began = time.monotonic()
                if not self._write(chunk):
                    return
                if deadline is not None:
                    deadline += time.monotonic() - began
                    in_pipe -= len(chunk)
            elif self._wake in ready:
                poller.unregister(self._wake)
                deadline = time.monotonic() + _GRACE_SECONDS
            if deadline is not None and time.monotonic() >= deadline:
                return

    def _keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._kept += len(chunk)
        while self._kept - len(self._chunks[0]) >= TAIL_BYTES:
            self._kept -= len(self._chunks.popleft())

    def _write(self, chunk: bytes) -> bool:
        view = memoryview(chunk)
        while view:
            try:
                view = view[os.write(self._target, view) :]
            except BlockingIOError:
                poller = select.poll()
                poller.register(self._target, select.POLLOUT)
                poller.poll()
            except OSError as error:
                # Anything else, such as a full disk, loses this chunk as it would without us.
                return error.errno not in _NOBODY_READS
        return True
