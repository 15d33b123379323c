"""TOML by the standard library, which tells no places; they are found by a second, forgiving look at the text."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

from sparklineage.config.documents.nodes import (
    BOM,
    DEEPEST,
    MOST,
    DocumentError,
    Entry,
    Mapping,
    Mark,
    Node,
    Places,
    Scalar,
    Sequence,
)

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?' + r"|'''.*?'''(?:'{1,2}(?!'))?" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_VALUE = re.compile(r"[^,\]}#\r\n]+")
_SAID = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

Path = tuple["str | int", ...]
Span = tuple[int, int]


def parse_toml(text: str) -> Mapping:
    """The table that a text holds. Raises DocumentError."""
    skipped = len(BOM) if text.startswith(BOM) else 0
    places = Places(text)
    try:
        # The parser wants what open() makes of a file.
        data = _loads(text[skipped:].replace("\r\n", "\n"))
    except RecursionError:
        raise places.error(skipped, "this TOML is nested too deeply.") from None
    except ValueError as error:
        raise _broken(error, text, places) from None
    if _height(data, places) > DEEPEST:
        raise places.error(skipped, f"this TOML is nested too deeply, more than {DEEPEST} levels.")
    look = _Look(text, skipped)
    look.run()
    return _Nodes(text, places, look).table(data, ())


def _loads(text: str) -> dict[str, Any]:
    # The standard library has it since Python 3.11; before, a package with the same interface takes its place.
    parser: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    loaded: dict[str, Any] = parser.loads(text)
    return loaded


def _broken(error: ValueError, text: str, places: Places) -> DocumentError:
    said = str(error)
    match = _SAID.search(said)
    problem = (said[: match.start()] if match else said) or "broken"
    sentence = f"this is no TOML: {problem[:1].lower()}{problem[1:200]}."
    sentence = "".join(char if char.isprintable() else "?" for char in sentence)
    if match and match[1]:
        return DocumentError(int(match[1]), int(match[2]), sentence)
    return places.error(len(text) if match else 0, sentence)


def _height(data: object, places: Places) -> int:
    """The levels of a value, without calling itself."""
    deepest, count = 0, 0
    stack: list[tuple[object, int]] = [(data, 1)]
    while stack:
        value, level = stack.pop()
        deepest, count = max(deepest, level), count + 1
        if count > MOST:
            raise places.error(0, f"this TOML has more than {MOST} values.")
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        stack.extend((item, level + 1) for item in below)
    return deepest


class _Look:
    """Where keys and values stand. The text is known to be TOML; where this look is lost it stops."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at = text, at
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self._tables: dict[Path, int] = {}
        """How many tables an array has so far."""

    def run(self) -> None:
        table: Path = ()
        while self._blank():
            before = self.at
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            if self.at == before:
                return

    def _blank(self) -> bool:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _takes(self, char: str) -> bool:
        self._blank()
        taken = self.text.startswith(char, self.at)
        self.at += len(char) if taken else 0
        return taken

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        path = self._path((), last=many)
        self._takes("]]" if many else "]")
        return path

    def _path(self, base: Path, *, last: bool = False) -> Path:
        """A dotted key. Names of arrays of tables get the number of their newest table; `last` begins a new one."""
        path = base
        while True:
            self._blank()
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            if not match:
                return path
            name, span = match[0], match.span()
            self.at = match.end()
            if name[0] in "\"'":
                name = next(iter(_loads(f"{name}=0")))
            path = (*path, name)
            self.keys.setdefault(path, span)
            more = self._takes(".")
            if last and not more:
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
                self.values.setdefault(path, span)
            if not more:
                return path

    def _pair(self, base: Path) -> None:
        path = self._path(base)
        if self._takes("="):
            self._value(path)

    def _value(self, path: Path) -> None:
        self._blank()
        start, char = self.at, self.text[self.at : self.at + 1]
        if char in {"[", "{"}:
            self.at += 1
            number = 0
            while self._blank() and not self._takes("]" if char == "[" else "}"):
                before = self.at
                if char == "[":
                    self._value((*path, number))
                    number += 1
                else:
                    self._pair(path)
                self._takes(",")
                if self.at == before:
                    break
        elif match := _STRING.match(self.text, start) or _VALUE.match(self.text, start):
            self.at = start + len(match[0].rstrip())
        self.values[path] = (start, self.at)


class _Nodes:
    """Nodes from values and places."""

    def __init__(self, text: str, places: Places, look: _Look) -> None:
        self.text, self.places, self.look = text, places, look

    def node(self, value: object, path: Path) -> Node:
        if isinstance(value, dict):
            return self.table(value, path)
        start, end = self._span(self.look.values.get(path) or self.look.keys.get(path))
        if isinstance(value, list):
            items = tuple(self.node(item, (*path, number)) for number, item in enumerate(value))
            return Sequence(items=items, start=start, end=end, flow=self.text.startswith("[", start.offset))
        return self._scalar(value, start, end)

    def table(self, value: dict[str, object], path: Path) -> Mapping:
        entries = []
        for name, below in value.items():
            start, end = self._span(self.look.keys.get((*path, name)))
            quote = self.text[start.offset : start.offset + 1]
            style = quote if quote in {'"', "'"} else ""
            key = Scalar(value=name, text=name, start=start, end=end, style=style)
            entries.append(Entry(key=key, value=self.node(below, (*path, name))))
        start, end = self._span(self.look.values.get(path) or self.look.keys.get(path))
        flow = path in self.look.values and self.text.startswith("{", start.offset)
        if entries and not flow:
            start = min(start, entries[0].key.start) if path else entries[0].key.start
            end = max(end, entries[-1].value.end)
        return Mapping(entries=tuple(entries), start=start, end=end, flow=flow)

    def _scalar(self, value: object, start: Mark, end: Mark) -> Scalar:
        raw = self.text[start.offset : end.offset]
        style = raw[:1] if raw[:1] in {'"', "'"} else ""
        if isinstance(value, str):
            return Scalar(value=value, text=value, start=start, end=end, style=style)
        if isinstance(value, (bool, int, float)):
            shown = raw if raw and not style and start != end else str(value)
            return Scalar(value=value, text=shown, start=start, end=end, style="")
        return Scalar(value=str(value), text=raw or str(value), start=start, end=end, style="")

    def _span(self, span: Span | None) -> tuple[Mark, Mark]:
        if span is None:
            return Mark(1, 1, 0), Mark(1, 1, 0)
        return self.places.mark(span[0]), self.places.mark(span[1])
