"""Where the objects that Python code configures come from, and whether they go where we do not see them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sparklineage.lint.readers.python_alternatives import Function
    from sparklineage.lint.readers.python_scope import Scopes

CREATES = frozenset(("getOrCreate", "SparkContext", "GlueContext"))
"""Calls after which there is a session."""
_TAKES_CONF = frozenset(("config", "SparkContext", "GlueContext", "getOrCreate", "StreamingContext"))
_LOOKS = frozenset(("print", "pprint", "len", "str", "repr", "type", "isinstance"))


def called(call: ast.Call) -> str:
    """The name of what is called, without the object that it belongs to."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def is_closed(function: Function, inside: Sequence[ast.Call], settings: Sequence[ast.Call], scopes: Scopes) -> bool:
    """Whether a function makes its session from what stands in it alone.

    `inside` are the calls in it, `settings` those of them that set something.
    """
    if isinstance(function, ast.Lambda) or not any(called(call) in CREATES for call in inside):
        return False
    born = _born(function)
    names = {name for call in settings for name in [_base(call)] if name is not None}
    return names <= born and not any(True for _ in _handed_on(inside, names | _held(settings, scopes), born))


def comes_or_goes(inside: Sequence[ast.Call], settings: Sequence[ast.Call], scopes: Scopes) -> bool:
    """Whether what calls set begins with somebody's function, or is handed to one."""
    bases = {_base(call) for call in settings}
    names = bases | _held(settings, scopes)
    return "" in bases or any(name in names for name in _given(inside))


def _base(node: ast.expr) -> str | None:
    """The variable that a chain of calls begins with; None where it makes its object, `""` where a function does."""
    attributes = []
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return None if node.func.id[:1].isupper() else ""
        attributes += [node.attr] if isinstance(node, ast.Attribute) else []
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        return None if any(name[:1].isupper() for name in (node.id, *attributes)) else node.id
    return ""


def _held(settings: Iterable[ast.Call], scopes: Scopes) -> set[str]:
    """The variables that hold what calls have set, and not yet the session."""
    found = set()
    for call in settings:
        root = scopes.root(call)
        statement = scopes.statement(root)
        if isinstance(statement, ast.Assign) and not (isinstance(root, ast.Call) and called(root) in CREATES):
            found |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return found


def _born(function: Function) -> set[str]:
    """The variables of a function that only ever hold what it has made itself."""
    made: dict[str, list[str | None]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            made.setdefault(node.arg, []).append("")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    made.setdefault(target.id, []).append(_base(node.value))
    good = {name for name, bases in made.items() if any(base is None for base in bases)}
    while True:
        kept = {name for name in good if all(base is None or base in good for base in made[name])}
        if kept == good:
            return good
        good = kept


def _handed_on(inside: Sequence[ast.Call], names: set[str], born: set[str]) -> Iterator[str]:
    yield from (name for name in _given(inside) if name in names)
    for call in inside:
        conf = next((word.value for word in call.keywords if word.arg == "conf"), None)
        if conf is None and called(call) == "config" and len(call.args) == 1 and not call.keywords:
            conf = call.args[0]
        if called(call) in _TAKES_CONF and isinstance(conf, ast.Name) and conf.id not in born:
            yield conf.id


def _given(inside: Sequence[ast.Call]) -> Iterator[str]:
    """The variables that are given to functions of which it is not known what they do."""
    for call in inside:
        if called(call) not in _TAKES_CONF | _LOOKS:
            for value in (*call.args, *(word.value for word in call.keywords)):
                if isinstance(value, ast.Name):
                    yield value.id
