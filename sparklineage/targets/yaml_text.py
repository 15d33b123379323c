"""Writing YAML that every parser reads in the same way: what could be taken for something else stands in quotes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"))
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def yaml_text(value: object, indent: int = 0) -> str:
    """A value of dicts, lists and scalars in block style, `indent` blanks in front of each line, with a line end."""
    return "".join(f"{' ' * indent}{line}\n" for line in _lines(value))


def yaml_scalar(value: object) -> str:
    """A scalar, or in one line a collection."""
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) and value.lower() not in _WORDS else quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_scalar(key)}: {yaml_scalar(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_scalar, value))}]"
    return json.dumps(value)


def quoted(text: str) -> str:
    """In double quotes, for YAML and JSON alike."""
    return escaped(json.dumps(text, ensure_ascii=False))


def escaped(text: str) -> str:
    """JSON with the escape of every character that YAML does not take as it is."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _entry(f"{yaml_scalar(key)}:", below)
    elif isinstance(value, list) and value:
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield yaml_scalar(value)


def _entry(head: str, value: object) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        yield head
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{head} {yaml_scalar(value)}"
