"""`spark-defaults.conf` and what `--properties-file` takes: the syntax of `java.util.Properties`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.properties import Entry, entries
from sparklineage.lint.finding import Place
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.settings import Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND = "spark-defaults"
TITLE = "spark-defaults.conf and other properties files"
_ENDS = (".conf", ".properties", ".conf.template")
_PROPERTY = re.compile(r"^[ \t]*spark\.\w[\w.]*[ \t]*[=: \t]", re.MULTILINE)


def claims(name: str, text: str) -> bool:
    """By its ending and a line that sets a property."""
    return name.endswith(_ENDS) and bool(name.startswith("spark-defaults") or _PROPERTY.search(text))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet: the file."""
    found: list[Entry] = []
    try:
        # One after the other, so that the last one tells how far reading came.
        found.extend(entries(text))
    except ValueError as error:
        after = f" after line {found[-1].line}" if found else ""
        sentence = f"{error}{after}; write \\u and four hexadecimal digits, or \\\\ for a backslash."
        raise UnreadableError(Place(file), sentence) from None
    settings = tuple(
        Setting(
            key=entry.key,
            value=entry.trimmed,
            text=entry.trimmed,
            place=Place(file, entry.line, entry.column),
            origin="properties",
            key_span=entry.key_span,
            value_span=entry.value_span,
        )
        for entry in found
        if entry.key.startswith(("spark.", "openlineage."))
    )
    return [Sheet(place=Place(file), settings=settings)] if settings else []
