"""The kinds of values, their forms in Python, and what is said of one that is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "boolean", "integer", "number", "duration", "size", "url", "uuid", "enum", "list", "tags", "regex", "path",
    "class", "json", "version",
]  # fmt: skip
Value = str | bool | int | float | tuple[str, ...]
"""A duration is an int of milliseconds, a size an int of bytes; a list and tags are a tuple of texts."""

WANTED: dict[Kind, str] = {
    "text": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "duration": "a duration such as 500ms, 5s or 2m",
    "size": "a size such as 64KiB or 10MB",
    "url": "an http or https URL such as https://HOST:PORT",
    "uuid": "a UUID",
    "enum": "one of a few words",
    "list": "a list of texts",
    "tags": "a mapping from tag to value",
    "regex": "a regular expression",
    "path": "a path",
    "class": "the full name of a class",
    "json": "a JSON text",
    "version": "a version such as 1.53.0",
}


_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, which JSON can hold, or a byte of a variable that is not UTF-8."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one key says beyond its kind."""

    values: tuple[str, ...] = ()
    """Of an enum."""
    open: bool = False
    """Whether an enum also takes the full name of a class."""
    aliases: tuple[tuple[str, str], ...] = ()
    """Other words for a value of an enum."""
    unit: str | None = None
    """What a bare number counts: ms, s or min of a duration, KiB of a size."""


class WrongValueError(ValueError):
    """A value that its kind does not allow. Says what is needed, as a part of a sentence, and never the value."""

    def __init__(self, needed: str, hint: str = "") -> None:
        """`needed` is such as `a number`; `hint` a sentence to put behind, such as ` Did you mean http?`."""
        super().__init__(needed)
        self.hint = hint


def named(found: object) -> str:
    """What a person would call a value of this type."""
    kinds = {
        str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", tuple: "a list",
        dict: "a mapping", type(None): "empty",
    }  # fmt: skip
    return kinds.get(type(found), type(found).__name__)


def one_text(found: object, kind: Kind) -> str:
    """A single value as text, without the blanks around it. Raises WrongValueError for lists, mappings and switches."""
    if found is None or isinstance(found, (bool, list, tuple, dict)):
        raise WrongValueError(WANTED[kind])
    text = written(found, kind)
    if "\0" in text:
        raise WrongValueError(f"{WANTED[kind]} without a NUL")
    return text.strip()


def written(found: object, kind: Kind) -> str:
    """`str(found)`. Raises WrongValueError for what no file could hold, or an integer that Python does not write."""
    try:
        text = str(found)
    except ValueError:
        raise WrongValueError(f"{WANTED[kind]} of fewer digits") from None
    if _HALF.search(text):
        raise WrongValueError(f"{WANTED[kind]} in UTF-8")
    return text
