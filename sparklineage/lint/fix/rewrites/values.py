"""Values in the form that the agent reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.values import Limits, WrongValueError, parse
from sparklineage.lint.fix.changes import Change, SetValue
from sparklineage.lint.rules.destinations import known
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.fix.rewrites.interface import Case

_TIMEOUT = f"{AGENT_PREFIX}timeout"
_BREAKER_SECONDS = "60"
_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_MILLIS = {"ms": 1, "s": 1_000, "min": 60_000}
_NUMBER = re.compile(r"\d{1,7}(?:\.\d{1,3})?")
_SECONDS, _MILLISECONDS = 120, 1_000
"""Nobody waits longer than this many seconds for an answer, or shorter than this many milliseconds."""


def bracket_list(case: Case) -> Sequence[Change] | None:
    """SL030: `[a;b]`."""
    value = case.value
    if value is None:
        return None
    inside = value[1:] if value.startswith("[") else value
    inside = inside[:-1] if inside.endswith("]") else inside
    entries = [entry.strip() for entry in re.split("[,;]", inside) if entry.strip()]
    if not entries or any(char in entry for entry in entries for char in "[]\"'{}()"):
        return None
    return [SetValue(setting=case.setting, value=f"[{';'.join(entries)}]")]


def old_timeout(case: Case) -> Sequence[Change] | None:
    """SL032: the old time limit was in seconds, though many wrote milliseconds."""
    if case.setting.key != _TIMEOUT or not case.has_type or not _NUMBER.fullmatch(case.value or ""):
        return None
    number = float(case.value or "0")
    if _SECONDS < number < _MILLISECONDS:
        return None
    millis = round(number * 1000 if number <= _SECONDS else number)
    return case.moved(f"{AGENT_PREFIX}transport.timeoutInMillis", str(millis))


def wrong_type(case: Case) -> Sequence[Change] | None:
    """SL034: a number without its unit, a switch as `true` or `false`."""
    key = known(case.setting.key)
    if key is None or not case.value:
        return None
    if key.type in {"bool", "exact bool"}:
        word = _WORDS.get(case.value.lower())
        return [SetValue(setting=case.setting, value=word)] if word else None
    if key.type != "int" or key.unit not in _MILLIS:
        return None
    try:
        millis = int(str(parse(case.value, "duration", Limits(unit=key.unit))))
    except WrongValueError:
        return None
    number, rest = divmod(millis, _MILLIS[key.unit])
    return None if rest else [SetValue(setting=case.setting, value=str(number))]


def breaker_limit(case: Case) -> Sequence[Change] | None:
    """SL036: the limit that others switch on by default."""
    return case.added(f"{AGENT_PREFIX}circuitBreaker.timeoutInSeconds", _BREAKER_SECONDS)
