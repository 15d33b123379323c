"""What the values of facets have to be; every message names the argument and never shows the value."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from typing import Any, cast, get_args
from urllib.parse import quote

from sparklineage.model.facet import Place
from sparklineage.model.lenient import leave_out

PLACES: tuple[str, ...] = get_args(Place)
_MOST_COUNT = 2**63 - 1
"""What backends keep counts in: a Java long, a PostgreSQL bigint."""
_MOST_DIGITS = 300
"""Of a whole number, before the point; a double holds 308."""
_DEEPEST = 20
_LONGEST = 100
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+", re.DOTALL)
_SAFE_IN_URI = "%:/?#[]@!$&'()*+,;="


def text(name: str, value: Any, wanted: str = "a text") -> str:
    """A text with something in it. `wanted` says what else is taken, or what it looks like."""
    if not isinstance(value, str):
        raise _other(name, wanted, value)
    if not value.strip():
        raise ValueError(f"{short(name)} is blank")
    return _whole(name, value)


def key(name: str, value: Any) -> str:
    """The key of the mapping of that name: a text with something in it."""
    return text(f"a key of {name}", value)


def short(name: str) -> str:
    """A name for a message; those of columns and metrics are anybody's."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def optional_text(name: str, value: Any) -> str | None:
    """A text with something in it, or None."""
    return None if value is None else text(name, value)


def label(name: str, value: Any) -> str:
    """A text, or a whole number as a text: what versions and ids are."""
    found = _bare(name, value)
    if isinstance(found, bool) or not isinstance(found, int):
        return text(name, value, "a text or a whole number")
    return shown(name, found)


def shown(name: str, value: Any) -> str:
    """Any value as Python shows it."""
    try:
        found = str(value)
    except Exception as error:  # noqa: BLE001 - a class of anybody's
        raise ValueError(f"{short(name)} has no text: {type(value).__name__} raises {type(error).__name__}") from None
    return _whole(name, found)


def uri(name: str, value: Any) -> str:
    """An absolute URI; what no URI may hold, such as a space, is percent-encoded."""
    found = text(name, value)
    if not _URI.fullmatch(found):
        raise ValueError(f"{short(name)} is no absolute URI, such as postgresql://host:5432/database")
    return quote(found, safe=_SAFE_IN_URI)


def flag(name: str, value: Any) -> bool:
    """True or False; those of NumPy are taken too."""
    found = _bare(name, value)
    if not isinstance(found, bool):
        raise _other(name, "True or False", value)
    return found


def count(name: str, value: Any) -> int | None:
    """A whole number from 0 on, of at most 64 bits, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise _other(name, "a whole number", value)
    try:
        found = int(value.__index__())
    except Exception as error:
        raise unreadable(name, value, error) from error
    if found < 0:
        raise ValueError(f"{short(name)} is below 0")
    if found > _MOST_COUNT:
        raise ValueError(f"{short(name)} is above 2^63 - 1, which no backend can keep")
    return found


def number(name: str, value: Any) -> int | float:
    """A finite number as JSON has it; those of NumPy and decimal ones are taken too."""
    found = _bare(name, value)
    if isinstance(found, Decimal) and found.is_finite():
        found = int(found) if found.adjusted() < _MOST_DIGITS and found == found.to_integral_value() else float(found)
    elif isinstance(found, Decimal):
        found = math.nan
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise _other(name, "a number", value)
    try:
        finite = math.isfinite(found)
    except OverflowError:
        raise ValueError(f"{short(name)} is a larger number than a double holds") from None
    if not finite:
        raise ValueError(f"{short(name)} is no finite number")
    return found


def measured(
    name: str, found: Iterable[tuple[Any, Any]], read: Callable[[str, Any], int | float] = number
) -> dict[str, int | float]:
    """Numbers by their names. One that is none, such as a NaN, is left out by itself, with a warning."""
    numbers: dict[str, int | float] = {}
    for called, value in found:
        try:
            metric = key(name, called)
            numbers[metric] = read(f"{name}.{metric}", value)
        except (TypeError, ValueError) as error:
            leave_out(error)
    return numbers


def point(name: str, value: Any) -> int | float:
    """A finite number, or a date or a point in time as seconds since 1970 in UTC; without a zone it is local."""
    found = _bare(name, value)
    try:
        if isinstance(found, dt.datetime):
            found = found.timestamp()
        elif isinstance(found, dt.date):
            found = (found - dt.date(1970, 1, 1)).days * 86_400
    except Exception as error:
        raise unreadable(name, value, error) from error
    return number(name, found)


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """One of some words, in their spelling."""
    found = text(name, value).upper()
    if found not in allowed:
        raise ValueError(f"{short(name)} is none of {', '.join(allowed)}")
    return found


def known_place(value: Any) -> Place:
    """Where in an event a facet may stand."""
    if not isinstance(value, str) or value not in PLACES:
        raise ValueError(f"place is none of {', '.join(PLACES)}")
    return cast("Place", value)


def pairs(name: str, value: Any) -> list[tuple[Any, Any]]:
    """Keys and values of a mapping; None has none."""
    if value is None:
        return []
    if isinstance(value, type) or not hasattr(value, "items"):
        raise _other(name, "a mapping, such as a dict", value)
    try:
        return list(value.items())
    except Exception as error:
        raise unreadable(name, value, error) from error


def each(name: str, value: Any) -> list[Any]:
    """The items of a list, a tuple or anything else that is iterable; a text or a mapping is none."""
    if isinstance(value, (str, bytes, dict, type)) or not isinstance(value, Iterable):
        raise _other(name, "a list", value)
    try:
        return list(value)
    except Exception as error:
        raise unreadable(name, value, error) from error


def unreadable(name: str, value: Any, error: Exception) -> ValueError:
    """What to raise where a value, of a class of anybody's, raises."""
    return ValueError(f"{short(name)} cannot be read: {type(value).__name__} raises {type(error).__name__}")


