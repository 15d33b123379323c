"""The places of a Python file where a session is built, wrapped so that it reports its lineage."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WRAPPER = "with_lineage"
_ENDS = frozenset(("getOrCreate", "create"))
_SESSIONS = frozenset(("SparkSession", "pyspark.sql.SparkSession", "sql.SparkSession"))


def with_wrapped(text: str, tree: ast.Module) -> tuple[str, list[str]]:
    """The text with every `SparkSession.builder….getOrCreate()` wrapped, and what is left to the user.

    The wrapper stands around the whole chain before the last call, so that options that the chain sets are joined.
    """
    found = list(_builders(tree))
    plain = [chain for chain in found if _root(chain) is not None]
    lines = _line_starts(text)
    edits = [
        (_offset(text, lines, line, column), new)
        for chain in plain
        for line, column, new in (
            (chain.lineno, chain.col_offset, f"{WRAPPER}("), (chain.end_lineno or 1, chain.end_col_offset or 0, ")"),
        )
    ]  # fmt: skip
    for at, new in sorted(edits, reverse=True):
        text = text[:at] + new + text[at:]
    notes = [
        f"The session of line {chain.end_lineno} is built elsewhere: wrap its builder yourself, {WRAPPER}(builder)."
        for chain in found
        if _root(chain) is None and _is_builder(chain)
    ]
    if not plain and not notes and not _is_wrapped(tree):
        notes.append(f"No session is built in this file: import {WRAPPER} where it is, and wrap the builder there.")
    return text, notes


def _builders(tree: ast.Module) -> Iterator[ast.expr]:
    """What stands before each call that builds a session, where it is not wrapped."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ENDS:
            chain = node.func.value
            if not (isinstance(chain, ast.Call) and _name(chain.func) == WRAPPER):
                yield chain


def _root(chain: ast.expr) -> ast.expr | None:
    """`SparkSession.builder` at the beginning of calls; None where it begins with something else, or is a client's."""
    node = chain
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "remote":
            return None
        node = node.func.value
    if not isinstance(node, ast.Attribute) or node.attr != "builder":
        return None
    return node if _name(node.value) in _SESSIONS else None


def _is_builder(chain: ast.expr) -> bool:
    """Whether it looks like one: a name with `builder` in it."""
    names = [part.id for part in ast.walk(chain) if isinstance(part, ast.Name)]
    return any(re.search(r"(?i)builder|spark", name) for name in names) and not _is_client(chain)


def _is_client(chain: ast.expr) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "remote" for part in ast.walk(chain))


def _is_wrapped(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Call) and _name(node.func) == WRAPPER for node in ast.walk(tree))


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _name(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def _line_starts(text: str) -> list[int]:
    """As Python counts lines: a form feed ends none."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


def _offset(text: str, lines: list[int], line: int, column: int) -> int:
    """Of a place that counts bytes of UTF-8."""
    start = lines[line - 1]
    end = lines[line] if line < len(lines) else len(text)
    return start + len(text[start:end].encode()[:column].decode())
