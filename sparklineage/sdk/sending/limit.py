"""A limit of time for what the main thread does itself, where no other thread could do it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_AGAIN = 0.5
"""Seconds until it is raised once more, where a finalizer or a callback of C has swallowed it."""


def is_main() -> bool:
    """Whether this is the main thread, in which signals and the functions of `atexit` are called."""
    return threading.current_thread() is threading.main_thread()


class TimeOver(BaseException):
    """Raised in the block of `within`; no Exception, which the block might catch."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeOver in the block after so many seconds, more than 0.

    By SIGALRM, so without a limit in other threads, on Windows, and where code in C has taken that signal.
    """
    before = signal.getsignal(signal.SIGALRM) if hasattr(signal, "SIGALRM") else None
    if before is None or not is_main():
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeOver

    signal.signal(signal.SIGALRM, over)
    theirs = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # also where the time is over just before it is taken back
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *theirs)
