"""Running spark-submit as if it had been started directly: output at once and unchanged, signals passed on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import SparkNotFoundError
from sparklineage.model.clock import now_ms
from sparklineage.submit.pump import Pump

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that ask the job to end. They are passed on and remembered."""

_TICK_SECONDS = 0.5
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How spark-submit ended."""

    returncode: int
    """As Popen has it: negative for a signal."""
    signal_sent: int | None
    """The first of `ENDING_SIGNALS` that we passed on."""
    stdout_tail: bytes
    """The last 256 KiB of standard output. A Python driver's own errors are here: Spark merges them into it."""
    stderr_tail: bytes
    """The last 256 KiB of standard error: Spark's log and the JVM's errors. Where both streams lead to one place,
    both tails are what went there."""
    started_ms: int
    ended_ms: int

    @property
    def exit_status(self) -> int:
        """What a shell would see: 128+n for signal n."""
        return 128 - self.returncode if self.returncode < 0 else self.returncode


def launch(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    stdout_fd: int = 1,
    stderr_fd: int = 2,
    on_tick: Callable[[], object] | None = None,
) -> Ending:
    """Start `argv`, stay with it, and say how it ended.

    The process is in our own process group and reads our standard input. `pass_fds` stay open in it. `on_tick`
    is called about twice a second from this thread; when it raises, it is not called again and the job goes on.
    Raises SparkNotFoundError where the program cannot be started.
    """
    with _Forwarding() as forwarding:
        started_ms = now_ms()
        process, sources = _start(argv, environ, pass_fds, together=_same_file(stdout_fd, stderr_fd))
        pumps = tuple(Pump(source, target) for source, target in zip(sources, (stdout_fd, stderr_fd), strict=False))
        forwarding.start(process)
        _wait(process, on_tick)
        ended_ms = now_ms()
        _finish(pumps, forwarding)
    return Ending(
        returncode=process.returncode,
        signal_sent=forwarding.sent,
        stdout_tail=pumps[0].tail,
        stderr_tail=pumps[-1].tail,
        started_ms=started_ms,
        ended_ms=ended_ms,
    )


def _same_file(one: int, other: int) -> bool:
    """Whether two descriptors lead to one place, as after `2>&1` or on a terminal."""
    try:
        first, second = os.fstat(one), os.fstat(other)
    except OSError:
        return False
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _start(
    argv: Sequence[str], environ: Mapping[str, str], pass_fds: Sequence[int], *, together: bool
) -> tuple[subprocess.Popen[bytes], list[int]]:
    """The process, and the reading ends of its streams: one for both where they end up in one place.

    With two pipes the lines of the two streams would come out in another order than they were written in.
    """
    pipes = [os.pipe() for _ in range(1 if together else 2)]
    try:
        process = subprocess.Popen(
            list(argv), env=dict(environ), pass_fds=tuple(pass_fds), stdout=pipes[0][1], stderr=pipes[-1][1]
        )
    except OSError as error:
        for read, _ in pipes:
            os.close(read)
        raise SparkNotFoundError(
            f"{argv[0]} cannot be started: {error.strerror or error}; "
            "check that it is Spark's own spark-submit and executable."
        ) from None
    finally:
        for _, write in pipes:
            os.close(write)
    return process, [read for read, _ in pipes]


class _Forwarding:
    """Passes signals on to the process while it lives; the old handlers come back afterwards."""

    def __init__(self) -> None:
        self.sent: int | None = None
        self.impatient = False
        """Whether an ending signal came when the process was gone already."""
        self._early: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._previous: dict[int, signal.Handlers | int | Callable[[int, FrameType | None], object] | None] = {}

    def __enter__(self) -> _Forwarding:
        if threading.current_thread() is threading.main_thread():
            for number in (*ENDING_SIGNALS, signal.SIGQUIT):
                # What the caller ignores (nohup, a background job) the child ignores too, as it would without us.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def start(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what came before the process was there."""
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        ends = number in ENDING_SIGNALS
        if self._process is not None and self._process.returncode is not None:
            self.impatient |= ends
            return
        if ends and self.sent is None:
            self.sent = number
        if self._process is None:
            self._early.append(number)
        else:
            self._process.send_signal(number)


def _wait(process: subprocess.Popen[bytes], on_tick: Callable[[], object] | None) -> None:
    """Until the process is gone, without a delay where the system can tell (Linux)."""
    try:
        pidfd = os.pidfd_open(process.pid)
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
    except (AttributeError, OSError):
        pidfd, poller = -1, None
    tick_at = time.monotonic() + _TICK_SECONDS
    try:
        while process.poll() is None:
            left = max(0.0, tick_at - time.monotonic()) if on_tick else _TICK_SECONDS
            if poller is not None:
                poller.poll(left * 1000)
            else:
                time.sleep(min(left, _POLL_SECONDS))
            if on_tick is not None and time.monotonic() >= tick_at:
                tick_at = time.monotonic() + _TICK_SECONDS
                try:
                    on_tick()
                except Exception:  # noqa: BLE001 - what rides along never ends the job
                    on_tick = None
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def _finish(pumps: Sequence[Pump], forwarding: _Forwarding) -> None:
    """Let the pumps write what is left. A reader that has stopped reading is waited for, until a signal comes."""
    for pump in pumps:
        pump.process_is_gone()
    while any(not pump.done for pump in pumps) and not forwarding.impatient:
        for pump in pumps:
            pump.join(_POLL_SECONDS)
