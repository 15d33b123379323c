"""The relay's own log: one line a thing, none of them secret, never larger than it may be."""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from sparklineage.model.clock import to_iso
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.relay.node.config import Log as Settings

# Names of files are chosen by whoever made them: none begins a line of its own.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def visible(text: str) -> str:
    """The text on one line, control characters written as `\\x0a`."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Log:
    """Writes to the file that is configured; to stderr where there is none, or it cannot be written."""

    def __init__(self, settings: Settings | None) -> None:
        # A full disk is no reason to write tracebacks to stderr.
        logging.raiseExceptions = False
        self._secrets: tuple[str, ...] = ()
        self._logger = logging.Logger("sparklineage.relay", logging.INFO)
        problem, handler = None, None
        if settings is not None:
            try:
                handler = RotatingFileHandler(
                    settings.file,
                    maxBytes=settings.size,
                    backupCount=settings.files,
                    encoding="utf-8",
                    errors="backslashreplace",
                )
            except OSError as error:
                problem = f"{settings.file}: cannot be written: {error.strerror}; the log goes to stderr."
        chosen: logging.Handler = handler or logging.StreamHandler(sys.stderr)
        chosen.setFormatter(_Lines())
        self._logger.addHandler(chosen)
        if problem:
            self.alert(problem)

    def hide(self, secrets: Iterable[str]) -> None:
        """None of these is written from now on. May be called by another thread."""
        self._secrets = (*self._secrets, *secrets)

    def say(self, text: str) -> None:
        self._logger.info("%s", mask(visible(text), self._secrets))

    def alert(self, text: str) -> None:
        self._logger.warning("%s", mask(visible(text), self._secrets))

    def close(self) -> None:
        for handler in self._logger.handlers:
            handler.close()


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{to_iso(round(record.created * 1000))} {record.levelname.lower():<7} {record.getMessage()}"
