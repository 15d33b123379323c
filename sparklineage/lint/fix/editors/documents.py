"""Changes in YAML and JSON, where an entry stands in its own line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sparklineage.lint.fix.changes import Add, Change, Edit, Remove, Rename, SetValue
from sparklineage.lint.fix.editors import items
from sparklineage.lint.fix.lines import begin_of_line, ends, indent, newline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Setting, Span

_COLON = re.compile(r"[ \t]*:[ \t]*")
_REST = re.compile(r"[ \t]*(?:[ \t]#[^\r\n]*)?(?=\r|\n|\Z)")
_LEAD = re.compile(r"[ \t]*(?:- +)*")
_PLAIN = re.compile(r"[A-Za-z/$][\w./$+-]*(?::[\w./$+-]+)*")
"""What YAML takes for a text without quotes, but for these words."""
_WORDS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")
_SIMPLE = re.compile(r"0|[1-9]\d{0,15}|true|false")
"""A number or a switch."""


def edits(text: str, change: Change) -> Sequence[Edit] | None:
    """The change in the text, or None where it cannot be made."""
    key, value = change.setting.key_span, change.setting.value_span
    if isinstance(change, SetValue):
        return [Edit(*value, _value(text, change.setting, value, change.value))] if value else None
    prefix = _prefix(text, change.setting)
    if key is None or prefix is None:
        return None
    if isinstance(change, Rename):
        name = _below(prefix, change.key)
        return [Edit(*key, _quoted(name, text[key[0]]))] if name else None
    if value is None or not _COLON.fullmatch(text, key[1], value[0]):
        return None
    edit = (_json_line if _is_json(text) else _yaml_line)(text, key, value, prefix, change)
    return None if edit is None else [edit]


def _json_line(text: str, key: Span, value: Span, prefix: str, change: Add | Remove) -> Edit | None:
    comma = value[1] + 1 if text[value[1] : value[1] + 1] == "," else value[1]
    if indent(text, key[0]) is None or ends(text, comma) is None:
        return None
    if isinstance(change, Remove):
        return items.removed(text, key[0], value[1])
    name = _below(prefix, change.key)
    if not name:
        return None
    return items.added(text, key[0], value[1], f"{json.dumps(name)}: {_new(change.value, prefix, text, value)}")


def _yaml_line(text: str, key: Span, value: Span, prefix: str, change: Add | Remove) -> Edit | None:
    begin = begin_of_line(text, key[0])
    rest = _REST.match(text, value[1])
    if rest is None or not _LEAD.fullmatch(text, begin, key[0]):
        return None
    if isinstance(change, Remove):
        end = ends(text, rest.end())
        return Edit(begin, end, "") if indent(text, key[0]) is not None and end is not None else None
    name = _below(prefix, change.key)
    if not name:
        return None
    entry = f"{_quoted(name, text[key[0]])}: {_new(change.value, prefix, text, value)}"
    return Edit(rest.end(), rest.end(), newline(text, rest.end()) + " " * (key[0] - begin) + entry)


def _prefix(text: str, setting: Setting) -> str | None:
    """What stands before the key in the property that it means: nothing, or the keys around it."""
    if setting.key_span is None:
        return None
    raw = text[slice(*setting.key_span)]
    name = raw[1:-1] if raw[:1] in {'"', "'"} else raw
    return setting.key[: len(setting.key) - len(name)] if name and setting.key.endswith(name) else None


def _below(prefix: str, key: str) -> str | None:
    """The key as it is called there; None for one that belongs below other keys."""
    name = key[len(prefix) :]
    return name if key.startswith(prefix) and name and (not prefix or "." not in name) else None


def _new(value: str, prefix: str, text: str, beside: Span) -> str:
    """The value of a new entry. Where whole properties are keys, every value is a text."""
    if _SIMPLE.fullmatch(value):
        return value if prefix else json.dumps(value)
    return _quoted(value, '"' if _is_json(text) else text[beside[0]])


def _value(text: str, setting: Setting, span: Span, value: str) -> str:
    """A value in the quotes of the one that it replaces."""
    now = text[slice(*span)]
    if now[:1] in {'"', "'"}:
        return _quoted(value, now[:1])
    if _SIMPLE.fullmatch(value) and (_SIMPLE.fullmatch(now) or _prefix(text, setting)):
        return value
    return _quoted(value, '"' if _is_json(text) or _SIMPLE.fullmatch(value) else "")


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _quoted(text: str, quote: str) -> str:
    if quote == "'":
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False) if quote == '"' else _bare(text)


def _bare(text: str) -> str:
    """Without quotes where that is surely the same text."""
    plain = _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text)
    return text if plain or _SIMPLE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
