"""Durations and sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.values.interface import WANTED, WrongValueError, one_text

if TYPE_CHECKING:
    from sparklineage.config.values.interface import Limits, Value

MILLIS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
BYTES = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}  # fmt: skip
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_BARE = re.compile(_NUMBER)
_STEP = re.compile(rf"({_NUMBER})\s*(ms|min|s|m|h|d)\s*")
_ISO = re.compile(
    r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?", re.IGNORECASE
)
_SIZE = re.compile(rf"({_NUMBER})\s*((?:[kmgt]i?)?b)", re.IGNORECASE)
_BILLION = 10**9
_LONGEST = 366 * MILLIS["d"]


def read_duration(found: object, limits: Limits) -> Value:
    """Milliseconds. `5s`, `500ms`, `1m30s`, ISO 8601 (`PT5S`), or a bare number of the key's own unit."""
    text = one_text(found, "duration")
    if _BARE.fullmatch(text) and limits.unit in MILLIS:
        parts = [(text, limits.unit)]
    elif text and not _STEP.sub("", text):
        parts = _STEP.findall(text)
    elif (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        parts = [(part, unit) for part, unit in zip(iso.groups(), ("d", "h", "m", "s"), strict=True) if part]
    else:
        raise WrongValueError(WANTED["duration"])
    millis, rest = divmod(sum(_billionths(number) * MILLIS[unit] for number, unit in parts), _BILLION)
    if rest or millis > _LONGEST:
        raise WrongValueError("a duration of whole milliseconds, at most a year")
    return millis


def write_duration(value: Value) -> str:
    """In the largest unit that divides it."""
    millis = int(value) if not isinstance(value, tuple) else 0
    unit = next(unit for unit in ("h", "m", "s", "ms") if millis % MILLIS[unit] == 0) if millis else "s"
    return f"{millis // MILLIS[unit]}{unit}"


def read_size(found: object, limits: Limits) -> Value:
    """Bytes. `64KiB`, `10MB` (of 1000), or a bare number of the key's own unit, else of bytes."""
    text = one_text(found, "size")
    if _BARE.fullmatch(text):
        text += limits.unit or "B"
    match = _SIZE.fullmatch(text)
    if not match:
        raise WrongValueError(WANTED["size"])
    size, rest = divmod(_billionths(match[1]) * BYTES[match[2].lower()], _BILLION)
    if rest:
        raise WrongValueError("a size of whole bytes")
    return size


def write_size(value: Value) -> str:
    """In the largest unit of 1024 that divides it."""
    size = int(value) if not isinstance(value, tuple) else 0
    unit = next((unit for unit in ("TiB", "GiB", "MiB", "KiB") if size and size % BYTES[unit.lower()] == 0), "B")
    return f"{size // BYTES[unit.lower()]}{unit}"


def _billionths(number: str) -> int:
    """A number with at most nine decimals, exactly."""
    whole, _, part = number.partition(".")
    return int(whole) * _BILLION + int(part.ljust(9, "0"))
