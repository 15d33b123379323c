"""Properties as `java.util.Properties` reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\f": r"\f"}


def properties_text(properties: Mapping[str, str]) -> str:
    """The text of a spark-defaults.conf, in ASCII alone: no reader of it can get the characters wrong.

    Spark itself cuts the blanks around a value off.
    """
    written = escaped(properties)
    width = max(map(len, written), default=0)
    return "".join(f"{key:<{width}}  {value}\n" if value else f"{key}\n" for key, value in written.items())


def escaped(properties: Mapping[str, str]) -> dict[str, str]:
    """Keys and values as they stand in such a text."""
    return {_key(key): _value(value) for key, value in properties.items()}


def _key(key: str) -> str:
    # A comment is one by its first character; blanks, = and : end a key.
    return re.sub(r"[ =:]|^[#!]", r"\\\g<0>", _escaped(key))


def _value(value: str) -> str:
    # The first = or : behind the blanks would be taken for the separator.
    return re.sub(r"^[ =:]", r"\\\g<0>", _escaped(value))


def _escaped(text: str) -> str:
    return "".join(_NAMED.get(char) or (char if " " <= char <= "~" else _unicode(char)) for char in text)


def _unicode(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
