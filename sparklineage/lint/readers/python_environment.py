"""Variables of the environment that Python code sets for the Spark that it starts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.readers.python_objects import called

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHER_READERS = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?:openlineage|airflow|dbt)\b", re.MULTILINE)


class Variable(NamedTuple):
    """A name and its value."""

    name: ast.expr
    value: ast.expr


def are_for_spark(text: str) -> bool:
    """Whether nothing else in this code reads the variables of lineage."""
    return not _OTHER_READERS.search(text)


def of_assignment(node: ast.Assign) -> Iterator[Variable]:
    """`os.environ["NAME"] = value`."""
    for target in node.targets:
        if isinstance(target, ast.Subscript) and _is_environ(target.value):
            yield Variable(target.slice, node.value)


def of_call(call: ast.Call) -> Iterator[Variable]:
    """`os.environ.setdefault(…)`, `os.environ.update(…)`, `os.putenv(…)`."""
    name, owner = called(call), call.func.value if isinstance(call.func, ast.Attribute) else None
    pair = name == "setdefault" and _is_environ(owner)
    pair = pair or (name == "putenv" and isinstance(owner, ast.Name) and owner.id == "os")
    if pair and len(call.args) == 2:
        yield Variable(*call.args)
    elif name == "update" and _is_environ(owner):
        for given in call.args:
            if isinstance(given, ast.Dict):
                yield from (Variable(key, value) for key, value in zip(given.keys, given.values, strict=True) if key)
        for word in call.keywords:
            if word.arg:
                yield Variable(ast.copy_location(ast.Constant(word.arg), word.value), word.value)


def _is_environ(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "environ" and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.Name) and node.id == "environ"
