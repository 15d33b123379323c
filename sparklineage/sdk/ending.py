"""How this Python process ends, heard of early enough to record it.

An exception that nobody catches is told by `sys.excepthook`, a signal by its handler, and `sys.exit` by the exception
that it raises: when that has left the last frame of the program, its finalizer sees no frame below it. A plain
`raise SystemExit(3)` at the top of a program is seen by nobody but a `with` block.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_heard: list[Ending] = []
"""The one that is installed, if any."""


class _Exit(SystemExit):
    """What `sys.exit` raises while an application is open: a SystemExit in every respect."""

    def __del__(self) -> None:
        try:
            if _heard and sys._getframe().f_back is None and _is_main():  # noqa: SLF001 - only the stack tells
                _heard[-1].exited(self.code)
        except Exception:  # noqa: BLE001, S110 - nobody could hear of it
            pass


_Exit.__name__ = _Exit.__qualname__ = "SystemExit"
_Exit.__module__ = "builtins"


class Ending:
    """Calls `end(error, signal)` once, when the process ends; error is None for a good end."""

    def __init__(self, end: Callable[[BaseException | None, int | None], None]) -> None:
        self._end = end
        self._pid = os.getpid()
        self._error: BaseException | None = None
        self._before: tuple[Any, Any, Any] | None = None

    def install(self) -> None:
        """Listen from now on."""
        _heard.append(self)
        terminate = None
        if _is_main() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            terminate = signal.signal(signal.SIGTERM, self._terminated)
        self._before = (sys.excepthook, sys.exit, terminate)
        sys.excepthook = self._raised
        sys.exit = _exit
        atexit.register(self._over)

    def remove(self) -> None:
        """Give everything back that nobody else has taken meanwhile."""
        if self._before is None:
            return
        hook, exit_, terminate = self._before
        self._before = None
        if self in _heard:
            _heard.remove(self)
        if sys.excepthook == self._raised:
            sys.excepthook = hook
        if sys.exit is _exit and not _heard:
            sys.exit = exit_
        if terminate is not None and _is_main() and signal.getsignal(signal.SIGTERM) == self._terminated:
            signal.signal(signal.SIGTERM, terminate)
        atexit.unregister(self._over)

    def exited(self, code: Any) -> None:
        """The program has left by `sys.exit`."""
        if os.getpid() == self._pid:
            self._error = SystemExit(code)

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._error = error
        hook = self._before[0] if self._before is not None else sys.__excepthook__
        hook(kind, error, trace)

    def _over(self) -> None:
        if os.getpid() == self._pid:
            self._end(self._error, None)

    def _terminated(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() == self._pid:
            self._end(None, number)
        # As it would have ended without us.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _exit(status: Any = None, /) -> NoReturn:
    """Exit the interpreter by raising SystemExit(status)."""
    raise _Exit(status) if status is not None else _Exit()


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
