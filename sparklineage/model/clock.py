"""Times: whole milliseconds since the epoch inside, ISO 8601 in UTC on the outside."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST = 253_402_300_799_999
"""The end of the year 9999, beyond which there is no such form."""


def now_ms() -> int:
    """The wall clock in milliseconds, the unit and clock of Spark's own listener events."""
    return time.time_ns() // 1_000_000


def to_iso(ms: int) -> str:
    """`2026-11-21T19:18:58.458Z`, the form in which the agent writes `eventTime`; of no time in one of our years the
    nearest."""
    ms = min(max(ms, 0), _LAST)
    return (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def from_iso(text: str) -> int:
    """Milliseconds of an ISO 8601 time; raises ValueError for anything else. A time without zone is UTC."""
    # fromisoformat before Python 3.11 knows neither Z nor fractions of any length.
    head, _, zone = text.strip().replace("z", "Z").partition("Z")
    sign = ""
    if not _ and "T" in head:
        clock = head.split("T", 1)[1]
        for mark in "+-":
            if mark in clock:
                sign = mark
                head, _, zone = head.rpartition(mark)
    head, _, fraction = head.partition(".")
    moment = datetime.fromisoformat(head).replace(tzinfo=timezone.utc)
    if sign:
        hours, _, minutes = zone.partition(":")
        offset = timedelta(hours=int(hours[:2]), minutes=int(minutes or hours[2:] or 0))
        moment = moment - offset if sign == "+" else moment + offset
    return int((moment - _EPOCH).total_seconds()) * 1000 + int((fraction + "000")[:3])
