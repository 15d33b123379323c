"""Folders that are left alone for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_FIRST, _LONGEST = 30.0, 1800.0


@dataclass
class Later:
    """By run id. A folder with a trouble of its own is looked at more and more seldom."""

    _due: dict[str, float] = field(default_factory=dict)
    """Values of `time.monotonic()`."""
    _times: dict[str, int] = field(default_factory=dict)

    def wait(self, run_id: str, seconds: float) -> None:
        """Leave it alone for that long."""
        self._due[run_id] = time.monotonic() + seconds

    def trouble(self, run_id: str) -> None:
        """Leave it alone, each time twice as long as before."""
        times = self._times[run_id] = self._times.get(run_id, 0) + 1
        self.wait(run_id, min(_FIRST * 2 ** min(times - 1, 10), _LONGEST))

    def is_due(self, run_id: str) -> bool:
        """Whether it may be looked at."""
        return self._due.get(run_id, 0.0) <= time.monotonic()

    def keep(self, run_ids: Container[str]) -> None:
        """Forget all others."""
        for known in (self._due, self._times):
            for run_id in [run_id for run_id in known if run_id not in run_ids]:
                del known[run_id]

    def clear(self) -> None:
        """Forget all."""
        self._due.clear()
        self._times.clear()
