"""Every Spark key that matters to lineage: what its value is, which agents know it, and what it should have been."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, get_args

from sparklineage.errors import ConfigError
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Type = Literal[
    "text", "bool", "exact bool", "int", "number", "duration", "url", "uuid", "json", "regex", "path", "class",
    "enum", "comma list", "[a;b] list", "a;b list", "k:v list", "subtree",
]  # fmt: skip
Status = Literal["active", "removed", "never-existed", "test-only"]
PREFIX = "spark.openlineage."
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_PLACEHOLDER = re.compile(r"<\w[\w ]*>")


@dataclass(frozen=True, kw_only=True)
class CatalogueKey:
    """One key, or a family of keys such as `spark.openlineage.transport.headers.<name>`."""

    key: str
    type: Type
    status: Status
    doc: str
    reader: Literal["agent", "spark"] = "agent"
    """Who reads it; the versions below are the agent's."""
    values: tuple[str, ...] = ()
    """Of an enum."""
    open: bool = False
    """Whether an enum also takes a class, or a name that a plug-in brings."""
    default: str | None = None
    since: str | None = None
    """The first agent that knows it; None where nobody has looked."""
    until: str | None = None
    """The last one."""
    removed: str | None = None
    """The first one that no longer knows it."""
    replacement: tuple[str, ...] = ()
    """Keys, or `key=value`, to write instead."""
    secret: bool = False
    source: str = ""
    """Where this was found."""

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds the keys of a family; None for a single key."""
        parts = _PLACEHOLDER.split(self.key)
        if len(parts) == 1:
            return None
        # `urlParams<name>` is a misspelling of `urlParams.<name>`, which it must not match.
        first = "[^.]" if not parts[0].endswith(".") else ""
        return re.compile(re.escape(parts[0]) + first + ".+".join(["", *map(re.escape, parts[1:])]), re.DOTALL)

    def known_in(self, version: str) -> bool:
        """Whether this version of the agent reads the key."""
        if self.status in ("never-existed", "test-only"):
            return False
        at = numbers(version)
        return not (
            (self.since and at < numbers(self.since))
            or (self.removed and at >= numbers(self.removed))
            or (self.until and not self.removed and at > numbers(self.until))
        )


class Catalogue:
    """All keys, found by their exact spelling first."""

    def __init__(self, keys: Iterable[CatalogueKey]) -> None:
        self.keys = tuple(keys)
        self._exact = {key.key: key for key in self.keys if key.pattern is None}
        # The longer text around the placeholders is the nearer description.
        families = (key for key in self.keys if key.pattern is not None)
        self._families = sorted(families, key=lambda key: -len(_PLACEHOLDER.sub("", key.key)))

    def find(self, key: str) -> CatalogueKey | None:
        """The entry for a key, or None where nobody knows it."""
        if found := self._exact.get(key):
            return found
        return next((family for family in self._families if family.pattern and family.pattern.fullmatch(key)), None)

    def nearest(self, key: str) -> str | None:
        """The key in use that this one was most likely meant to be, or None."""
        parent, _, name = key.rpartition(".")
        # Long keys are alike by what they begin with, so within one parent only the last part is compared.
        siblings = self._siblings.get(parent.lower(), {})
        if near := get_close_matches(name.lower(), siblings, n=1, cutoff=0.7):
            return siblings[near[0]]
        near = get_close_matches(key.removeprefix(PREFIX).lower(), self._agents, n=1, cutoff=0.85)
        return self._agents[near[0]] if near else None

    @cached_property
    def _siblings(self) -> dict[str, dict[str, str]]:
        """The keys in use by what stands before their last dot, and by what stands behind it."""
        found: dict[str, dict[str, str]] = {}
        for known in self.keys:
            if known.status == "active":
                parent, _, name = known.key.lower().rpartition(".")
                found.setdefault(parent, {})[name] = known.key
        return found

    @cached_property
    def _agents(self) -> dict[str, str]:
        return {
            known.key.removeprefix(PREFIX).lower(): known.key
            for known in self.keys
            if known.status == "active" and known.key.startswith(PREFIX)
        }


@cache
def catalogue() -> Catalogue:
    """The catalogue that this version of the toolkit brings."""
    text = resources.files("sparklineage.config").joinpath("catalogue.json").read_text("utf-8")
    return parse_catalogue(text)


def parse_catalogue(text: str) -> Catalogue:
    """The catalogue in a JSON text. Raises ConfigError for an entry that contradicts itself or the others."""
    keys = [_entry(entry) for entry in json.loads(text)]
    seen: set[str] = set()
    for key in keys:
        if key.key in seen:
            raise _wrong(key.key, "is there twice")
        seen.add(key.key)
    found = Catalogue(keys)
    for key in keys:
        for replacement in key.replacement:
            name = replacement.partition("=")[0]
            known = found.find(name)
            if (known is None or known.status != "active") and not name.endswith(">"):
                raise _wrong(key.key, f"is replaced by {name}, which is no key in use")
    return found


_FIELDS = frozenset(field.name for field in fields(CatalogueKey))


def _entry(entry: Mapping[str, Any]) -> CatalogueKey:
    name = str(entry.get("key") or "an entry without key")
    if unknown := set(entry) - _FIELDS:
        raise _wrong(name, f"has the unknown field {min(unknown)}")
    if missing := {"key", "type", "status", "doc"} - {field for field in entry if entry[field]}:
        raise _wrong(name, f"has no {min(missing)}")
    if entry["type"] not in get_args(Type):
        raise _wrong(name, f"has the unknown type {entry['type']}")
    if entry["status"] not in get_args(Status):
        raise _wrong(name, f"has the unknown status {entry['status']}")
    values: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in entry.items()
    }
    key = CatalogueKey(**values)
    for field in ("since", "until", "removed"):
        version = getattr(key, field)
        if version is not None and not _VERSION.fullmatch(version):
            raise _wrong(name, f"has {field} {version}, which is no version")
    steps = [numbers(version) for version in (key.since, key.until, key.removed) if version]
    if steps != sorted(steps):
        raise _wrong(name, "ends before it begins")
    if bool(key.values) != (key.type == "enum"):
        raise _wrong(name, "needs values if, and only if, it is an enum")
    if (key.status == "removed") != (key.removed is not None):
        raise _wrong(name, "needs the version that removed it if, and only if, it is removed")
    if key.status == "active" and key.replacement:
        raise _wrong(name, "is in use and yet replaced")
    return key


def _wrong(key: str, what: str) -> ConfigError:
    return ConfigError(f"catalogue.json: {key} {what}.")
