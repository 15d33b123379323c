"""What the values of facets have to be; every message names the argument and never shows the value."""

from __future__ import annotations

import math
from typing import Any


def text(name: str, value: Any) -> str:
    """A text with something in it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text, and this is a {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} is blank")
    return value


def count(name: str, value: Any) -> int | None:
    """A whole number from 0 on, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is a whole number, and this is a {type(value).__name__}")
    found = int(value.__index__())
    if found < 0:
        raise ValueError(f"{name} is below 0")
    return found


def number(name: str, value: Any) -> int | float:
    """A finite number as JSON has it; those of NumPy are taken too."""
    if isinstance(value, bool):
        raise TypeError(f"{name} is a number, and this is a bool")
    found = value.item() if hasattr(value, "item") else value
    if not isinstance(found, (int, float)):
        raise TypeError(f"{name} is a number, and this is a {type(value).__name__}")
    if not math.isfinite(found):
        raise ValueError(f"{name} is no finite number")
    return found


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """One of some words, in their spelling."""
    found = text(name, value).upper()
    if found not in allowed:
        raise ValueError(f"{name} is none of {', '.join(allowed)}")
    return found


def plain(name: str, value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: mappings, lists, texts, finite numbers, true and false, None."""
    if depth > _DEEPEST:
        raise ValueError(f"{name} is nested more than {_DEEPEST} levels deep")
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, dict) or hasattr(value, "items"):
        found = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{name} has a key that is no text but a {type(key).__name__}")
            found[key] = plain(f"{name}.{key}", item, depth + 1)
        return found
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(f"{name}[{at}]", item, depth + 1) for at, item in enumerate(value)]
    return number(name, value)


_DEEPEST = 20
