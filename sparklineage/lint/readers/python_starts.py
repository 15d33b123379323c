"""Applications that Python code starts elsewhere: operators, requests and commands, each with its configuration."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from sparklineage.lint.readers.command_line import command_sheet
from sparklineage.lint.readers.fields import squashed
from sparklineage.lint.readers.fields_of_spark import FIELDS
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.python_objects import called
from sparklineage.lint.readers.shell import Word, commands
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sparklineage.lint.finding import Place
    from sparklineage.lint.readers.python_scope import Scopes
    from sparklineage.lint.settings import Span

_KEY = re.compile(r"(?:spark|openlineage)\.\w")
_COMMAND = re.compile(r"\s*(?:\S*/)?spark-submit\s")
_OPERATOR = "SparkSubmitOperator"
_RUNS = frozenset(("run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput"))
_DEEPEST = 10
"""Mappings and lists in one another that are looked into."""


class Starts:
    """What the calls of a file start; `place` and `span` tell where a node stands."""

    def __init__(
        self, scopes: Scopes, place: Callable[[ast.expr], Place], span: Callable[[ast.expr], Span | None]
    ) -> None:
        self.scopes, self.place, self.span = scopes, place, span
        self.seen: set[int] = set()
        """The ids of the mappings and lists that need no further look."""

    def sheets(self, call: ast.Call) -> Iterator[Sheet]:
        """The applications in the arguments of a call."""
        name = called(call)
        if name.startswith("assert"):
            return
        if name == _OPERATOR:
            yield from self._operator(call)
            return
        for value in (*call.args, *(word.value for word in call.keywords)):
            if name in _RUNS and (text := self.scopes.text(value)) is not None:
                yield from self._text(text, value)
            else:
                yield from self._inside(value, _DEEPEST, direct=not isinstance(value, ast.Name))
        for word in call.keywords:
            if word.arg == "bash_command" and (text := self.scopes.text(word.value)) is not None:
                yield from self._text(text, word.value)

    def _operator(self, call: ast.Call) -> Iterator[Sheet]:
        """Airflow's operator: a conf, and the fields beside it."""
        found = Found(platform="airflow")
        for word in call.keywords:
            field = FIELDS.get(squashed(word.arg or ""))
            if word.arg in {"conf", "env_vars"}:
                self._entries(found, self.scopes.value(word.value), variables=word.arg == "env_vars")
            elif field and word.arg:
                value = self.scopes.text(word.value)
                found.settings.append(
                    Setting(
                        key=field,
                        value=UNKNOWN if value is None else value,
                        text=self.scopes.source(word.value),
                        place=self.place(word.value),
                        origin="properties",
                        spelled=word.arg,
                        value_span=self.span(word.value),
                    )
                )
            elif word.arg in {None, "properties_file"}:
                found.partial = True
        if found:
            yield found.sheet(self.place(call))

    def _entries(self, found: Found, node: ast.expr, *, variables: bool = False) -> None:
        """Add what a mapping sets; nothing is known of what is none."""
        self.seen.add(id(node))
        if not isinstance(node, ast.Dict):
            found.partial = True
            return
        for key, given in zip(node.keys, node.values, strict=True):
            name = self.scopes.text(key) if key is not None else None
            if name is None or key is None or UNKNOWN in name:
                found.partial = True
            elif variables or _KEY.match(name):
                value = self.scopes.text(given)
                (found.environment if variables else found.settings).append(
                    Setting(
                        key=name,
                        value=UNKNOWN if value is None else value,
                        text=self.scopes.source(given),
                        place=self.place(key),
                        origin="environment" if variables else "properties",
                        key_span=self.span(key),
                        value_span=self.span(given),
                    )
                )

    def _inside(self, node: ast.expr, depth: int, *, direct: bool) -> Iterator[Sheet]:
        """The properties and commands in a mapping or list, and in what it holds."""
        node = self.scopes.value(node)
        if id(node) in self.seen or depth == 0 or not isinstance(node, (ast.Dict, ast.List, ast.Tuple)):
            return
        self.seen.add(id(node))
        if isinstance(node, ast.Dict):
            if any(_KEY.match(self.scopes.text(key) or "") for key in node.keys if isinstance(key, ast.Constant)):
                # Whether somebody adds to them is not to be seen here.
                found = Found(platform=None, partial=True)
                self._entries(found, node)
                yield found.sheet(self.place(node))
            inner = node.values
        else:
            inner = node.elts
            words = [self._word(item) for item in inner]
            sheet = command_sheet(words, self.place(node).file, partial=not direct) if len(words) > 1 else None
            if sheet is not None:
                yield sheet
                return
        for value in inner:
            yield from self._inside(value, depth - 1, direct=direct)

    def _word(self, node: ast.expr) -> Word:
        place = self.place(node)
        value = None if isinstance(node, ast.Starred) else self.scopes.text(node)
        source = "$@" if isinstance(node, ast.Starred) else f'"{self.scopes.source(node)}"'
        return Word(UNKNOWN if value is None else value, source, place.line, place.column)

    def _text(self, text: str, node: ast.expr) -> Iterator[Sheet]:
        """The command in a text that a shell gets."""
        if not _COMMAND.match(text):
            return
        place = self.place(node)
        for words in commands(text):
            here = [Word(word.value, word.text, place.line, place.column) for word in words]
            if sheet := command_sheet(here, place.file):
                yield sheet
