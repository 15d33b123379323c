"""Properties, their values and sources in columns, with what lost and what was joined below."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WIDEST_KEY = 52
_LEAST_VALUE, _WIDEST_VALUE = 16, 40


class Row(NamedTuple):
    """One property or setting."""

    key: str
    value: str
    source: str
    more: tuple[str, ...] = ()
    """Sentences about it."""
    parts: tuple[str, ...] = ()
    """The entries of a list that is joined with commas."""


def table(rows: Sequence[Row], width: int) -> Iterator[str]:
    """Lines for a terminal of `width` columns: a value too long for its column stands below, a list an entry a line."""
    rows = [row._replace(key=printable(row.key), value=printable(row.value)) for row in rows]
    key = min(max((len(row.key) for row in rows), default=0), _WIDEST_KEY)
    source = max((len(row.source) for row in rows), default=0)
    room = width - key - source - 4
    narrow = room < _LEAST_VALUE
    room = min(room, _WIDEST_VALUE)
    value = max((len(row.value) for row in rows if len(row.value) <= room), default=0)
    for row in rows:
        if narrow:
            yield row.key
            yield from _below(row)
            yield f"      from {row.source}"
        elif len(row.key) <= key and len(row.value) <= value:
            yield f"{row.key:<{key}}  {row.value:<{value}}  {row.source}".rstrip()
        else:
            yield f"{row.key:<{key + 2 + value}}  {row.source}"
            yield from _below(row)
        for line in row.more:
            yield from wrapped(line, width, " " * 6)


def wrapped(text: str, width: int, indent: str = "", rest: str | None = None) -> list[str]:
    """The text in lines; a word that is longer than a line stays whole, so that it can be copied."""
    return textwrap.wrap(
        text, max(width, 40), initial_indent=indent, subsequent_indent=indent + "  " if rest is None else rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _below(row: Row) -> Iterator[str]:
    """The value in lines of its own."""
    *others, last = map(printable, row.parts or (row.value,))
    yield from (f"    {part}," for part in others)
    yield f"    {last}"


def printable(text: str) -> str:
    """The text in one line, without what a terminal would take for a command."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
