"""The syntax of properties files, read exactly as `java.util.Properties` reads it, with the place of every entry."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
# Spark trims values as String.trim does (everything up to a blank), but keeps line ends.
_TRIMMED = "".join(map(chr, range(33))).replace("\r", "").replace("\n", "")


class Entry(NamedTuple):
    """A key and its value, and where the key begins, both counted from 1."""

    key: str
    value: str
    line: int
    column: int
    key_span: tuple[int, int]
    """Offsets in the text, from 0: of the key as it is written, and of the character behind it."""
    value_span: tuple[int, int]
    """Of the value, with its escapes, line breaks and whatever blanks follow it."""

    @property
    def trimmed(self) -> str:
        """The value as Spark takes it."""
        return self.value.strip(_TRIMMED)


def parse(text: str) -> dict[str, str]:
    """Every key and value of a properties file; of a key given twice the last one counts.

    Raises ValueError for a `\\u` without four hexadecimal digits, as Java does.
    """
    return {entry.key: entry.value for entry in entries(text)}


def entries(text: str) -> Iterator[Entry]:
    """Every entry in its order, also those that a later one replaces. Raises ValueError as `parse` does."""
    for line in _logical_lines(text):
        joined = line.text
        end, start = _split(joined)
        yield Entry(
            _unescape(joined[:end]),
            _unescape(joined[start:]),
            line.number,
            line.column,
            (line.parts[0][1], line.behind(end)),
            (line.end if start == len(joined) else line.offset(start), line.end),
        )


class _Line(NamedTuple):
    """A line without its blanks in front, joined to those that continue it."""

    text: str
    number: int
    column: int
    parts: list[tuple[int, int]]
    """Where each of the joined lines begins, here and in the whole text."""

    def offset(self, at: int) -> int:
        """Where the character of that index stands in the whole text."""
        here, there = self.parts[bisect_right(self.parts, at, key=lambda part: part[0]) - 1]
        return there + at - here

    @property
    def end(self) -> int:
        """Where the last of the joined lines ends."""
        here, there = self.parts[-1]
        return there + len(self.text) - here

    def behind(self, at: int) -> int:
        """Where the text in front of that index ends."""
        return self.offset(at - 1) + 1 if at else self.offset(0)


def _logical_lines(text: str) -> Iterator[_Line]:
    """Lines without comments and blank ones, a trailing backslash joining the next line to this one."""
    joined: str | None = None
    parts: list[tuple[int, int]] = []
    start, column, begin = 0, 0, 0
    for number, end in enumerate(_LINE_END.finditer(f"{text}\n"), 1):
        raw = text[begin : end.start()]
        line = raw.lstrip(_BLANK)
        at = end.start() - len(line)
        begin = end.end()
        if joined is None:
            if not line or line[0] in "#!":
                continue
            start, column, parts = number, len(raw) - len(line) + 1, []
        parts.append((len(joined or ""), at))
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            joined = (joined or "") + line[:-1]
        else:
            if whole := (joined or "") + line:
                yield _Line(whole, start, column, parts)
            joined = None
    if joined:
        yield _Line(joined, start, column, parts)


def _split(line: str) -> tuple[int, int]:
    """Where the key ends and where the value begins."""
    end = 0
    while end < len(line) and line[end] not in "=:" + _BLANK:
        end += 2 if line[end] == "\\" else 1
    end = min(end, len(line))
    rest = line[end:].lstrip(_BLANK)
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(_BLANK)
    return end, len(line) - len(rest)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char != "\\":
            out.append(char)
            continue
        char = text[at : at + 1]
        at += 1
        if char == "u":
            digits = text[at : at + 4]
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
                raise ValueError(f"\\u{digits} is no character")
            out.append(chr(int(digits, 16)))
            at += 4
        else:
            out.append(_ESCAPES.get(char, char))
    # Two escapes can be the halves of one character.
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
