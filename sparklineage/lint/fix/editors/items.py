"""Items of a list in brackets, with the commas between them."""

from __future__ import annotations

import re

from sparklineage.lint.fix.changes import Edit
from sparklineage.lint.fix.lines import begin_of_line, blanks, ends, indent, newline

_COMMA = re.compile(r"[ \t]*,")
_REST = re.compile(r"[ \t]*,[ \t]*(?:#[^\r\n]*)?(?=[\r\n])")
"""The comma and the comment behind an item that others follow."""


def removed(text: str, start: int, end: int) -> Edit | None:
    """Take an item out, with its comma or, if it is the last one, the comma before it."""
    comma = _COMMA.match(text, end)
    if comma:
        line = ends(text, comma.end())
        if indent(text, start) is not None and line is not None:
            return Edit(begin_of_line(text, start), line, "")
        return Edit(start, blanks(text, comma.end()), "")
    before = len(text[:start].rstrip())
    if text[before - 1 : before] == ",":
        return Edit(before - 1, end, "")
    return Edit(start, end, "") if text[before - 1 : before] in {"{", "[", "("} else None


def added(text: str, start: int, end: int, item: str) -> Edit:
    """Put an item behind another one, in a line of its own where that one has its own."""
    lead = indent(text, start)
    if lead is None:
        return Edit(end, end, f", {item}")
    rest = _REST.match(text, end)
    if rest:
        return Edit(rest.end(), rest.end(), f"{newline(text, end)}{lead}{item},")
    return Edit(end, end, f",{newline(text, end)}{lead}{item}")
