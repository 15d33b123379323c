"""Troubles of a process that runs for weeks: each cause is told once, until it is over."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError, SparklineageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sparklineage.journal import RunFolder

_MOST = 1000
_PER_HOUR = 100
"""Lines about runs in an hour: whoever makes folders makes troubles."""


class Causes:
    """`warn` gets a line for each new one."""

    def __init__(self, backend: str, warn: Callable[[str], None]) -> None:
        """`backend` is its address as people may see it."""
        self._backend = backend
        self._warn = warn
        self._told: OrderedDict[str, None] = OrderedDict()
        self._of_backend: set[str] = set()
        self._since, self._count = time.monotonic(), 0

    def tell(self, text: str) -> None:
        if text not in self._told:
            self._told[text] = None
            if len(self._told) > _MOST:
                self._told.popitem(last=False)
            now = time.monotonic()
            if now - self._since >= 3600:
                self._since, self._count = now, 0
            self._count += 1
            if self._count < _PER_HOUR:
                self._warn(text)
            elif self._count == _PER_HOUR:
                self._warn(f"{text} Further troubles of this hour are not told.")

    def lost(self, text: str) -> None:
        """Tell what is lost, however much has been told."""
        self._warn(text)

    def backend(self, errors: Iterable[str], *, answered: bool) -> None:
        """What the backend says to events at the moment, each again and again until it takes them.

        `answered` says whether it has taken or refused one since the last call.
        """
        found = set(errors)
        for error in sorted(found - self._of_backend):
            self._warn(f"{self._backend}: {error}; what waits is sent again.")
        if found:
            self._of_backend |= found
        elif self._of_backend and answered:
            self._of_backend.clear()
            self._warn(f"{self._backend} takes events again.")


def sentence(folder: RunFolder, error: Exception) -> str:
    """Why this folder is left alone."""
    if isinstance(error, OSError) and not isinstance(error, JournalError):
        return f"{error.filename or folder.path}: cannot be read or written: {error.strerror}."
    if isinstance(error, SparklineageError):
        return str(error)
    return f"{folder.path}: cannot be settled or delivered ({type(error).__name__})."
