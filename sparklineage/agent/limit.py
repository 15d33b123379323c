"""How long a download may keep a job waiting."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from sparklineage.errors import AgentJarError

if TYPE_CHECKING:
    from collections.abc import Callable

ENOUGH = 1_000_000
"""Bytes that earn more time."""
EARNED = 10.0
"""Seconds that they earn."""


class SlowError(AgentJarError):
    """A place took, or lately had taken, more time than there is."""


class Limit:
    """The time left for a fetch from all places together: `seconds`, and ten more for each megabyte that came.

    It is never more than `seconds` ahead, so that a slow line gets through and one that trickles does not.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._received = 0

    def left(self) -> float:
        return max(0.0, self._end - self._clock())

    def received(self, size: int) -> None:
        """So many bytes more have come. Raises SlowError where the time is over."""
        self.check()
        self._received += size
        earned, self._received = divmod(self._received, ENOUGH)
        if earned:
            self._end = min(self._end + earned * EARNED, self._clock() + self.seconds)

    def check(self) -> None:
        """Raises SlowError where the time is over."""
        if not self.left():
            raise SlowError(f"sent too little in {self.seconds:g} s")

    def run(self, work: Callable[[], None]) -> None:
        """Do the work in a thread that is left alone when the time is over, with SlowError.

        Names that do not resolve, connections and half an answer can each hang longer than any time-out of theirs.
        """
        trouble: list[BaseException] = []
        done = threading.Event()

        def do() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
                trouble.append(error)
            finally:
                done.set()

        threading.Thread(target=do, name="sparklineage-fetch", daemon=True).start()
        while not done.wait(self.left()):
            self.check()
        if trouble:
            raise trouble[0]