def known_keys(name: str, found: Iterable[str], allowed: tuple[str, ...]) -> None:
    """Raises ValueError for a key that is not among those."""
    for called in found:
        if called not in allowed:
            raise ValueError(f"{short(name)} has {short(called)!r}, which is none of {', '.join(allowed)}")


def plain(name: str, value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: mappings, lists, texts, finite numbers, true and false, None.

    Dates and times become texts of ISO 8601; dataclasses and attrs instances become mappings, without their fields that
    are None.
    """
    if depth > _DEEPEST:
        raise ValueError(f"{short(name)} is nested more than {_DEEPEST} levels deep")
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _whole(name, value)
    fields = attributes(value)
    if fields is not None or hasattr(value, "items"):
        found = {}
        for called, item in pairs(name, value if fields is None else fields):
            if not isinstance(called, str):
                raise _other(f"a key of {name}", "a text", called)
            found[_whole(name, called)] = plain(f"{name}.{called}", item, depth + 1)
        return found
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(f"{name}[{at}]", item, depth + 1) for at, item in enumerate(value)]
    found = _bare(name, value)
    if isinstance(found, (dt.date, dt.time)):  # a datetime is a date, too
        try:
            return _whole(name, found.isoformat())
        except Exception as error:
            raise unreadable(name, value, error) from error
    return found if isinstance(found, bool) else number(name, found)


def attributes(value: Any) -> dict[str, Any] | None:
    """The fields of a dataclass or an attrs instance that are not None; None for anything else."""
    # Both list their fields in the class, without their modules being imported here.
    listed = getattr(type(value), "__attrs_attrs__", None)
    if listed is None:
        listed = list(getattr(type(value), "__dataclass_fields__", {}).values()) or None
    if listed is None:
        return None
    found = {item.name: getattr(value, item.name, None) for item in listed}
    return {name: item for name, item in found.items() if item is not None}


def _other(name: str, wanted: str, value: Any) -> TypeError:
    kind = type(value).__name__
    article = "an" if kind[:1].lower() in ("a", "e", "i", "o") else "a"
    return TypeError(f"{short(name)} has to be {wanted}, and is {'None' if value is None else f'{article} {kind}'}")


def _bare(name: str, value: Any) -> Any:
    """NumPy's numbers, and arrays of one, as Python's."""
    if not hasattr(type(value), "item"):
        return value
    try:
        return value.item()
    except Exception:  # noqa: BLE001 - a class of anybody's
        raise _other(name, "one value", value) from None


def _whole(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{short(name)} has half of a character (a lone surrogate), which no UTF-8 has") from None
    return value
