"""Keys that nobody reads, under the names that are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.fix.changes import Add, Change, Remove, Rename, SetValue
from sparklineage.lint.fix.rewrites.interface import Case, both
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.lint.fix.rewrites.interface import Rewrite

_TRANSPORT = f"{AGENT_PREFIX}transport."
_ADDRESS = re.compile(r"https?://[^\s\[\]]+")
_FACET = re.compile(r"[\w.-]+")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,3})?")


def dead_key(case: Case) -> Sequence[Change] | None:
    """SL001: the key that replaced it."""
    key = catalogue().find(case.setting.key)
    rewrite = _DEAD.get(key.key.removeprefix(AGENT_PREFIX)) if key else None
    return rewrite(case) if rewrite else None


def never_existed(case: Case) -> Sequence[Change] | None:
    """SL002: the key that means the same."""
    name = case.setting.key.removeprefix(AGENT_PREFIX)
    if name == "facets.variables":
        return case.moved(f"{AGENT_PREFIX}facets.custom_environment_variables")
    stem, found, parameter = name.partition("transport.urlParams")
    if found and not stem and parameter and not parameter.startswith("."):
        return _below_transport(case, f"urlParams.{parameter}")
    return None


def missing_prefix(case: Case) -> Sequence[Change] | None:
    """SL004: with the prefix, if that is a key."""
    name = f"spark.{case.setting.key}"
    key = catalogue().find(name)
    return case.moved(name) if key and key.status in {"active", "removed"} else None


def _address(case: Case) -> Sequence[Change] | None:
    kinds = {setting.value.strip().lower() for setting in case.sheet.all(f"{_TRANSPORT}type")}
    if not _ADDRESS.fullmatch(case.value or "") or kinds - {"http"} or (not kinds and case.sheet.partial):
        return None
    kind: Sequence[Change] | None = [] if kinds else case.added(f"{_TRANSPORT}type", "http")
    moved = case.moved(f"{_TRANSPORT}url")
    # What goes has nothing beside it.
    return moved if moved and isinstance(moved[0], Remove) else both(moved, kind)


def _below_transport(case: Case, name: str, value: str | None = None) -> Sequence[Change] | None:
    return case.moved(f"{_TRANSPORT}{name}", value) if case.has_type else None


def _endpoint(case: Case) -> Sequence[Change] | None:
    return _below_transport(case, "endpoint")


def _api_key(case: Case) -> Sequence[Change] | None:
    return both(_below_transport(case, "auth.apiKey"), case.added(f"{_TRANSPORT}auth.type", "api_key"))


def _parameter(case: Case) -> Sequence[Change] | None:
    name = case.setting.key.removeprefix(f"{AGENT_PREFIX}url.param.")
    return _below_transport(case, f"urlParams.{name}")


def _version(case: Case) -> Sequence[Change] | None:
    # Version 1 is what the endpoint says by default.
    return [Remove(setting=case.setting)] if (case.value or "").lower() in {"1", "v1"} else None


def _console(case: Case) -> Sequence[Change] | None:
    value = (case.value or "").lower()
    if value == "false":
        return [Remove(setting=case.setting)]
    others = next(case.sheet.below("transport."), None) or case.sheet.partial
    return case.moved(f"{_TRANSPORT}type", "console") if value == "true" and not others else None


def _debug_facet(case: Case) -> Sequence[Change] | None:
    word = {"enabled": "false", "disabled": "true"}.get((case.value or "").lower())
    return case.moved(f"{AGENT_PREFIX}facets.debug.disabled", word) if word else None


def _facets(case: Case) -> Sequence[Change] | None:
    """One key for each facet, in the order of the list."""
    value = case.value or ""
    inside = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    names = list(dict.fromkeys(name.strip() for name in inside.split(";") if name.strip()))
    keys = [f"{AGENT_PREFIX}facets.{name}.disabled" for name in names]
    given = [setting for key in keys for setting in case.sheet.all(key)]
    if not keys or given or not all(_FACET.fullmatch(name) for name in names):
        return None
    return [
        Rename(setting=case.setting, key=keys[0]),
        SetValue(setting=case.setting, value="true"),
        *(Add(setting=case.setting, key=key, value="true") for key in keys[1:]),
    ]


def _seconds(case: Case) -> Sequence[Change] | None:
    if case.setting.origin == "yaml" or not _NUMBER.fullmatch(case.value or ""):
        return None  # in an openlineage.yml the Python client reads it
    return _below_transport(case, "timeoutInMillis", str(round(float(case.value or "0") * 1000)))


def _message_key(case: Case) -> Sequence[Change] | None:
    return _below_transport(case, "messageKey")


_DEAD: Mapping[str, Rewrite] = {
    "url": _address,
    "host": _address,
    "endpoint": _endpoint,
    "version": _version,
    "apiKey": _api_key,
    "url.param.<name>": _parameter,
    "consoleTransport": _console,
    "debugFacet": _debug_facet,
    "facets.disabled": _facets,
    "transport.timeout": _seconds,
    "transport.localServerId": _message_key,
}
"""By the catalogue's name of the key, without its prefix."""
