"""Text in terminal cells: what may be printed, how wide it is, and in which look."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_BLANKS = re.compile(r"\s+")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the place that a text goes to can show."""

    unicode: bool = True
    color: bool = False
    width: int = 100
    """Columns."""

    def paint(self, text: str, *styles: str) -> str:
        """`text` in the given colours, or as it is where there are none."""
        codes = ";".join(_CODES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m" if self.color and codes and text else text


def printable(text: str) -> str:
    """`text` on one line without anything that a terminal would obey."""
    text = _BLANKS.sub(" ", _ESCAPES.sub("", text))
    return "".join(char if _harmless(char) else "\N{REPLACEMENT CHARACTER}" for char in text).strip()


def _harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def cells(text: str) -> int:
    """How many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def cut(text: str, width: int, *, unicode: bool = True) -> str:
    """`text`, or its beginning and an ellipsis where it is wider than `width` columns."""
    if cells(text) <= width:
        return text
    dots = "…" if unicode else "..."
    while text and cells(text) + cells(dots) > width:
        text = text[:-1]
    return text.rstrip() + dots


def duration(ms: int | None) -> str:
    """Milliseconds as a person says them: `0.4 s`, `41 s`, `3 min 05 s`, `2 h 10 min`; empty for None."""
    if ms is None:
        return ""
    seconds = max(ms, 0) / 1000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
