"""Reads the conf files of a Databricks driver as strictly as nothing else does: blocks of quoted names and values."""

from __future__ import annotations

import json
import re

_BLOCK = re.compile(r"\[driver\] \{\n(.*)\}\n", re.DOTALL)
_LINE = re.compile(r'  ("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")')


def driver_properties(text: str) -> dict[str, str]:
    """The properties of one file. Raises ValueError for a line that a parser of HOCON might read otherwise."""
    block = _BLOCK.fullmatch(text)
    if block is None:
        raise ValueError(f"no block of the driver: {text[:100]!r}")
    found: dict[str, str] = {}
    for line in block[1].split("\n")[:-1]:
        if line.startswith("  # "):
            continue
        pair = _LINE.fullmatch(line)
        if pair is None or not line.isascii():
            raise ValueError(f"no property: {line!r}")
        key, value = json.loads(pair[1]), json.loads(pair[2])
        if key in found:
            raise ValueError(f"{key} is there twice")
        found[key] = value
    return found
