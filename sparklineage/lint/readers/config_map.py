"""ConfigMaps of Kubernetes that hold the files which Spark and the agent read."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import Node, Scalar, at
from sparklineage.lint.finding import Place
from sparklineage.lint.readers import openlineage_yml, spark_defaults
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.readers.nodes import Source, entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Setting, Sheet

_PROPERTIES = re.compile(r"[\w.-]+\.(?:conf|properties)")
_OPENLINEAGE = re.compile(r"openlineage[\w.-]*\.ya?ml")
_CONTENT = re.compile(r"\S")


def config_map(source: Source, root: Node, text: str) -> Iterator[Sheet]:
    """A sheet for each file in a ConfigMap that sets something; raises UnreadableError for one that is broken."""
    for name, _, content in entries(at(root, "data")):
        if not isinstance(content, Scalar):
            continue
        moved = _Moved(source, content, text)
        reader = (
            spark_defaults if _PROPERTIES.fullmatch(name) else openlineage_yml if _OPENLINEAGE.fullmatch(name) else None
        )
        if reader is not None:
            try:
                sheets = reader.read(source.value(content), source.file)
            except UnreadableError as error:
                sentence = str(error).partition(": ")[2]
                raise UnreadableError(source.place(content), f"in {name}, {sentence}") from None
            yield from (moved.sheet(sheet) for sheet in sheets)


class _Moved:
    """Places in a text inside a document as places in the document."""

    def __init__(self, source: Source, content: Scalar, text: str) -> None:
        self.file, self.begin = source.file, source.place(content)
        self.first: int | None = None
        self.indent = 0
        # Only the lines of a literal block stand in the document as they are.
        if content.style == "|":
            header = text.find("\n", content.start.offset)
            match = _CONTENT.search(text, header) if header >= 0 else None
            if match:
                self.first = content.start.line + 1
                self.indent = match.start() - text.rfind("\n", 0, match.start()) - 1

    def place(self, place: Place) -> Place:
        if self.first is None:
            return self.begin
        return Place(self.file, place.line + self.first - 1, place.column + self.indent)

    def sheet(self, sheet: Sheet) -> Sheet:
        return replace(
            sheet,
            place=self.place(sheet.place),
            settings=tuple(self.setting(setting) for setting in sheet.settings),
            platform="kubernetes",
        )

    def setting(self, setting: Setting) -> Setting:
        return replace(setting, place=self.place(setting.place), key_span=None, value_span=None)
