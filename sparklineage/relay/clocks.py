"""The wall clock against the machine's own, which nobody can set: when a time was written down."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SET = 30.0
"""Seconds that the wall clock has to move at once to count as set."""
_EDGE = 1.0
"""Seconds by which two clocks that are read one after the other may differ."""
_OWN = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _wall() -> float:
    return time.time()


def _own() -> float:
    return time.clock_gettime(_OWN)


@dataclass
class _Setting:
    """A stretch of time in which nobody set the wall clock."""

    ahead: float
    """Seconds of the wall clock at the machine's zero."""
    since: float
    """The earliest moment at which it may have begun, on the machine's own clock."""
    until: float = math.inf


class Clocks:
    """Sees the wall clock set while it is asked again and again; what was before its first look is not known."""

    def __init__(self, wall: Callable[[], float] = _wall, own: Callable[[], float] = _own) -> None:
        """`own` is the clock that a process's start is told by: seconds since the machine has started."""
        self._wall, self._own = wall, own
        self._settings = [_Setting(self._ahead(), -math.inf)]
        self._looked = self._own()

    def latest(self, written: float) -> float:
        """The latest moment at which the wall clock may have shown this, on the machine's own clock."""
        self._look()
        moments = [(written - item.ahead, item) for item in self._settings]
        now = self._looked
        shown = [moment for moment, item in moments if item.since - _EDGE <= moment <= min(item.until, now) + _EDGE]
        return max(shown or [moment for moment, _ in moments])

    def _look(self) -> None:
        now, ahead, last = self._own(), self._ahead(), self._settings[-1]
        if abs(ahead - last.ahead) > _SET:
            last.until = now
            self._settings.append(_Setting(ahead, self._looked))
        self._looked = now

    def _ahead(self) -> float:
        return self._wall() - self._own()
