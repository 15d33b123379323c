"""The words of a shell script, without running any of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ARRAY = re.compile(r"([A-Za-z_]\w*)(\+?)=")
_SPREAD = re.compile(r'"?\$\{([A-Za-z_]\w*)\[[@*]\]\}"?')
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_PLAIN = re.compile(r"[^\\'\"$`#\s;&|<>()]+")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([\w.-]+)\2")
_CLOSING = {"(": ")", "{": "}"}
_DEEPEST = 5
"""Command substitutions in one another that are looked into."""


class Word(NamedTuple):
    """One word of a command."""

    value: str
    """Without its quotes; UNKNOWN stands for each variable and substitution."""
    text: str
    """As it stands in the script."""
    line: int
    column: int
    start: int = -1
    """The offset of its first character in the script; negative for a word that comes from elsewhere."""
    source: str = ""
    """What its variables stand for, as it stands in the script; empty where none of them is known."""

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.start + len(self.text)

    @property
    def spreads(self) -> bool:
        """Whether it can become several words, or none."""
        return UNKNOWN in self.value and (self.text[:1] not in "\"'" or "@" in self.text)


def commands(text: str, variables: Mapping[str, Word] | None = None) -> Iterator[tuple[Word, ...]]:
    """The words of every simple command, comments, redirections and here-documents left out.

    Arrays that the script fills are put in where it spreads them. The commands of a substitution follow the one that
    it stands in. `variables` are put in where they are used; what is added to them while the commands are gone through
    counts from there on.
    """
    scanner = _Scanner(text)
    scanner.variables = {} if variables is None else variables
    return scanner.run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.base, self.depth = 0, 0
        """Where the text begins in the script, and in how many substitutions."""
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.words: list[Word] = []
        self.parts: list[str] = []
        self.variables: Mapping[str, Word] = {}
        self.sources: list[str] = []
        """What the variables of the word stand for."""
        self.start: int | None = None
        self.skip = False
        """Whether the next word is the target of a redirection."""
        self.heredocs: list[str] = []
        self.arrays: dict[str, list[Word]] = {}
        self.array: list[Word] | None = None
        self.substitutions: list[tuple[int, int]] = []
        """Where those of the command begin and end."""

    def run(self) -> Iterator[tuple[Word, ...]]:
        text, end = self.text, len(self.text)
        while self.at < end:
            char = text[self.at]
            if char in "\n;&|":
                self._end_word()
                self.at += 1
                if char == "\n":
                    self._skip_heredocs()
                yield from self._command()
            elif char.isspace():
                self._end_word()
                self.at += 1
            elif char == "#" and self.start is None:
                stop = text.find("\n", self.at)
                self.at = end if stop < 0 else stop
            elif char == "(" and self._opens_array():
                self.at += 1
            elif char in "()":
                self._end_word()
                self.at += 1
                self.array = None
                yield from self._command()
            elif char in "<>":
                self._redirection()
            else:
                self._part(char)
        self._end_word()
        yield from self._command()

    def _part(self, char: str) -> None:
        if self.start is None:
            self.start = self.at
        text = self.text
        if match := _PLAIN.match(text, self.at):
            self.parts.append(match[0])
            self.at = match.end()
        elif char == "\\":
            match = re.compile(r"\\\r?\n").match(text, self.at)
            if match and not self.parts and self.start == self.at:
                self.start = None
            if not match:
                self.parts.append(text[self.at + 1 : self.at + 2])
            self.at = match.end() if match else self.at + 2
        elif char == "'":
            stop = text.find("'", self.at + 1)
            stop = len(text) if stop < 0 else stop
            self.parts.append(text[self.at + 1 : stop])
            self.at = stop + 1
        elif char == '"':
            self.at += 1
            self._double_quoted()
        elif char in "$`":
            self._expansion()
        else:
            self.parts.append(char)
            self.at += 1

    def _double_quoted(self) -> None:
        text, end = self.text, len(self.text)
        while self.at < end and text[self.at] != '"':
            char = text[self.at]
            if char == "\\" and text[self.at + 1 : self.at + 2] in {"$", "`", '"', "\\", "\n"}:
                if text[self.at + 1] != "\n":
                    self.parts.append(text[self.at + 1])
                self.at += 2
            elif char in "$`":
                self._expansion()
            else:
                self.parts.append(char)
                self.at += 1
        self.at += 1

    def _expansion(self) -> None:
        text, at = self.text, self.at
        following = text[at + 1 : at + 2]
        if (match := _VARIABLE.match(text, at)) and (known := self.variables.get(match[1] or match[2])):
            self.parts.append(known.value)
            self.sources.append(known.source or known.text)
            self.at = match.end()
            return
        if text[at] == "`":
            stop = text.find("`", at + 1)
            stop = len(text) if stop < 0 else stop
            self.substitutions.append((at + 1, stop))
            self.at = stop + 1
        elif following in _CLOSING:
            self.at = self._matching(at + 1)
            # Two brackets are arithmetic.
            if following == "(" and text[at + 2 : at + 3] != "(":
                self.substitutions.append((at + 2, self.at - (text[self.at - 1] == ")")))
        elif match := _NAME.match(text, at + 1):
            self.at = match.end()
        else:
            self.parts.append("$")
            self.at += 1
            return
        self.parts.append(UNKNOWN)

    def _matching(self, at: int) -> int:
        """The index behind the bracket that closes the one at `at`."""
        opening, text = self.text[at], self.text
        closing, depth, quote = _CLOSING[opening], 0, ""
        while at < len(text):
            char = text[at]
            if char == "\\":
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            elif char == opening:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    return at + 1
            at += 1
        return len(text)

    def _opens_array(self) -> bool:
        match = _ARRAY.fullmatch("".join(self.parts)) if self.start is not None else None
        if not match or self.array is not None:
            return False
        self.array = [*self.arrays.get(match[1], [])] if match[2] else []
        self.arrays[match[1]] = self.array
        self.parts, self.start = [], None
        return True

    def _redirection(self) -> None:
        if "".join(self.parts).isdigit():
            self.parts, self.start = [], None
        self._end_word()
        if match := _HEREDOC.match(self.text, self.at):
            self.heredocs.append(match[3])
            self.at = match.end()
            return
        while self.text[self.at : self.at + 1] in {"<", ">", "&"}:
            self.at += 1
        self.skip = True

    def _skip_heredocs(self) -> None:
        for name in self.heredocs:
            match = re.compile(rf"^[ \t]*{re.escape(name)}[ \t\r]*$", re.MULTILINE).search(self.text, self.at)
            self.at = match.end() if match else len(self.text)
        self.heredocs = []

    def _end_word(self) -> None:
        if self.start is None:
            return
        text = self.text[self.start : self.at]
        start = self.base + self.start
        line = bisect_right(self.lines, start)
        word = Word("".join(self.parts), text, line, start - self.lines[line - 1] + 1, start, " ".join(self.sources))
        spread = _SPREAD.fullmatch(text)
        words = self.arrays.get(spread[1], [word]) if spread else [word]
        if not self.skip:
            # A script can double an array again and again.
            target = self.words if self.array is None else self.array
            target.extend(words[: max(0, 10_000 - len(target))])
        self.parts, self.start, self.skip, self.sources = [], None, False, []

    def _command(self) -> Iterator[tuple[Word, ...]]:
        # Inside the brackets of an array a line end separates words.
        if self.words and self.array is None:
            yield tuple(self.words)
            self.words = []
        substitutions, self.substitutions = self.substitutions, []
        for begin, end in substitutions if self.depth < _DEEPEST else ():
            inner = _Scanner(self.text[begin:end])
            inner.base, inner.depth, inner.lines, inner.arrays = (
                self.base + begin, self.depth + 1, self.lines, self.arrays,
            )  # fmt: skip
            inner.variables = self.variables
            yield from inner.run()
