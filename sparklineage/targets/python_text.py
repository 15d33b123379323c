"""Pieces of Python source: literals, the variables that carry secrets, and a place behind the imports."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from sparklineage.model.secret import SecretReference
from sparklineage.targets.pieces import alone, pieces, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.pieces import Piece

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""As Python counts lines: a form feed ends none."""


def literal(text: str) -> str:
    """The text as Python writes it, in double quotes where these need no escapes."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text and "'" not in text else written


def environment(conf: ConfSet) -> Iterator[str]:
    """Statements that set the variables by which the agent gets its secrets, for a scope with `json` and `os`.

    A secret that lies elsewhere than in a variable has to be in the agent's own one already.
    """
    found = pieces(conf)
    here = {name: parts for name, parts in found.items() if within_reach(parts)}
    secrets = [part.name for parts in here.values() for part in parts if isinstance(part, SecretReference)]
    needed = list(dict.fromkeys([*secrets, *(name for name in found if name not in here)]))
    if needed:
        yield "needed = ["
        yield from (f"    {literal(name)}," for name in needed)
        yield "]"
        yield "missing = [name for name in needed if not os.environ.get(name)]"
        yield "if missing:"
        yield '    raise RuntimeError(f"set {missing}: the agent gets its keys from there")'
    for name, parts in here.items():
        if any(isinstance(part, SecretReference) for part in parts):
            yield f"secret = {_expression(parts)}"
            yield f"os.environ[{literal(name)}] = secret"
        else:
            yield f"os.environ[{literal(name)}] = {_expression(parts)}"


def placed(text: str, added: str, tree: ast.Module, newline: str) -> str:
    """A module with a piece behind its docstring and the imports that follow; every line stays."""
    lines = _LINE.findall(text)
    head = [at for at, node in enumerate(tree.body) if not _is_head(node, at)][:1]
    body = tree.body[: head[0]] if head else tree.body
    if body:
        end = max(node.end_lineno or node.lineno for node in body)
    else:
        end = min((_first_line(node) for node in tree.body[:1]), default=len(lines) + 1) - 1
    before, after = "".join(lines[:end]), "".join(lines[end:])
    if before and not before.endswith(("\n", "\r")):
        before += newline
    blank = next((at for at, line in enumerate(lines[end:]) if line.strip()), 2)
    return before + (newline * 2 if before else "") + added + newline * max(0, 2 - blank) * bool(after.strip()) + after


def _is_head(node: ast.stmt, at: int) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, (ast.Import, ast.ImportFrom)) or (at == 0 and is_text)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    parts: list[ast.expr | ast.stmt] = [node, *decorators]
    return min(part.lineno for part in parts)


def _expression(parts: tuple[Piece, ...]) -> str:
    reference = alone(parts)
    if reference is not None:
        return f"json.dumps({_value(reference)})"
    # Between other pieces the text of JSON has its quotes already.
    return " + ".join(literal(part) if isinstance(part, str) else f"json.dumps({_value(part)})[1:-1]" for part in parts)


def _value(reference: SecretReference) -> str:
    return f"os.environ[{literal(reference.name)}]"
