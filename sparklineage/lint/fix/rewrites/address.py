"""Where events go: type, address, endpoint, parameters, authentication."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote_plus, urlsplit

from sparklineage.lint.fix.changes import Add, Change, SetValue
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.fix.rewrites.interface import Case

_TRANSPORT = f"{AGENT_PREFIX}transport."
_API = "/api/v1/lineage"
_NAME = re.compile(r"[\w.-]+")
_KEPT = frozenset(("api_key", "app_name"))
"""The agent reads these itself."""


def no_type(case: Case) -> Sequence[Change] | None:
    """SL010: only http has an address."""
    key, value = case.setting.key, case.setting.value.strip()
    if not key.endswith(".url") or not value.startswith(("http://", "https://", UNKNOWN)):
        return None
    return case.added(f"{key.removesuffix('url')}type", "http")


def url_path(case: Case) -> Sequence[Change] | None:
    """SL011: the path in front of the one that events go to, or, if it is a whole one, that path."""
    parts = _parts(case)
    dead = next(case.sheet.all(f"{AGENT_PREFIX}endpoint"), None)
    if parts is None or dead or next(case.sheet.all(f"{_TRANSPORT}endpoint"), None):
        return None
    path = parts.path.rstrip("/")
    whole = "/api/v" in path
    url = parts._replace(path="").geturl()
    return [
        SetValue(setting=case.setting, value=url),
        Add(setting=case.setting, key=f"{_TRANSPORT}endpoint", value=path if whole else path + _API),
    ]


def url_query(case: Case) -> Sequence[Change] | None:
    """SL012: each parameter under a key of its own."""
    parts = _parts(case)
    if parts is None:
        return None
    kept: list[str] = []
    added: list[Change] = []
    for parameter in parts.query.split("&"):
        name, equals, value = parameter.partition("=")
        if name in _KEPT:
            kept.append(parameter)
            continue
        pair = _pair(unquote_plus(name), unquote_plus(value)) if equals else None
        change = case.added(*pair) if pair else None
        if change is None or any(pair and other.key == pair[0] for other in added if isinstance(other, Add)):
            return None
        added += change
    return [SetValue(setting=case.setting, value=parts._replace(query="&".join(kept)).geturl()), *added]


def trailing_slash(case: Case) -> Sequence[Change] | None:
    """SL014: without it."""
    parts = _parts(case)
    if parts is None or parts.query or parts.path != "/":
        return None
    return [SetValue(setting=case.setting, value=parts._replace(path="").geturl())]


def auth_type(case: Case) -> Sequence[Change] | None:
    """SL020: `apiKey`, as the documentation calls it, is `api_key`."""
    meant = re.sub("[_-]", "", case.value or "").lower() == "apikey"
    return [SetValue(setting=case.setting, value="api_key")] if meant else None


def incomplete_auth(case: Case) -> Sequence[Change] | None:
    """SL022: a key alone is of the type `api_key`."""
    stem, name, rest = case.setting.key.rpartition("auth.")
    others = [one for one in case.sheet.settings if one.key.startswith(stem + name) and one is not case.setting]
    return case.added(f"{stem}{name}type", "api_key") if name and rest == "apiKey" and not others else None


def _pair(name: str, value: str) -> tuple[str, str] | None:
    """The setting for a parameter; None for one that the agent would not send as it is."""
    if name == "timeout":  # in seconds
        return (
            (f"{_TRANSPORT}timeoutInMillis", f"{int(value) * 1000}") if re.fullmatch(r"[1-9]\d{0,4}", value) else None
        )
    plain = value.isprintable() and value.strip() == value and not (value.startswith("[") and value.endswith("]"))
    sent = _NAME.fullmatch(name) and name != "disabled" and value and plain
    return (f"{_TRANSPORT}urlParams.{name}", value) if sent else None


def _parts(case: Case) -> SplitResult | None:
    """The parts of an address that is known as a whole."""
    try:
        parts = urlsplit(case.value or "")
    except ValueError:
        return None
    # What does not come back the same would be changed beyond what is meant.
    whole = parts.geturl() == case.value and parts.netloc and not parts.fragment
    return parts if whole and (case.value or "").isprintable() else None
