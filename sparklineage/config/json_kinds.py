"""What a JSON Schema says of each kind of value: as near to what the loader takes as a schema can come.

No pattern can match a text in two ways, so that none takes long over a wrong one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparklineage.config.keys import Key

_NUMBER = r"[0-9]{1,15}(\.[0-9]{1,9})?"
_STEPS = rf"({_NUMBER}\s*(ms|min|s|m|h|d)\s*)+"
_ISO = (
    r"[pP](?=[0-9tT])([0-9]{1,9}[dD])?"
    r"([tT](?=[0-9])([0-9]{1,9}[hH])?([0-9]{1,9}[mM])?([0-9]{1,9}(\.[0-9]{1,9})?[sS])?)?"
)
_CLASS = r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)+"
_NOT_BLANK = r"\S"
_ENTRY = r"^[^;\[\]]*$"
_LARGEST = 2**31 - 1
_WORD = {"type": "string", "pattern": r"^[^:;\n\r]*$"}


def value_schema(key: Key) -> dict[str, Any]:
    """What may stand behind a key, null included, which says nothing."""
    if key.limits.values:
        return {"anyOf": [*_choices(key), {"type": "null"}]}
    return _SHAPES[key.kind](key) if key.kind in _SHAPES else _text(key)


def _choices(key: Key) -> list[dict[str, Any]]:
    words = [*key.limits.values, *(alias for alias, _ in key.limits.aliases)]
    # The loader takes a word in any case; an editor shall offer the one spelling.
    choices: list[dict[str, Any]] = [{"enum": words}, _pattern(_any_case(words))]
    if key.limits.open:
        choices.append(_pattern(_CLASS))
    if any(re.fullmatch(r"\d+\.\d+", word) for word in words):
        choices.append({"enum": [float(word) for word in words]})
    return choices


def _text(key: Key) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": ["string", "number", "null"]}
    if key.open_ended:
        # `properties: {bootstrap: {servers: x}}` is the property bootstrap.servers.
        return {"allOf": [{"$ref": "#/definitions/open"}]}
    return shape if key.secret else {**shape, "pattern": _NOT_BLANK}


def _boolean(key: Key) -> dict[str, Any]:  # noqa: ARG001
    words = ["true", "false", "yes", "no", "on", "off", "1", "0"]
    return {"anyOf": [{"enum": [True, False, None, 1, 0]}, _pattern(_any_case(words))]}


def _integer(key: Key) -> dict[str, Any]:  # noqa: ARG001
    shape = _pattern("[+-]?[0-9]+")
    return {**shape, "type": ["integer", "string", "null"], "minimum": -_LARGEST, "maximum": _LARGEST}


def _number(key: Key) -> dict[str, Any]:  # noqa: ARG001
    return {**_pattern(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"), "type": ["number", "string", "null"]}


def _duration(key: Key) -> dict[str, Any]:
    if key.limits.unit is None:
        return {**_pattern(f"({_STEPS}|{_ISO})"), "type": ["string", "null"]}
    shape = _pattern(f"({_STEPS}|{_NUMBER}|{_ISO})")
    return {**shape, "type": ["string", "number", "null"], "minimum": 0}


def _size(key: Key) -> dict[str, Any]:
    number = "number" if key.limits.unit else "integer"
    return {**_pattern(rf"{_NUMBER}\s*(([kKmMgGtT][iI]?)?[bB])?"), "type": ["string", number, "null"], "minimum": 0}


def _url(key: Key) -> dict[str, Any]:  # noqa: ARG001
    return {"type": ["string", "null"], "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^\s/?#:]\S*\s*$"}


def _class(key: Key) -> dict[str, Any]:  # noqa: ARG001
    return {**_pattern(_CLASS), "type": ["string", "null"]}


def _uuid(key: Key) -> dict[str, Any]:  # noqa: ARG001
    return {**_pattern("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "type": ["string", "null"]}


def _version(key: Key) -> dict[str, Any]:  # noqa: ARG001
    numbers = r"[0-9]{1,9}\.[0-9]{1,9}(\.[0-9]{1,9})?"
    return {**_pattern(rf"{numbers}([.\-][A-Za-z0-9_.\-]+)?"), "type": ["string", "number", "null"]}


def _list(key: Key) -> dict[str, Any]:  # noqa: ARG001
    items = {"type": ["string", "number", "boolean", "null"], "pattern": _ENTRY}
    return {"type": ["string", "array", "null"], "pattern": r"^(\s*\[[^\[\]]*\]\s*|[^;\[\]]*)$", "items": items}


def _tags(key: Key) -> dict[str, Any]:  # noqa: ARG001
    return {
        "type": ["string", "array", "object", "null"],
        "items": {"type": ["string", "number", "boolean", "null"]},
        "propertyNames": {"pattern": r"^[^:;\n\r]*[^:;\s][^:;\n\r]*$"},
        "additionalProperties": {**_WORD, "type": ["string", "number", "boolean"]},
    }


OPEN: dict[str, Any] = {
    "type": ["string", "number", "boolean", "object", "null"],
    "additionalProperties": {"$ref": "#/definitions/open"},
}
"""The definition `open`: what stands below a name that is not ours."""
_SHAPES = {
    "boolean": _boolean, "integer": _integer, "number": _number, "duration": _duration, "size": _size, "url": _url,
    "uuid": _uuid, "list": _list, "tags": _tags, "class": _class, "version": _version,
}  # fmt: skip


def _pattern(inner: str) -> dict[str, Any]:
    return {"type": "string", "pattern": rf"^\s*{inner}\s*$"}


def _any_case(words: list[str]) -> str:
    either = ("".join(f"[{char.lower()}{char.upper()}]" if char.isalpha() else re.escape(char) for char in word)
              for word in words)  # fmt: skip
    return f"({'|'.join(either)})"
