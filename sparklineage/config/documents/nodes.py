"""The nodes of a document, the same for every syntax, each with its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 50
"""Levels of a document."""
MOST = 200_000
"""Nodes of a document, those counted again that an alias repeats."""
BOM = "\ufeff"


class Mark(NamedTuple):
    """A place between two characters."""

    line: int
    """From 1; only `\\n` ends a line."""
    column: int
    """From 1, in characters."""
    offset: int
    """From 0, in characters of the whole text."""


class DocumentError(Exception):
    """A text that its syntax does not allow: where, and one sentence that shows no value of it."""

    def __init__(self, line: int, column: int, sentence: str) -> None:
        super().__init__(f"{line}:{column}: {sentence}")
        self.line = line
        self.column = column
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value."""

    value: str | int | float | bool | None = field(repr=False)
    """What it means in its syntax; dates are left as text."""
    text: str = field(repr=False)
    """What a person reads there, without quotes and escapes; empty for null."""
    start: Mark
    end: Mark
    """Behind the last character. Both include the quotes."""
    style: str
    """The quote: `"` or `'`; `|` or `>` for a block of lines; empty for a bare value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys and values in the order of the text; a key that is given twice stands there twice."""

    entries: tuple[Entry, ...]
    start: Mark
    end: Mark
    flow: bool
    """Whether it stands in braces."""

    def get(self, name: str) -> Node | None:
        """The value of a key, of several the last one."""
        return next((entry.value for entry in reversed(self.entries) if entry.key.text == name), None)

    def items(self) -> Iterator[tuple[str, Scalar, Node]]:
        """Name, key and value of each entry."""
        return ((entry.key.text, entry.key, entry.value) for entry in self.entries)

    def duplicates(self) -> list[Entry]:
        """The entries whose key stood there before."""
        seen: set[object] = set()
        found = []
        for entry in self.entries:
            if entry.key.value in seen:
                found.append(entry)
            seen.add(entry.key.value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    start: Mark
    end: Mark
    flow: bool
    """Whether it stands in brackets."""


Node = Union[Scalar, Mapping, Sequence]  # noqa: UP007 - the classes above name it before it exists


class Places:
    """Turns offsets of a text into marks."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def mark(self, offset: int) -> Mark:
        line = bisect_right(self._starts, offset)
        return Mark(line, offset - self._starts[line - 1] + 1, offset)

    def error(self, offset: int, sentence: str) -> DocumentError:
        """To raise: something is wrong at an offset."""
        mark = self.mark(offset)
        return DocumentError(mark.line, mark.column, sentence)


def plain(node: Node) -> object:
    """Dicts, lists and values, as the usual parser of that syntax gives them; of a repeated key the last one."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {entry.key.value: plain(entry.value) for entry in node.entries}


def at(node: Node | None, *path: str | int) -> Node | None:
    """What stands below a node at a path of names and numbers, or None."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and -len(node.items) <= step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node
