"""Single values: texts, switches, numbers, and texts of a certain form."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sparklineage.config.values.interface import WANTED, WrongValueError, one_text, written
from sparklineage.errors import suggestion

if TYPE_CHECKING:
    from sparklineage.config.values.interface import Limits, Value

_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
_INTEGER = re.compile(r"[+-]?[0-9]+")
_LARGEST, _LONGEST_INTEGER = 2**31 - 1, 20
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+")
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}(?:\.[0-9]{1,9})?(?:[.\-][A-Za-z0-9_.\-]+)?")
_SHORT_VERSION = re.compile(r"[0-9]+\.[0-9]+")


def read_text(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """As it stands, with the blanks around it."""
    one_text(found, "text")
    return str(found)


def read_path(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A path, without blanks around it."""
    text = one_text(found, "path")
    try:
        Path(text).expanduser()
    except RuntimeError:
        raise WrongValueError("a path whose home folder is known here") from None
    return text


def read_boolean(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """`true`, `yes`, `on`, `1`, or their opposites."""
    text = written(found, "boolean").strip().lower() if isinstance(found, (str, int)) else ""
    if text not in _TRUE | _FALSE:
        raise WrongValueError(WANTED["boolean"])
    return text in _TRUE


def write_boolean(value: Value) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def read_integer(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """Digits alone, within an int of Java."""
    text = one_text(found, "integer")
    if not _INTEGER.fullmatch(text):
        raise WrongValueError(WANTED["integer"])
    number = int(text) if len(text) <= _LONGEST_INTEGER else _LARGEST + 1
    if not -_LARGEST <= number <= _LARGEST:
        raise WrongValueError(f"{WANTED['integer']} of at most {_LARGEST}, as the agent holds it,")
    return number


def read_number(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A finite decimal number."""
    text = one_text(found, "number")
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise WrongValueError(WANTED["number"])
    return float(text)


def write_number(value: Value) -> str:
    """The shortest text of the same number."""
    return repr(value)


def read_enum(found: object, limits: Limits) -> Value:
    """The word in the catalogue's own spelling; where the enum is open, a class as it is."""
    text = one_text(found, "enum")
    spelled = {value.lower(): value for value in limits.values} | dict(limits.aliases)
    if text.lower() in spelled:
        return spelled[text.lower()]
    if limits.open and _CLASS.fullmatch(text):
        return text
    hint = suggestion(text, limits.values)
    listed = ", ".join(limits.values) + (", or the full name of a class" if limits.open else "")
    raise WrongValueError(f"one of {listed}", hint)


def read_url(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """An http or https URL with a host."""
    text = one_text(found, "url")
    check_url(text)
    return text


def check_url(text: str) -> None:
    """Raises WrongValueError for what is no http or https URL with a host."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongValueError(WANTED["url"]) from None
    printable = text.isprintable() and not any(map(str.isspace, text))
    if parts.scheme not in ("http", "https") or not host or not printable:
        raise WrongValueError(WANTED["url"])


def read_uuid(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A UUID as it is written."""
    from sparklineage.model.ids import is_run_id  # noqa: PLC0415

    text = one_text(found, "uuid")
    if not is_run_id(text):
        raise WrongValueError(WANTED["uuid"])
    return text


def read_class(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """The full name of a Java class."""
    text = one_text(found, "class")
    if not _CLASS.fullmatch(text):
        raise WrongValueError(WANTED["class"])
    return text


def read_version(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A version of three numbers, and what may follow them; `1.53` is `1.53.0`, as releases have three."""
    text = one_text(found, "version")
    if not _VERSION.fullmatch(text):
        raise WrongValueError(WANTED["version"])
    return f"{text}.0" if _SHORT_VERSION.fullmatch(text) else text


def read_json(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """The text of a JSON document."""
    text = one_text(found, "json")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise WrongValueError(WANTED["json"]) from None
    return text
