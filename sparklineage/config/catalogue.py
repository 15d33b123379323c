"""Every Spark key that matters to lineage: what its value is, which agents know it, and what it should have been."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache, cached_property
from pkgutil import get_data
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
Unit = Literal["ms", "s", "%", "KiB"]
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
    unit: Unit | None = None
    """Of a number; it is never written behind it."""
    values: tuple[str, ...] = ()
    """Of an enum."""
    open: bool = False
    """Whether an enum also takes a class, or a name that a plug-in brings."""
    since_values: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The first agent for those values of an enum that came later than the key."""
    broken_values: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    """Values that did not work from the first of two agents until the second one mended them."""
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
    transports: tuple[str, ...] = ()
    """The types of transport that read it, where it belongs to some of them; none for `transport.type` itself."""
    required: tuple[str, ...] = ()
    """Those that cannot do without it; of a family without one of its keys at least."""
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

    def agent_for(self, value: str, version: str) -> str | None:
        """The agent that a value of an enum needs where this one does not know it, or None where it does."""
        lower, at = value.strip().lower(), numbers(version)
        for choice, since in self.since_values.items():
            if choice.lower() == lower and at < numbers(since):
                return since
        for choice, (broken, mended) in self.broken_values.items():
            if choice.lower() == lower and numbers(broken) <= at < numbers(mended):
                return mended
        return None


class Catalogue:
    """All keys, found by their exact spelling first."""

    def __init__(self, keys: Iterable[CatalogueKey]) -> None:
        self.keys = tuple(keys)
        self._exact = {key.key: key for key in self.keys if key.pattern is None}
        # The longer text around the placeholders is the nearer description.
        families = [(_PLACEHOLDER.split(key.key)[0], key) for key in self.keys if key.pattern is not None]
        self._families = sorted(families, key=lambda family: -len(_PLACEHOLDER.sub("", family[1].key)))

    def find(self, key: str) -> CatalogueKey | None:
        """The entry for a key, or None where nobody knows it."""
        if found := self._exact.get(key):
            return found
        for stem, family in self._families:
            if key.startswith(stem) and family.pattern and family.pattern.fullmatch(key):
                return family
        return None

    def needed(self, transport: str) -> tuple[CatalogueKey, ...]:
        """The keys that a type of transport cannot do without."""
        return self._needed.get(transport, ())

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
    def _needed(self) -> dict[str, tuple[CatalogueKey, ...]]:
        types = {transport for key in self.keys for transport in key.required}
        return {name: tuple(key for key in self.keys if name in key.required) for name in types}

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
    # Half the time of importlib.resources, and from inside of an archive too.
    return parse_catalogue((get_data(__name__, "catalogue.json") or b"").decode())


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
    types = found.find(f"{PREFIX}transport.type")
    for key in keys:
        if strange := set(key.transports) - set(types.values if types else ()):
            raise _wrong(key.key, f"is read by {min(strange)}, which is no type of transport")
    return found


_FIELDS = frozenset(known.name for known in fields(CatalogueKey))


def _entry(entry: Mapping[str, Any]) -> CatalogueKey:
    name = str(entry.get("key") or "an entry without key")
    if unknown := set(entry) - _FIELDS:
        raise _wrong(name, f"has the unknown field {min(unknown)}")
    if missing := {"key", "type", "status", "doc"} - {given for given, value in entry.items() if value}:
        raise _wrong(name, f"has no {min(missing)}")
    if entry["type"] not in get_args(Type):
        raise _wrong(name, f"has the unknown type {entry['type']}")
    if entry["status"] not in get_args(Status):
        raise _wrong(name, f"has the unknown status {entry['status']}")
    if entry.get("unit") not in (None, *get_args(Unit)):
        raise _wrong(name, f"has the unknown unit {entry['unit']}")
    key = CatalogueKey(**{given: _frozen(value) for given, value in entry.items()})
    _check_versions(key)
    if strange := set(key.required) - set(key.transports):
        raise _wrong(name, f"is required by {min(strange)}, which does not read it")
    if bool(key.values) != (key.type == "enum"):
        raise _wrong(name, "needs values if, and only if, it is an enum")
    if (key.status == "removed") != (key.removed is not None):
        raise _wrong(name, "needs the version that removed it if, and only if, it is removed")
    if key.status == "active" and key.replacement:
        raise _wrong(name, "is in use and yet replaced")
    return key


def _check_versions(key: CatalogueKey) -> None:
    versions = [(step, getattr(key, step)) for step in ("since", "until", "removed")]
    versions += [(f"since_values.{value}", since) for value, since in key.since_values.items()]
    versions += [(f"broken_values.{value}", step) for value, steps in key.broken_values.items() for step in steps]
    for where, version in versions:
        if version is not None and not _VERSION.fullmatch(version):
            raise _wrong(key.key, f"has {where} {version}, which is no version")
    steps = [numbers(version) for version in (key.since, key.until, key.removed) if version]
    if steps != sorted(steps):
        raise _wrong(key.key, "ends before it begins")
    if strange := {*key.since_values, *key.broken_values} - set(key.values):
        raise _wrong(key.key, f"has a version for {min(strange)}, which is none of its values")


def _frozen(value: Any) -> Any:
    """A value of the file, with its lists as tuples."""
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _wrong(key: str, what: str) -> ConfigError:
    return ConfigError(f"catalogue.json: {key} {what}.")
