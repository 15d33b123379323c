"""What a syntax tree tells without running: which names are constants, and what certainly runs before what."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_DEPTH = 20
"""How many names may stand for one another."""
_PARTS = 200
"""Of how many parts a text may be put together."""


class Scopes:
    """A tree with its parents, and the names that are assigned exactly once in it."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self.calls: list[ast.Call] = []
        assigned: Counter[str] = Counter()
        values: dict[str, ast.expr] = {}
        self.given: dict[str, list[ast.expr]] = {}
        """Everything that each name is assigned."""
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.Call):
                self.calls.append(node)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                assigned[node.id] += 1
            elif isinstance(node, ast.arg):
                # The value of a parameter is the caller's.
                assigned[node.arg] += 2
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        values[target.id] = node.value
                        self.given.setdefault(target.id, []).append(node.value)
        self.given = {name: given for name, given in self.given.items() if assigned[name] == len(given)}
        self.constants = {name: value for name, value in values.items() if assigned[name] == 1}
        self.calls.sort(key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))

    def value(self, node: ast.expr) -> ast.expr:
        """What a name that is assigned once stands for; any other node itself."""
        for _ in range(_DEPTH):
            if not (isinstance(node, ast.Name) and node.id in self.constants):
                break
            node = self.constants[node.id]
        return node

    def text(self, node: ast.expr) -> str | None:
        """The text that an expression gives, UNKNOWN for its unknown parts; None where nothing is known of it."""
        return self._text(node, iter(range(_PARTS)))

    def _text(self, node: ast.expr, budget: Iterator[int]) -> str | None:
        node = self.value(node)
        if next(budget, None) is None:
            return None
        parts: list[str | None] | None = None
        separator: str | None = ""
        if isinstance(node, ast.Constant):
            return _literal(node.value)
        if isinstance(node, ast.FormattedValue) and node.format_spec is None:
            return self._text(node.value, budget)
        if isinstance(node, ast.JoinedStr):
            parts = [self._text(part, budget) for part in node.values]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [self._text(node.left, budget), self._text(node.right, budget)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            separator = self._text(node.func.value, budget)
            items = self.value(node.args[0]) if len(node.args) == 1 else None
            if isinstance(items, (ast.List, ast.Tuple)):
                parts = [self._text(item, budget) for item in items.elts]
        if parts is None or separator is None or not any(part is not None for part in parts):
            return None
        return separator.join(UNKNOWN if part is None else part for part in parts)

    def source(self, node: ast.expr) -> str:
        """The expression as Python writes it, with what a once assigned name stands for."""
        try:
            return ast.unparse(self.value(node))
        except (RecursionError, ValueError):
            return ""

    def is_made_here(self, node: ast.expr, name: str) -> bool:
        """Whether this is what a call of `name` in this very file gave."""
        node = self.value(node)
        if isinstance(node, ast.Name):
            given = [one for one in self.given.get(node.id, ()) if not _begins_with(one, node.id)]
            return (
                bool(given)
                and not any(isinstance(one, ast.Name) for one in given)
                and all(self.is_made_here(one, name) for one in given)
            )
        while isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                return node.func.id == name
            node = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return False

    def root(self, call: ast.Call) -> ast.expr:
        """The whole chain of calls that a call is a link of."""
        node: ast.expr = call
        while isinstance(link := self.parents.get(node), ast.Attribute) and link.value is node:
            above = self.parents.get(link)
            if not (isinstance(above, ast.Call) and above.func is link):
                break
            node = above
        return node

    def group(self, call: ast.Call) -> int:
        """Equal for calls that certainly set the same object one after the other."""
        base: ast.AST = call
        names = []
        while isinstance(base, (ast.Call, ast.Attribute)):
            names += [base.attr] if isinstance(base, ast.Attribute) else []
            base = base.func if isinstance(base, ast.Call) else base.value
        root = self.root(call)
        block = self._blocks(root)[0]
        # A chain that goes through a class, as `pyspark.SparkConf()`, begins a new object.
        if isinstance(base, ast.Name) and not any(name[:1].isupper() for name in (base.id, *names)):
            return hash((block, base.id))
        statement = self.statement(root)
        if isinstance(statement, ast.Assign) and statement.value is root and isinstance(statement.targets[0], ast.Name):
            return hash((block, statement.targets[0].id))
        return hash((block, id(root)))

    def runs_before(self, first: ast.expr, second: ast.expr) -> bool:
        """Whether `first` has certainly run when `second` does: earlier in the same function, in no other branch."""
        end, start = (first.end_lineno or 0, first.end_col_offset or 0), (second.lineno, second.col_offset)
        if end > start or self._function(first) is not self._function(second):
            return False
        return self._blocks(first)[0] in self._blocks(second)

    def statement(self, node: ast.AST) -> ast.AST:
        """The statement that a node stands in."""
        while node in self.parents and not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def _function(self, node: ast.AST) -> ast.AST | None:
        above = self.parents.get(node)
        while above is not None and not isinstance(above, _FUNCTIONS):
            above = self.parents.get(above)
        return above

    def _blocks(self, node: ast.AST) -> list[int]:
        """The lists of statements around a node, the innermost first."""
        blocks = []
        while (above := self.parents.get(node)) is not None:
            if isinstance(node, ast.stmt):
                for name in ("body", "orelse", "finalbody", "handlers"):
                    block = getattr(above, name, None)
                    if isinstance(block, list) and any(statement is node for statement in block):
                        blocks.append(id(block))
            node = above
        return blocks or [0]


def _begins_with(node: ast.expr, name: str) -> bool:
    """Whether a chain of calls begins with a variable."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == name


def _literal(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None
