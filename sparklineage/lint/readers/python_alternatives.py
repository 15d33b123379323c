"""Which settings of a Python file one run can make together: functions and branches are alternatives."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.lint.settings import Setting

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Choice = tuple[str, str]
"""What is asked, as text, and which branch is taken for it."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS = ("body", "orelse", "finalbody")
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_LEFT = 20
"""Choices before a node that are remembered."""
_MOST = 40
"""Ways through one file that are put together from what they share."""


class Item(NamedTuple):
    """A setting or variable, and when it is made."""

    setting: Setting
    function: Function | None
    """None for what the module itself does."""
    path: frozenset[Choice]
    """The branches that it stands in."""


class Together(NamedTuple):
    """What one run makes."""

    settings: tuple[Setting, ...]
    whole: bool
    """Whether nothing else is certain to be made in the same run."""


class Paths:
    """The functions and branches that the nodes of a tree stand in."""

    def __init__(self, parents: Mapping[ast.AST, ast.AST]) -> None:
        self.parents = parents
        self.where: dict[ast.AST, tuple[str, int]] = {}
        """In which list of the node above it a node stands, and where in that."""
        self.leaving: dict[int, list[tuple[int, Choice]]] = {}
        """For the list of statements of each id: the choices after which one of the branches has left it."""

    def function(self, node: ast.AST) -> Function | None:
        """The function that a node stands in."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, _FUNCTIONS):
            above = self.parents.get(above)
        return above

    def path(self, node: ast.AST) -> frozenset[Choice]:
        """The branches around a node in its function, also those that would have left it before."""
        found: set[Choice] = set()
        while (above := self.parents.get(node)) is not None and not isinstance(node, _FUNCTIONS):
            found.update(self._choices(node, above))
            node = above
        return frozenset(found)

    def _choices(self, node: ast.AST, above: ast.AST) -> Iterator[Choice]:
        name, index = self._place(node, above)
        if isinstance(above, (ast.If, ast.IfExp)) and name and (question := _question(above)):
            yield question, "yes" if name == "body" else "no"
        elif isinstance(above, ast.Try) and name != "finalbody":
            yield f"try {id(above)}", str(index) if name == "handlers" else "done"
        elif isinstance(above, ast.Match) and name:
            yield f"match {id(above)}", str(index)
        block = getattr(above, name, None)
        if name in _BLOCKS and isinstance(block, list):
            leaving = self.leaving.setdefault(id(block), [])
            yield from (choice for _, choice in leaving[: bisect_left(leaving, (index,))][-_LEFT:])

    def _place(self, node: ast.AST, above: ast.AST) -> tuple[str, int]:
        if node not in self.where:
            for name in (*_BLOCKS, "handlers", "cases"):
                block = getattr(above, name, None)
                if isinstance(block, list):
                    self.where.update({one: (name, index) for index, one in enumerate(block)})
                    self.leaving[id(block)] = [
                        (index, choice) for index, one in enumerate(block) for choice in _left(one)
                    ]
                elif isinstance(block, ast.AST):
                    self.where[block] = (name, 0)
        return self.where.setdefault(node, ("", 0))


def _left(statement: ast.AST) -> Iterator[Choice]:
    """What is known behind a statement one of whose branches leaves."""
    question = _question(statement) if isinstance(statement, ast.If) else None
    if question and isinstance(statement, ast.If):
        if isinstance(statement.body[-1], _LEAVES):
            yield question, "no"
        elif statement.orelse and isinstance(statement.orelse[-1], _LEAVES):
            yield question, "yes"


def _question(node: ast.If | ast.IfExp) -> str | None:
    """What is asked; None for what is asked of the circumstances alone."""
    try:
        question = ast.unparse(node.test)
    except (RecursionError, ValueError):
        return str(id(node))
    return None if question.startswith("__name__ ") or question.endswith("TYPE_CHECKING") else question


def together(items: Sequence[Item], closed: Mapping[Function, bool], *, whole: bool) -> Iterator[Together]:
    """What the runs of a file make, each setting in at least one of them.

    `closed` are the functions with settings, and whether they make a session with what stands in them alone. What a
    module does is shared by the others; `whole` says whether all of it is there to be seen.
    """
    own: dict[Function | None, list[Item]] = {}
    for item in items:
        own.setdefault(item.function, []).append(item)
    base = own.pop(None, [])
    small = len(own) <= _MOST
    for function, inside in own.items():
        if function is not None and closed[function]:
            yield from _ways(inside, whole=True)
        else:
            yield from _ways([*base, *inside] if small else inside, whole=False)
    if base:
        yield from _ways(base, whole=whole and all(closed.values()))


def _ways(items: Sequence[Item], *, whole: bool) -> Iterator[Together]:
    paths = list(dict.fromkeys(item.path for item in items))
    if len(paths) > _MOST:
        for path in paths:
            yield Together(tuple(item.setting for item in items if item.path >= path), whole=False)
        return
    for path in paths:
        if any(path < other for other in paths):
            continue
        chosen = dict(path)
        there, certain = [], whole
        for item in items:
            answers = [(chosen.get(question), answer) for question, answer in item.path]
            if all(mine == answer for mine, answer in answers):
                there.append(item.setting)
            elif not any(mine not in {None, answer} for mine, answer in answers):
                certain = False
        yield Together(tuple(there), whole=certain)
