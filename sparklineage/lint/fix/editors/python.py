"""Changes in Python: literals, calls in a chain, statements, entries of a mapping or a list of pairs."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from sparklineage.lint.fix.changes import Add, Change, Edit, Remove, Rename, SetValue
from sparklineage.lint.fix.editors import items
from sparklineage.lint.fix.lines import continues, ends, indent, newline, without
from sparklineage.lint.readers.python_source import Offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Span

_LITERAL = re.compile(r"(?s)[rRuU]?('''|\"\"\"|'|\")((?!\1)(?:\\.|[^\\]))*\1")
_QUOTE = re.compile(r"[rRuU]?(['\"])")
_NUMBER = re.compile(r"\d{1,18}")
_DOT = re.compile(r"\.(?:\s|\\\r?\n)*\Z")
_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_SETS = frozenset(("config", "set", "setIfMissing"))


def edits(text: str, change: Change) -> Sequence[Edit] | None:
    """The change in the text, or None where it cannot be made."""
    setting = change.setting
    if isinstance(change, SetValue):
        return _literal(text, setting.value_span, change.value)
    if setting.key_span is None:
        return None
    if isinstance(change, Rename):
        whole = _LITERAL.fullmatch(text, *setting.key_span)
        return _literal(text, setting.key_span, change.key) if whole else None
    tree = _parsed(text)
    around = tree.around(setting.key_span)
    edit = None if around is None else _Place(text, setting.key_span, around, tree).edit(change)
    return None if edit is None else [edit]


def _literal(text: str, span: Span | None, value: str) -> Sequence[Edit] | None:
    """Another literal in the place of one: a text in the same quotes, a number or switch where one was."""
    if span is None:
        return None
    quote = _QUOTE.match(text, span[0])
    if quote is None:
        bare = value.capitalize() if value in {"true", "false"} else value
        return [Edit(*span, bare if bare in {"True", "False"} or _NUMBER.fullmatch(bare) else _quoted(value, '"'))]
    return [Edit(*span, _quoted(value, quote[1]))]


def _quoted(value: str, quote: str) -> str:
    body = value.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n").replace("\r", "\\r")
    return f"{quote}{body}{quote}"


class _Place:
    """The call or the entry that a key stands in."""

    def __init__(self, text: str, key: Span, node: ast.Call | Span, tree: _Tree) -> None:
        self.text, self.node, self.offsets = text, node, tree.offsets
        self.above = tree.parents.get(node) if isinstance(node, ast.Call) else None
        self.outside = tree.parents.get(self.above) if self.above else None
        quote = _QUOTE.match(text, key[0])
        self.quote = quote[1] if quote else '"'

    def edit(self, change: Add | Remove) -> Edit | None:
        if not isinstance(self.node, ast.Call):
            if isinstance(change, Remove):
                return items.removed(self.text, *self.node)
            return items.added(self.text, *self.node, self._item(self.node, change))
        if isinstance(change, Remove):
            return self._removed(self.node)
        return self._added(self.node, f"{_quoted(change.key, self.quote)}, {_quoted(change.value, self.quote)}")

    def _item(self, beside: Span, change: Add) -> str:
        key, value = _quoted(change.key, self.quote), _quoted(change.value, self.quote)
        opening = self.text[beside[0]]
        closing = {"(": ")", "[": "]"}.get(opening)
        return f"{opening}{key}, {value}{closing}" if closing else f"{key}: {value}"

    def _removed(self, call: ast.Call) -> Edit | None:
        if self._is_statement(call):
            start, end = self.offsets.span(call)
            alone = indent(self.text, start) is not None and ends(self.text, end) is not None
            return without(self.text, start, end) if alone and not self._is_whole_block() else None
        dot = self._dot(call)
        return None if dot is None else without(self.text, dot, self.offsets.span(call)[1])

    def _added(self, call: ast.Call, arguments: str) -> Edit | None:
        if not isinstance(call.func, ast.Attribute):
            return None
        new = f".{'config' if call.func.attr == 'config' else 'set'}({arguments})"
        if self._is_statement(call):
            return self._added_statement(call, call.func, new)
        dot, end = self._dot(call), self.offsets.span(call)[1]
        if dot is None:
            return None
        lead = indent(self.text, dot)
        if lead is None:
            return Edit(end, end, new)
        if continues(self.text, dot, end):
            return Edit(end, end, f" \\{newline(self.text, end)}{lead}{new}")
        rest = _REST.match(self.text, end)
        at = rest.end() if rest else end
        return Edit(at, at, f"{newline(self.text, end)}{lead}{new}")

    def _added_statement(self, call: ast.Call, func: ast.Attribute, new: str) -> Edit | None:
        start, end = self.offsets.span(call)
        lead, rest = indent(self.text, start), _REST.match(self.text, end)
        if lead is None or rest is None:
            return None
        receiver = self.text[start : self.offsets.span(func.value)[1]]
        return Edit(rest.end(), rest.end(), f"{newline(self.text, end)}{lead}{receiver}{new}")

    def _is_statement(self, call: ast.Call) -> bool:
        """Whether this is all of a statement such as `conf.set("k", "v")`."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        while isinstance(receiver, ast.Attribute):
            receiver = receiver.value
        return isinstance(self.above, ast.Expr) and isinstance(receiver, ast.Name)

    def _is_whole_block(self) -> bool:
        """Whether nothing else is in the block, which would then be empty."""
        outside = self.outside
        blocks = [getattr(outside, name, None) for name in ("body", "orelse", "finalbody")]
        return any(block == [self.above] for block in blocks) and not isinstance(outside, ast.Module)

    def _dot(self, call: ast.Call) -> int | None:
        """Where the dot before the called name stands."""
        if not isinstance(call.func, ast.Attribute):
            return None
        name = self.offsets.span(call.func)[1] - len(call.func.attr)
        receiver = self.offsets.span(call.func.value)[1]
        match = _DOT.search(self.text, receiver, name)
        return match.start() if match else None


class _Tree:
    def __init__(self, text: str) -> None:
        self.offsets = Offsets(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.literals: dict[Span, ast.Constant] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and hasattr(node, "lineno"):
                self.literals.setdefault(self.offsets.span(node), node)

    def around(self, key: Span) -> ast.Call | Span | None:
        """The call that a key stands in, or where the entry stands."""
        literal = self.literals.get(key)
        above = self.parents.get(literal) if literal else None
        if isinstance(above, ast.keyword):
            above = self.parents.get(above)
        if isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute) and above.func.attr in _SETS:
            return above
        if isinstance(above, ast.Dict) and literal in above.keys:
            return key[0], self.offsets.span(above.values[above.keys.index(literal)])[1]
        if isinstance(above, (ast.Tuple, ast.List)) and len(above.elts) == 2:
            return self.offsets.span(above)
        return None


@lru_cache(maxsize=2)
def _parsed(text: str) -> _Tree:
    return _Tree(text)
