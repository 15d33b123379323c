"""How this Python process ends, heard of early enough to record it.

An exception that nobody catches is told by `sys.excepthook`, a signal by its handler, and `sys.exit` by the exception
that it raises: when that has left the last frame of the program, its finalizer sees no frame below it. Of a plain
`raise SystemExit(3)` nobody but a `with` block is told; the program's lowest frame shows that it was left by one, and
its status is known when no Python runs any more: see `sparklineage.journal.exit_status`.
"""

from __future__ import annotations

import atexit
import opcode
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from sparklineage.sdk.interrupted import keep_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a process without a word of Python's; SIGINT is an exception there."""
_heard: list[Ending] = []
"""The one that is installed, if any."""


@dataclass(frozen=True, kw_only=True)
class End:
    """How it ends; a good end where nothing is said."""

    error: BaseException | None = None
    signal: int | None = None
    is_known: bool = True
    """False where this is a guess, and only the process's exit status will tell."""
    at_exit: bool = False
    """Whether the process ends with it."""


class _Exit(SystemExit):
    """What `sys.exit` raises while an application is open: a SystemExit in every respect."""

    def __del__(self) -> None:
        try:
            if _heard and sys._getframe().f_back is None and _is_main():  # noqa: SLF001 - only the stack tells
                _heard[-1].exited(self)
        except Exception:  # noqa: BLE001, S110 - nobody could hear of it
            pass


_Exit.__name__ = _Exit.__qualname__ = "SystemExit"
_Exit.__module__ = "builtins"


class Ending:
    """Calls `end` once, when the process ends."""

    def __init__(self, end: Callable[[End], None]) -> None:
        self._end = end
        self._pid = os.getpid()
        self._error: BaseException | None = None
        self._is_sure = False
        self._before: tuple[Any, Any] | None = None
        self._lowest: FrameType | None = None

    def install(self) -> None:
        """Listen from now on."""
        _heard.append(self)
        self._lowest = _lowest()
        self._before = (sys.excepthook, sys.exit)
        # `nohup` ignores a hang-up, and so it stays.
        for number in _ENDING if _is_main() else ():
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._terminated)
        sys.excepthook = self._raised
        sys.exit = _exit
        atexit.register(self._over)

    def remove(self) -> None:
        """Give everything back that nobody else has taken meanwhile."""
        if self._before is None:
            return
        hook, exit_ = self._before
        self._before = self._lowest = None
        if self in _heard:
            _heard.remove(self)
        if sys.excepthook == self._raised:
            sys.excepthook = hook
        if sys.exit is _exit and not _heard:
            sys.exit = exit_
        for number in _ENDING if _is_main() else ():
            if signal.getsignal(number) == self._terminated:
                signal.signal(number, signal.SIG_DFL)
        atexit.unregister(self._over)

    def exited(self, error: SystemExit) -> None:
        """The program has left by `sys.exit`, or by what it did when it caught that."""
        if os.getpid() != self._pid or self._is_sure:
            return
        trace, lowest = error.__traceback__, self._lowest
        # Before Python 3.12 one that nobody has caught has no trace of its own.
        self._is_sure = trace is None or (
            lowest is not None and trace.tb_frame is lowest and trace.tb_lasti == lowest.f_lasti
        )
        self._error = SystemExit(error.code)

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._error, self._is_sure = error, True
        hook = self._before[0] if self._before is not None else sys.__excepthook__
        hook(kind, error, trace)

    def _over(self) -> None:
        if os.getpid() == self._pid:
            self._end(replace(self._seen(), at_exit=True))
            keep_interrupted()

    def _seen(self) -> End:
        if self._lowest is None:
            return End(error=self._error)
        if hasattr(sys, "ps1"):  # each line of an interactive session is a program of its own
            return End(error=self._error, is_known=False)
        if _has_returned(self._lowest):
            return End()
        if not self._is_sure and (error := self._shown()) is not None:
            return End(error=error)
        return End(error=self._error, is_known=self._is_sure)

    def _shown(self) -> BaseException | None:
        """What Python has shown as the program's last exception, where another hook than ours was told of it."""
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)  # the first since Python 3.12
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        return error if trace is not None and trace.tb_frame is self._lowest else None

    def _terminated(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() == self._pid:
            self._end(End(signal=number, at_exit=True))
        # As it would have ended without us.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _exit(status: Any = None, /) -> NoReturn:
    """Exit the interpreter by raising SystemExit(status)."""
    # A thread's own end is no matter here, and `threading.excepthook` is silent for that very class alone.
    kind = _Exit if _is_main() or _is_handed_over() else SystemExit
    raise kind(status) if status is not None else kind()


def _is_handed_over() -> bool:
    """Whether it gets from this thread to whoever asks for the result, which may be the program's lowest frame."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - only the stack tells
    while frame is not None and frame.f_globals.get("__name__") != "concurrent.futures.thread":
        frame = frame.f_back
    return frame is not None


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _lowest() -> FrameType | None:
    """The main thread's first frame, which is the whole program; None where it cannot be seen."""
    try:
        frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 - there is no public way
    except AttributeError:  # not CPython
        return None
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    # Python's own start runs sitecustomize in frames before it.
    return frame if frame is not None and frame.f_globals.get("__name__") in ("__main__", "runpy") else None


def _has_returned(frame: FrameType) -> bool:
    """Whether it came to its end; False where an exception has left it."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN")
