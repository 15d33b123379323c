"""What a process has to know of forks that sends in a thread of its own."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 5.0
"""Seconds for which a fork waits at most."""
_LATE = -20
"""After whatever else the child is to finish, its queues (-5) and other children too."""

_imports = threading.RLock()


class _Forking(threading.local):
    """What this thread has done to fork."""

    is_held = False


_forking = _Forking()


@contextmanager
def whole() -> Iterator[None]:
    """Keep this process from forking while the block imports: a child would have half a module, and never the rest."""
    with _imports:
        yield


def _before() -> None:
    _forking.is_held = _imports.acquire(timeout=_LONGEST)


def _in_parent() -> None:
    if _forking.is_held:
        _imports.release()


def _in_child() -> None:
    global _imports  # noqa: PLW0603 - the thread that holds it may not be there
    _imports = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)


def at_end_of_child(act: Callable[[], None]) -> None:
    """Do it when this process ends, if `multiprocessing` has started it: such a child leaves by `os._exit`, so that
    nothing of `atexit` is called, but its own finalizers are.
    """
    if (util := _of_child()) is not None:
        util.Finalize(None, act, exitpriority=_LATE)


def is_end_of_child() -> bool:
    """Whether this is such a child, and its finalizers are called or were."""
    util = _of_child()
    return util is not None and bool(util.is_exiting())


def _of_child() -> Any:
    """The module with its finalizers, if `multiprocessing` has started this process."""
    process = sys.modules.get("multiprocessing.process")
    is_child = process is not None and process.parent_process() is not None
    return sys.modules.get("multiprocessing.util") if is_child else None
