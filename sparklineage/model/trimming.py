"""The folders of days, months and partitions that the agent leaves off the names of datasets.

From 1.39 on it calls `landing/2026-11-21` and `landing/day=21` both `landing`, and tells the whole name in the facet
`subset`. The rules are those of its default trimmers (openlineage-java, `client.dataset.partition.trimmer`), which a
test runs beside these.
"""

from __future__ import annotations

import re

_DATES = (
    (re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"), (0, 1, 2)),
    (re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})"), (2, 1, 0)),
    (re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"), (0, 1, 2)),
)
_MONTH = re.compile(r"([0-9]{4})-?([0-9]{2})")
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def trimmed(name: str) -> str:
    """The name without the last folders that stand for a date, a month or `key=value`; one folder always stays."""
    while (shorter := _shorter(name)) != name:
        name = shorter
    return name


def _shorter(name: str) -> str:
    lead, parts = ("/", name[1:].split("/")) if name.startswith("/") else ("", name.split("/"))
    if len(parts) > 1 and (parts[-1].count("=") == 1 or _is_month(parts[-1]) or _holds_a_date(parts[-1])):
        return lead + "/".join(parts[:-1])
    # A date may stand over several folders, as in 2026/11/21.
    if len(parts) > 2 and "-" not in parts[-2] + parts[-1] and _is_month(parts[-2] + parts[-1]):
        return lead + "/".join(parts[:-2])
    if len(parts) > 3 and _is_day("".join(parts[-3:])):
        return lead + "/".join(parts[:-3])
    return name


def _is_month(part: str) -> bool:
    found = _MONTH.fullmatch(part)
    return found is not None and int(found[1]) > 0 and 1 <= int(found[2]) <= 12


def _is_day(text: str) -> bool:
    found = _DAY.fullmatch(text)
    return found is not None and _exists(*map(int, found.groups()))


def _holds_a_date(part: str) -> bool:
    """A date and no more than a time of day beside it: digits, `T`, `Z` and marks."""
    for pattern, order in _DATES:
        for found in pattern.finditer(part):
            if _exists(*(int(found.groups()[place]) for place in order)):
                rest = part.replace(found.group(), "", 1).replace("T", "", 1).replace("Z", "", 1)
                return re.sub(r"[\s:.\-0-9]", "", rest) == ""
    return False


def _exists(year: int, month: int, day: int) -> bool:
    # Java takes the 30th of February for the last day of that month.
    return year > 0 and 1 <= month <= 12 and 1 <= day <= 31
