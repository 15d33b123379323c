"""Changes in a properties file: escapes, columns and continued lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.fix.changes import Change, Edit, Remove, Rename, SetValue
from sparklineage.lint.fix.lines import begin_of_line, newline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Span

_ENTRY = re.compile(r"[^\s=:#!][^\s=:]* +(?=[^\s=:])")
_LINE_END = re.compile(r"\r\n|\r|\n|\Z")


def edits(text: str, change: Change) -> Sequence[Edit] | None:
    """The change in the text, or None where it cannot be made."""
    setting = change.setting
    if setting.key_span is None or setting.value_span is None:
        return None
    key, value = setting.key_span, setting.value_span
    if isinstance(change, Rename):
        return [Edit(key[0], value[0], _key(change.key) + _separator(text, key, value, change.key))]
    if isinstance(change, SetValue):
        return [Edit(*value, _value(change.value))]
    end = _LINE_END.search(text, value[1])
    if end is None:
        return None
    if isinstance(change, Remove):
        return [Edit(begin_of_line(text, key[0]), end.end(), "")]
    lead = text[begin_of_line(text, key[0]) : key[0]]
    line = _key(change.key) + _separator(text, key, value, change.key) + _value(change.value)
    return [Edit(end.start(), end.start(), newline(text, end.start()) + lead + line)]


def _separator(text: str, key: Span, value: Span, name: str) -> str:
    """What stands between key and value, so that values in one column stay there."""
    separator = text[key[1] : value[0]]
    filled = separator.lstrip(" ")
    wide = len(separator) - len(filled)
    if wide > 1 or (wide == 1 and _in_column(text, key, value)):
        return " " * max(1, wide + key[1] - key[0] - len(_key(name))) + filled
    return separator if separator.strip("\\\r\n") else " "


def _in_column(text: str, key: Span, value: Span) -> bool:
    """Whether the value in the line above or below begins where this one does."""
    begin, column = begin_of_line(text, key[0]), value[0] - begin_of_line(text, key[0])
    after = _LINE_END.search(text, value[1])
    starts = [begin_of_line(text, begin - 1)] if begin else []
    starts += [after.end()] if after else []
    lines = [_ENTRY.match(text, start) for start in starts]
    return any(match is not None and match.end() - match.start() == column for match in lines)


def _key(name: str) -> str:
    return re.sub(r"([\\=: \t#!])", r"\\\1", name)


def _value(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    # In front, these would belong to what stands between key and value.
    return f"\\{text}" if text[:1] in {" ", "\t", "\f", "=", ":"} else text
