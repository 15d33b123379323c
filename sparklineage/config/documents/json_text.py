"""JSON as RFC 8259 has it, and nothing more: no comments, no trailing commas, no NaN."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.config.documents.nodes import BOM, DEEPEST, MOST, Entry, Mapping, Node, Places, Scalar, Sequence

if TYPE_CHECKING:
    from sparklineage.config.documents.nodes import DocumentError, Mark

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"([^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*)"')
_OPEN = re.compile(r'"[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*\\?')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_FOREIGN = {"'": "JSON takes texts in double quotes only.", "/": "JSON has no comments.", "#": "JSON has no comments."}


def parse_json(text: str) -> Node | None:
    """The value that a text holds; None for a text of blanks. Raises DocumentError."""
    return _Parser(text).run()


@dataclass
class _Frame:
    """An object or array whose end has not come."""

    start: Mark
    closing: str
    entries: list[Entry] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    key: Scalar | None = None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, len(BOM) if text.startswith(BOM) else 0
        self.places = Places(text)
        self.stack: list[_Frame] = []
        self.count = 0

    def run(self) -> Node | None:
        if not self._next():
            return None
        while True:
            node = self._value()
            while node is not None:
                if not self.stack:
                    if self._next():
                        raise self._error("the end of the text")
                    return node
                self._put(node)
                node = self._after()

    def _next(self) -> str:
        """The next character that is no blank; empty at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def _value(self) -> Node | None:
        """A value; None where an object or array has begun that is not empty."""
        char = self._next()
        self.count += 1
        if self.count > MOST:
            raise self.places.error(self.at, f"this JSON has more than {MOST} values.")
        if char not in {"{", "["}:
            return self._scalar(char)
        if len(self.stack) >= DEEPEST:
            raise self.places.error(self.at, f"this JSON is nested too deeply, more than {DEEPEST} levels.")
        frame = _Frame(self.places.mark(self.at), "}" if char == "{" else "]")
        self.at += 1
        if self._next() == frame.closing:
            return self._closed(frame)
        self.stack.append(frame)
        if char == "{":
            self._key(frame, "a key in quotes or }")
        return None

    def _scalar(self, char: str) -> Scalar:
        start = self.at
        if char == '"':
            return self._string()
        value: str | int | float | bool | None
        if match := _WORD.match(self.text, start):
            value = _WORDS[match[0]]
        elif match := _NUMBER.match(self.text, start):
            try:
                value = float(match[0]) if match[1] or match[2] else int(match[0])
            except ValueError:
                raise self.places.error(start, "this number is too long.") from None
        else:
            raise self._error("a value")
        self.at = match.end()
        shown = "" if value is None else match[0]
        mark = self.places.mark
        return Scalar(value=value, text=shown, start=mark(start), end=mark(self.at), style="")

    def _string(self) -> Scalar:
        match = _STRING.match(self.text, self.at)
        if not match:
            whole = _OPEN.match(self.text, self.at)
            stop = whole.end() if whole else self.at
            if stop < len(self.text):
                raise self.places.error(stop, "this is no JSON: a line end, tab or other control character in a text.")
            raise self.places.error(self.at, "this is no JSON: this text has no closing quote.")
        try:
            value = json.loads(match[0]) if "\\" in match[1] else match[1]
        except json.JSONDecodeError as error:
            raise self.places.error(self.at + error.pos, "this is no JSON: there is no such escape.") from None
        start = self.at
        self.at = match.end()
        mark = self.places.mark
        return Scalar(value=value, text=value, start=mark(start), end=mark(self.at), style='"')

    def _key(self, frame: _Frame, wanted: str) -> None:
        if self._next() != '"':
            raise self._error(wanted)
        self.count += 1
        frame.key = self._string()
        if self._next() != ":":
            raise self._error("a colon")
        self.at += 1

    def _put(self, node: Node) -> None:
        frame = self.stack[-1]
        if frame.key is None:
            frame.items.append(node)
        else:
            frame.entries.append(Entry(key=frame.key, value=node))

    def _after(self) -> Node | None:
        """What stands behind a value: a comma, or the end, which completes the next value."""
        frame = self.stack[-1]
        char = self._next()
        if char == frame.closing:
            return self._closed(self.stack.pop())
        if char != ",":
            raise self._error(f"a comma or {frame.closing}")
        self.at += 1
        if frame.key is not None:
            self._key(frame, "a key in quotes")
        return None

    def _closed(self, frame: _Frame) -> Node:
        self.at += 1
        end = self.places.mark(self.at)
        if frame.closing == "}":
            return Mapping(entries=tuple(frame.entries), start=frame.start, end=end, flow=True)
        return Sequence(items=tuple(frame.items), start=frame.start, end=end, flow=True)

    def _error(self, wanted: str) -> DocumentError:
        char = self.text[self.at : self.at + 1]
        before = self.text[: self.at].rstrip()[-1:]
        if char in _FOREIGN:
            reason = _FOREIGN[char]
        elif not char:
            reason = f"it ends where {wanted} belongs."
        elif char in "]}" and before == ",":
            reason = "a comma stands before the closing bracket."
        else:
            reason = f"{wanted} belongs here."
        return self.places.error(self.at, f"this is no JSON: {reason}")
