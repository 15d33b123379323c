"""What the place that the output goes to can show."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from sparklineage.graph.cells import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN_WIDTH = 120
"""Columns where nobody says how many there are: a file, a pipe."""

# Every character that a drawing or a table of ours may use.
_SAMPLE = "─┄▸┬┤┘├└↺✓✗■…×"  # noqa: RUF001


def look_of(stream: TextIO, environ: Mapping[str, str]) -> Look:
    """Colours on a terminal alone; `NO_COLOR`, then `FORCE_COLOR`, then `TERM=dumb` decide otherwise.

    The width is `COLUMNS`, else the terminal's own.
    """
    return Look(unicode=_can_encode(stream), color=_color(stream, environ), width=_width(stream, environ))


def warn(sentence: str) -> None:
    """One sentence on stderr that does not end the command."""
    print(f"sparklineage: {sentence}", file=sys.stderr)


def _color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced != "0"
    return environ.get("TERM") != "dumb" and stream.isatty()


def _can_encode(stream: TextIO) -> bool:
    try:
        _SAMPLE.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    chosen = environ.get("COLUMNS", "")
    if chosen.isdecimal() and int(chosen) > 0:
        return int(chosen)
    try:
        return os.get_terminal_size(stream.fileno()).columns or UNKNOWN_WIDTH
    except (OSError, ValueError):
        return UNKNOWN_WIDTH
