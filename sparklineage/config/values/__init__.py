"""What may stand behind a key: one syntax a kind, read into one form and written back into the shortest text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.values.interface import WANTED, Kind, Limits, Value, WrongValueError, named
from sparklineage.config.values.lists import read_list, read_tags, write_list, write_tags
from sparklineage.config.values.measures import read_duration, read_size, write_duration, write_size
from sparklineage.config.values.patterns import read_regex
from sparklineage.config.values.words import (
    check_url,
    read_boolean,
    read_class,
    read_enum,
    read_integer,
    read_json,
    read_number,
    read_path,
    read_text,
    read_url,
    read_uuid,
    read_version,
    write_boolean,
    write_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WANTED", "Kind", "Limits", "Value", "WrongValueError", "check_url", "named", "parse", "render"]

_READ: dict[Kind, Callable[[object, Limits], Value]] = {
    "text": read_text,
    "boolean": read_boolean,
    "integer": read_integer,
    "number": read_number,
    "duration": read_duration,
    "size": read_size,
    "url": read_url,
    "uuid": read_uuid,
    "enum": read_enum,
    "list": read_list,
    "tags": read_tags,
    "regex": read_regex,
    "path": read_path,
    "class": read_class,
    "json": read_json,
    "version": read_version,
}
_WRITE: dict[Kind, Callable[[Value], str]] = {
    "boolean": write_boolean,
    "number": write_number,
    "duration": write_duration,
    "size": write_size,
    "list": write_list,
    "tags": write_tags,
}


def parse(found: object, kind: Kind, limits: Limits | None = None) -> Value:
    """The value in its one form. `found` is a text, or what YAML, TOML or JSON made of it. Raises WrongValueError."""
    return _READ[kind](found, limits or Limits())


def render(value: Value, kind: Kind) -> str:
    """The text that `parse` reads as this value again."""
    return _WRITE[kind](value) if kind in _WRITE else str(value)
