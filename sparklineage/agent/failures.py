"""Remembering for a while which places wasted time, so that not every job waits for them again."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Failures:
    """What failed lately for one file: a stamp beside it for each place, holding the reason.

    For `spare` seconds a stamp counts; with 0 none does.
    """

    def __init__(self, target: Path, spare: float) -> None:
        self._target, self._spare = target, spare
        if not spare:
            self.forget()

    def known(self, place: str) -> str | None:
        """Why this place is not asked now; None where it is."""
        stamp = self._stamp(place)
        with suppress(OSError, ValueError):
            age = time.time() - stamp.stat().st_mtime
            if 0 <= age < self._spare:
                ago, again = _span(age), _span(self._spare - age)
                return f"{stamp.read_text('utf-8').strip()} {ago} ago, and is asked again in {again}"
        return None

    def remember(self, place: str, reason: str) -> None:
        """That it failed now; its text is without secrets."""
        with suppress(OSError):
            self._stamp(place).write_text(f"{reason}\n", "utf-8")

    def forget(self) -> None:
        """Ask every place again."""
        with suppress(OSError):
            for stamp in self._target.parent.glob(f".{self._target.name}.*.failed"):
                stamp.unlink(missing_ok=True)

    def _stamp(self, place: str) -> Path:
        key = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self._target.with_name(f".{self._target.name}.{key}.failed")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
