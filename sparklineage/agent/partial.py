"""A download that broke off, kept so that the next one asks for the rest only."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = 7 * 24 * 3600.0
"""Seconds after which the rest is no longer asked for."""


class Partial:
    """The bytes that came, beside what vouches that the rest belongs to them.

    Only an answer with a strong ETag or a date can be continued: the server is asked for the rest on the condition
    that the file is still the same (RFC 9110, If-Range). The digest decides in the end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path.with_name(f"{path.name}.json")

    def begun(self, url: str) -> tuple[int, str]:
        """How many bytes of this URL are there, and the condition for asking for the rest; 0 and nothing for none."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            state = json.loads(self._state.read_text("utf-8"))
            found = self.path.stat()
            if state["url"] == url and found.st_size and time.time() - found.st_mtime < _KEPT:
                return found.st_size, str(state["validator"])
        return 0, ""

    def begin(self, url: str, validator: str | None) -> None:
        """Start anew; without a validator the bytes are of no use to another download."""
        self.drop()
        if validator:
            self._state.write_text(json.dumps({"url": url, "validator": validator}), "utf-8")

    def worth_keeping(self) -> bool:
        with suppress(OSError):
            return self._state.is_file() and self.path.stat().st_size > 0
        return False

    def drop(self) -> None:
        for path in (self._state, self.path):
            path.unlink(missing_ok=True)


def validator_of(etag: str | None, modified: str | None) -> str | None:
    """What a later If-Range can hold: a strong ETag, else the date of the last change."""
    if etag and not etag.startswith("W/"):
        return etag
    return modified or None
