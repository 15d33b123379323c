"""How each format writes a change. A format without a module of its own is YAML or JSON, and edited by its places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sparklineage.lint.fix.editors import documents, properties, python, shell
from sparklineage.lint.readers import command_line, python_source, spark_defaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.lint.fix.changes import Change, Edit

__all__ = ["Editor", "editor_of"]


class Editor(Protocol):
    """A whole module satisfies this."""

    def edits(self, text: str, change: Change) -> Sequence[Edit] | None:
        """The change in the text that its setting was read from, or None where it cannot be made."""


_EDITORS: Mapping[str, Editor] = {
    spark_defaults.KIND: properties,
    command_line.KIND: shell,
    python_source.KIND: python,
}


def editor_of(kind: str) -> Editor:
    """The editor of a format."""
    return _EDITORS.get(kind, documents)
