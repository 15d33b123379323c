"""Python that builds a SparkSession, read from its syntax tree and never executed."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.finding import Place
from sparklineage.lint.readers.command_line import SUBMIT_ARGS, submit_args
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.readers.python_alternatives import Item, Paths, together
from sparklineage.lint.readers.python_environment import are_for_spark, of_assignment, of_call
from sparklineage.lint.readers.python_objects import CREATES, called, comes_or_goes, is_closed
from sparklineage.lint.readers.python_scope import Scopes
from sparklineage.lint.readers.python_starts import Starts
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.lint.readers.python_alternatives import Function
    from sparklineage.lint.settings import Span

KIND = "python"
TITLE = "Python that builds a SparkSession"
_SHEBANG = re.compile(r"#![^\n]*\bpython")
_WORTH_PARSING = re.compile(r"spark\.|SparkConf|SparkSession|SparkSubmitOperator|spark-submit|PYSPARK_SUBMIT_ARGS")
_NOTEBOOK = re.compile(r"# Databricks notebook source\b")
_KEY = re.compile(r"(?:spark|openlineage)\.\w")
_SESSION = re.compile(r"(?i)spark|session")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NAMES = frozenset(("appName", "setAppName"))


def claims(name: str, text: str) -> bool:
    """By its ending or first line."""
    return name.endswith(".py") or bool(_SHEBANG.match(text))


def read(text: str, file: str) -> Sequence[Sheet]:
    """A sheet for everything that one run can set: functions and branches are alternatives."""
    if not _WORTH_PARSING.search(text):
        return []
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is not ours to report.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        source = _Source(tree, text, file)
        return list(source.sheets())
    except SyntaxError as error:
        place = Place(file, error.lineno or 1, error.offset or 1)
        raise UnreadableError(place, f"this is no Python 3: {error.msg}.") from None
    except ValueError as error:
        raise UnreadableError(Place(file), f"this is no Python: {error}.") from None
    except (RecursionError, MemoryError):
        raise UnreadableError(Place(file), "this Python is nested too deeply.") from None


class Offsets:
    """The offsets in a text that the lines and bytes of its syntax tree stand for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def at(self, line: int, column: int) -> int:
        """The offset of a byte in a line, the first of which is 1."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        row = self.text[start:end]
        return start + (column if row.isascii() else len(row.encode()[:column].decode(errors="replace")))

    def span(self, node: ast.expr) -> Span:
        """Where a node stands."""
        return (
            self.at(node.lineno, node.col_offset),
            self.at(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )


class _Pair(NamedTuple):
    key: ast.expr
    value: ast.expr


class _Source:
    def __init__(self, tree: ast.Module, text: str, file: str) -> None:
        self.file, self.lines = file, text.split("\n")
        self.places = Offsets(text)
        self.scopes = Scopes(tree)
        self.paths = Paths(self.scopes.parents)
        self.partial = False
        self.starts = Starts(self.scopes, self._place, self._span)
        self.for_spark = are_for_spark(text)
        self.notebook = bool(_NOTEBOOK.match(text))
        self.creations = [call for call in self.scopes.calls if called(call) in CREATES]
        self.stops = [call for call in self.scopes.calls if called(call) == "stop"]

    def sheets(self) -> Iterator[Sheet]:
        """Each with what can be made in one run."""
        items, calls = [], []
        for call in self.scopes.calls:
            function, path = None, None
            for setting in self._settings(call):
                if path is None:
                    function, path = self.paths.function(call), self.paths.path(call)
                    calls.append(call)
                items.append(Item(setting, function, path))
        given: dict[Function | None, list[ast.Call]] = {}
        for call in calls:
            given.setdefault(self.paths.function(call), []).extend([] if _sets_live(call) else [call])
        inside: dict[Function | None, list[ast.Call]] = {}
        for call in self.scopes.calls if given else ():
            inside.setdefault(self.paths.function(call), []).append(call)
        closed = {
            one: is_closed(one, inside[one], there, self.scopes) for one, there in given.items() if one is not None
        }
        whole = not comes_or_goes(inside.get(None, []), given.get(None, []), self.scopes)
        if items or self.creations:
            variables = list(self._variables())
            whole = whole and all(item.function is None or item.function in closed for item in variables)
            items += [item if item.function in closed else item._replace(function=None) for item in variables]
        for one in together(items, closed, whole=whole):
            yield Sheet(
                place=Place(self.file),
                settings=tuple(setting for setting in one.settings if setting.origin != "environment"),
                environment=tuple(setting for setting in one.settings if setting.origin == "environment"),
                partial=self.partial or not one.whole,
            )
        for call in self.scopes.calls:
            yield from self.starts.sheets(call)

    def _variables(self) -> Iterator[Item]:
        """The variables for the agent, and the options in the one for PySpark."""
        found = [(variable, call) for call in self.scopes.calls for variable in of_call(call)]
        assignments = [node for node in self.scopes.parents if isinstance(node, ast.Assign)]
        nodes = [*found, *((variable, node) for node in assignments for variable in of_assignment(node))]
        for (name_node, value_node), node in nodes:
            name, value = self.scopes.text(name_node), self.scopes.text(value_node)
            given: list[Setting] = []
            if name == SUBMIT_ARGS and value is not None:
                given = submit_args(value, self._place(value_node))
            elif name and name.startswith("OPENLINEAGE") and self.for_spark:
                given = [
                    Setting(
                        key=name,
                        value=UNKNOWN if value is None else value,
                        text=self.scopes.source(value_node),
                        place=self._place(name_node),
                        origin="environment",
                    )
                ]
            for setting in given:
                yield Item(setting, self.paths.function(node), self.paths.path(node))

    def _settings(self, call: ast.Call) -> Iterator[Setting]:
        live = _sets_live(call)
        for pair in self._pairs(call):
            key, value = self.scopes.text(pair.key), self.scopes.text(pair.value)
            if key is None or UNKNOWN in key:
                self.partial = True
            elif _KEY.match(key):
                yield Setting(
                    key=key,
                    value=UNKNOWN if value is None else value,
                    text=self.scopes.source(pair.value),
                    place=self._place(pair.key),
                    origin="code",
                    group=self.scopes.group(call),
                    late=live or self._is_late(call),
                    # What `appName` stands for is not in the text.
                    key_span=None if called(call) in _NAMES else self._span(pair.key),
                    value_span=self._span(pair.value),
                )

    def _pairs(self, call: ast.Call) -> Iterator[_Pair]:
        """The keys and values that a call sets, if it is one that sets any."""
        name, args = called(call), call.args
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if not isinstance(call.func, ast.Attribute):
            return
        if name == "config":
            yield from self._config(args, named)
        elif name in {"set", "setIfMissing"} and len(args) == 2:
            # Many things have a `set`; only a key of Spark's tells that this is a configuration.
            if isinstance(self.scopes.text(args[0]), str):
                yield _Pair(args[0], args[1])
        elif name == "setAll" and len(args) == 1:
            yield from self._items(args[0])
        elif name in _NAMES and len(args) == 1:
            yield _Pair(ast.copy_location(ast.Constant("spark.app.name"), args[0]), args[0])

    def _config(self, args: list[ast.expr], named: dict[str | None, ast.expr]) -> Iterator[_Pair]:
        key, value = named.get("key"), named.get("value")
        if len(args) >= 2 or (args and value):
            yield _Pair(args[0], args[1] if len(args) >= 2 else value or args[0])
        elif key and value:
            yield _Pair(key, value)
        if "map" in named:
            yield from self._items(named["map"])
        conf = named.get("conf", args[0] if len(args) == 1 and not value else None)
        if conf is not None and not self.scopes.is_made_here(conf, "SparkConf"):
            self.partial = True

    def _items(self, node: ast.expr) -> Iterator[_Pair]:
        """The pairs of a literal mapping or list of pairs, or of the name of one."""
        if isinstance(node, ast.Call) and called(node) == "items" and isinstance(node.func, ast.Attribute):
            node = node.func.value
        node = self.scopes.value(node)
        self.starts.seen.add(id(node))
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    self.partial = True
                else:
                    yield _Pair(key, value)
        elif isinstance(node, (ast.List, ast.Tuple)):
            for item in node.elts:
                if isinstance(item, (ast.List, ast.Tuple)) and len(item.elts) == 2:
                    yield _Pair(*item.elts)
                else:
                    self.partial = True
        else:
            self.partial = True

    def _is_late(self, call: ast.Call) -> bool:
        """Whether a session certainly exists when this call runs."""
        begins = self.scopes.root(call)
        if self.notebook:
            return True
        made = [other for other in self.creations if self.scopes.runs_before(other, begins)]
        if not made:
            return False
        last = max(_end(other) for other in made)
        return not any(last <= _end(stop) <= _end(call) for stop in self.stops)

    def _place(self, node: ast.expr) -> Place:
        # The tree counts bytes, people count characters.
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        return Place(self.file, node.lineno, len(line.encode()[: node.col_offset].decode(errors="replace")) + 1)

    def _span(self, node: ast.expr) -> Span | None:
        """Where a literal stands; None for what is put together."""
        return self.places.span(node) if isinstance(node, ast.Constant) else None


def _sets_live(call: ast.Call) -> bool:
    """Whether this is `spark.conf.set(…)`."""
    conf = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "set" else None
    if not isinstance(conf, ast.Attribute) or conf.attr != "conf":
        return False
    owner = conf.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return bool(_SESSION.search(name))


def _end(node: ast.expr) -> tuple[int, int]:
    return (node.end_lineno or node.lineno, node.end_col_offset or 0)
