"""Lines of a text: taking one out, or putting one in, as a person would."""

from __future__ import annotations

import re

from sparklineage.lint.fix.changes import Edit

_BLANKS = re.compile(r"[ \t]*")
_CONTINUES = re.compile(r"[ \t]*\\(?:\r\n|\r|\n)")
_ENDS = re.compile(r"[ \t]*(?P<backslash>\\)?(?:\r\n|\r|\n|\Z)")
_CONTINUED = re.compile(r"[ \t]*\\(?:\r\n|\r|\n)\Z")
_NEWLINE = re.compile(r"\r\n|\r|\n")


def begin_of_line(text: str, at: int) -> int:
    """The offset of the first character of the line that holds an offset."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def indent(text: str, at: int) -> str | None:
    """The blanks between the beginning of the line and an offset; None where more than blanks stands there."""
    before = text[begin_of_line(text, at) : at]
    return None if before.strip(" \t") else before


def newline(text: str, at: int = 0) -> str:
    """How the line that holds an offset ends; where it is the last one, how the first one does."""
    match = _NEWLINE.search(text, at) or _NEWLINE.search(text)
    return match[0] if match else "\n"


def blanks(text: str, at: int) -> int:
    """The offset behind the blanks that follow."""
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def ends(text: str, at: int) -> int | None:
    """The offset behind the end of the line where nothing but blanks, or a `\\` that continues it, is left in it."""
    match = _ENDS.match(text, at)
    return match.end() if match else None


def continues(text: str, start: int, end: int) -> bool:
    """Whether a `\\` joins the lines of this part to the next line or to the one before."""
    return bool(_CONTINUES.match(text, end)) or _continued(text, start) is not None


def without(text: str, start: int, end: int) -> Edit:
    """Take a part out: with its whole lines where it has them for itself, else with the blanks in front of it."""
    alone = indent(text, start) is not None
    behind = _ENDS.match(text, end)
    if alone and behind:
        before = _continued(text, start)
        if before is not None and not behind["backslash"]:
            # It was the last one, so what is now the last one must not continue.
            return Edit(before, end, "")
        return Edit(begin_of_line(text, start), behind.end(), "")
    if alone:
        return Edit(start, blanks(text, end), "")
    return Edit(len(text[:start].rstrip(" \t")), end, "")


def _continued(text: str, start: int) -> int | None:
    """Where the end of the line before begins, if a `\\` there continues it."""
    line = begin_of_line(text, start)
    above = begin_of_line(text, max(line - 2, 0)) if line else 0
    match = _CONTINUED.search(text, above, line) if line else None
    return match.start() if match else None
