"""Fields of documents that one service spells in several ways: `ReleaseLabel`, `releaseLabel`, `release_label`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar
from sparklineage.lint.readers.nodes import Source, entries
from sparklineage.lint.settings import UNKNOWN, Origin, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator


def squashed(name: str) -> str:
    """A name in one spelling: small letters without underscores."""
    return name.replace("_", "").lower()


def field(node: Node | None, *names: str) -> Node | None:
    """The value of the field with one of these squashed names; of several the last one."""
    found = None
    for name, _, value in entries(node):
        if squashed(name) in names:
            found = value
    return found


def names(node: Node | None) -> frozenset[str]:
    """The squashed names of all fields of a mapping."""
    return frozenset(squashed(name) for name, _, _ in entries(node))


def properties(source: Source, node: Node | None, *, origin: Origin = "properties") -> Iterator[Setting]:
    """A setting for each key of a mapping; what is computed, such as `{"Ref": …}`, has an unknown value."""
    for _, key, value in entries(node):
        if UNKNOWN in source.value(key):
            continue
        if isinstance(value, Scalar):
            if value.value is not None:
                yield source.setting(key, value, origin=origin)
        else:
            yield Setting(key=key.text, value=UNKNOWN, place=source.place(key), origin=origin)


def is_elsewhere(source: Source, node: Node | None) -> bool:
    """Whether a field that is given says nothing here: a variable, the path of another file, or computed keys."""
    if isinstance(node, Scalar):
        return bool(node.text)
    return isinstance(node, Mapping) and (
        source.is_partial(node) or any(name.startswith("Fn::") for name in _keys(node))
    )


def _keys(node: Mapping) -> Iterator[str]:
    return (entry.key.text for entry in node.entries)
