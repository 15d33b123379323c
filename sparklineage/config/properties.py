"""The syntax of properties files, read exactly as `java.util.Properties` reads it, with the place of every entry."""

from __future__ import annotations

import re
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
    for joined, line, column in _logical_lines(text):
        key, value = _split(joined)
        yield Entry(key, value, line, column)


def _logical_lines(text: str) -> Iterator[tuple[str, int, int]]:
    """Lines without comments and blank ones, a trailing backslash joining the next line to this one."""
    joined: str | None = None
    start, column = 0, 0
    for number, raw in enumerate(_LINE_END.split(text), 1):
        line = raw.lstrip(_BLANK)
        if joined is None:
            if not line or line[0] in "#!":
                continue
            start, column = number, len(raw) - len(line) + 1
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            joined = (joined or "") + line[:-1]
        else:
            if whole := (joined or "") + line:
                yield whole, start, column
            joined = None
    if joined:
        yield joined, start, column


def _split(line: str) -> tuple[str, str]:
    end = 0
    while end < len(line) and line[end] not in "=:" + _BLANK:
        end += 2 if line[end] == "\\" else 1
    rest = line[end:].lstrip(_BLANK)
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(_BLANK)
    return _unescape(line[:end]), _unescape(rest)


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
