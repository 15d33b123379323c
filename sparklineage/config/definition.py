"""The one definition of sparklineage.yml: the toolkit's own keys, and the agent's as the catalogue knows them.

The agent's keys stand where its own openlineage.yml has them: `spark.openlineage.transport.url` is `transport.url`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import PREFIX, catalogue
from sparklineage.config.keys import OWN, Key
from sparklineage.config.values import Limits
from sparklineage.errors import suggestion
from sparklineage.model.masking import SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.config.catalogue import CatalogueKey
    from sparklineage.config.values import Kind

RAW = "spark."
"""Below this stand Spark's own properties: `spark: {spark.sql.shuffle.partitions: 8}`."""
_KINDS: dict[str, Kind] = {
    "text": "text", "bool": "boolean", "exact bool": "boolean", "int": "integer", "number": "number",
    "duration": "duration", "url": "url", "uuid": "uuid", "json": "json", "regex": "regex", "path": "path",
    "class": "class", "enum": "enum", "comma list": "list", "[a;b] list": "list", "a;b list": "list",
    "k:v list": "tags",
}  # fmt: skip
_DURATIONS = frozenset(("ms", "s", "min"))
_SIZES = frozenset(("KiB",))
_OF_ONE_RUN = re.compile(r"applicationRunId|context|(?:rootP|p)arent(?:RunId|JobName|JobNamespace)")
_ELSEWHERE = frozenset(("appName",))
"""Keys of the agent that have another name in the file."""
_ALIASES = {"job": "job.name", "appName": "job.name"}
_NESTED = re.compile(r"(transport\.(?:transports\.[^.]+\.|transport\.)+)(.*)", re.DOTALL)
"""A transport inside of others, and what stands in it."""
_FROM_OUTSIDE: Mapping[str, dict[str, object]] = {
    "namespace": {"variables": ("NAMESPACE", "OPENLINEAGE_NAMESPACE", "SPARKLINEAGE_NAMESPACE"), "flag": "--namespace"},
    "transport.url": {
        "variables": ("MARQUEZ_URL", "OPENLINEAGE_URL", "SPARKLINEAGE_BACKEND"),
        "flag": "--backend",
        "doc": "address of the backend; with `MARQUEZ_URL` only the answer 201 counts as acceptance. Without an "
        "address the lineage stays in the journal",
    },
    "transport.timeoutInMillis": {
        "doc": "how long to wait for a connection and for each answer; the relay's default is 10 s, the agent's 5 s",
        "default": None,
    },
    "transport.endpoint": {"variables": ("OPENLINEAGE_ENDPOINT",)},
    "transport.auth.apiKey": {
        "variables": ("OPENLINEAGE_API_KEY",),
        "doc": "sent as `Authorization: Bearer`; of `jwt` what is exchanged for a token",
    },
}
_WORDS = (("datazone", "amazon_datazone_api"),)
_PLACEHOLDER = re.compile(r"<\w[\w ]*>")


class Definition:
    """All keys of the file, found by their dotted names."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys: dict[str, Key] = {key.name: key for key in keys}
        families = [key for key in self.keys.values() if key.any_name]
        families.sort(key=lambda key: -len(_PLACEHOLDER.sub("", key.name)))
        self._families = [(_pattern(key.name, ".+"), key.name.partition("<")[0], key) for key in families]
        self._parents = {name[:at] for name in self.keys for at, char in enumerate(name) if char == "."}

    def find(self, name: str) -> Key | None:
        """The key of a name, its own name and property filled in; None where nobody knows it."""
        name = _ALIASES.get(name, name)
        if exact := self.keys.get(name):
            return exact
        if name.startswith(RAW):
            return raw_key(name)
        if nested := _NESTED.fullmatch(name):
            found = self._plain(f"transport.{nested[2]}")
            if found is None:
                return None
            stands_for = found.stands_for and found.stands_for.replace("transport.", nested[1], 1)
            spark = PREFIX + name if found.spark else None
            return replace(found, name=name, spark=spark, stands_for=stands_for, variables=(), flag=None)
        return self._plain(name)

    def _plain(self, name: str) -> Key | None:
        """A key at the top, or one of a family."""
        if exact := self.keys.get(name):
            return exact
        for pattern, stem, family in self._families:
            if pattern.fullmatch(name):
                # The properties of a Kafka client are its own; some of them are secrets.
                secret = family.secret or (family.open_ended and SECRET_KEY.search(name[len(stem) :]) is not None)
                spark = PREFIX + name if family.spark else None
                return replace(family, name=name, spark=spark, secret=secret)
        return None

    def has_below(self, name: str, *, dotted: bool = False) -> bool:
        """Whether keys stand below this name; with `dotted` also where somebody's own part of it has dots in it."""
        name = bare(name)
        if nested := _NESTED.fullmatch(f"{name}."):
            name = f"transport.{nested[2].removesuffix('.')}".removesuffix(".")
        if name in self._parents or name in {"spark", "transport.transports", "transport.transport"}:
            return True
        # A name inside of a family: `dataset.namespaceResolvers.NAME` has `type` below it.
        one = ".+" if dotted else "[^.]+"
        return any(_pattern(parent, one).fullmatch(name) for parent in self._parents if "<" in parent)

    def refusal(self, name: str, *, near: bool = True) -> str:
        """What is wrong with a name that `find` does not know, to stand behind it; `near` looks for what was meant."""
        name = bare(name)
        if _OF_ONE_RUN.fullmatch(name):
            return ("belongs to a single run, not to a file: give `submit` the option --run-id, or the parent in the "
                    "variables OPENLINEAGE_PARENT_ID and the like.")  # fmt: skip
        hint = dead_end(PREFIX + name)
        if name in self.keys and not hint:
            return f"does not stand here; write {name} at the top of the file or of a profile."
        return f"is no known key.{hint or (suggestion(name, self._meant) if near else '')}"

    def dead_below(self, name: str) -> bool:
        """Whether keys that no agent reads any more, or ever did, stand below this name and none in use."""
        return not self.has_below(name) and any(known.startswith(f"{name}.") for known in self._dead)

    @cached_property
    def _meant(self) -> tuple[str, ...]:
        """What a name may be a slip of: sections and short forms too."""
        return (*(name for name in sorted(self._parents) if "<" not in name), *_ALIASES, *self.keys)

    @cached_property
    def _dead(self) -> tuple[str, ...]:
        return tuple(
            known.key.removeprefix(PREFIX)
            for known in catalogue().keys
            if known.status != "active" and known.key.startswith(PREFIX)
        )

    def example(self, name: str) -> str:
        """A key below this name, for a sentence; nothing where there is none."""
        return next((known for known in self.keys if known.startswith(f"{name}.") and "<" not in known), "")


@cache
def _pattern(name: str, anything: str) -> re.Pattern[str]:
    return re.compile(anything.join(map(re.escape, _PLACEHOLDER.split(name))), re.DOTALL)


@cache
def definition() -> Definition:
    """The definition that this version of the toolkit has."""
    return Definition((*(_agents(known) for known in catalogue().keys if _belongs(known)), *OWN))


def dead_end(name: str) -> str:
    """What became of a property that no agent reads, or nothing."""
    known = catalogue().find(name)
    if known is None or known.status in ("active", "test-only"):
        return ""
    removed = f" The agent has not read it since {known.removed}" if known.removed else " No agent has ever read it"
    instead = " and ".join(entry.removeprefix(PREFIX).replace("=", ": ") for entry in known.replacement)
    return f"{removed}; write {instead}." if instead else f"{removed}."


def spark_property(name: str) -> str:
    """The property of a key below `spark:`, written whole (`spark.spark.app.x`) or without its own `spark.`."""
    below = name.removeprefix(RAW)
    return below if below.startswith(RAW) else name


def bare(name: str) -> str:
    """The name without what it has below `spark:` only; a property of Spark itself stays whole."""
    return spark_property(name).removeprefix(PREFIX) if name.startswith(RAW) else name


def raw_key(name: str) -> Key | None:
    """The key of a Spark property below `spark:`; one of the agent's is the same key as outside of `spark:`."""
    prop = spark_property(name)
    if prop.startswith(PREFIX):
        rest = prop.removeprefix(PREFIX)
        found = definition().find(rest) if not rest.startswith(RAW) else None
        return found if found and found.spark == prop else None
    known = catalogue().find(prop)
    if known is None or known.type not in _KINDS or known.type not in ("comma list", "bool", "int"):
        # Spark reads its own values; only what decides about lineage is checked here.
        return Key(name=RAW + prop, kind="text", doc="a property of Spark, passed on", spark=prop, catalogue=known,
                   open_ended=True, raw=True)  # fmt: skip
    return replace(_agents(known), name=RAW + prop)


def _belongs(known: CatalogueKey) -> bool:
    name = known.key.removeprefix(PREFIX)
    return (known.key.startswith(PREFIX) and known.status == "active" and known.type != "subtree"
            and name not in _ELSEWHERE and name != "disabled" and not _OF_ONE_RUN.fullmatch(name))  # fmt: skip


def _agents(known: CatalogueKey) -> Key:
    name = known.key.removeprefix(PREFIX)
    kind = _KINDS[known.type]
    if known.type == "int" and known.unit in _DURATIONS:
        kind = "duration"
    elif known.type == "int" and known.unit in _SIZES:
        kind = "size"
    fields: dict[str, object] = {"doc": known.doc, "default": known.default, **_FROM_OUTSIDE.get(name, {})}
    return Key(
        name=name,
        kind=kind,
        limits=Limits(
            values=known.values,
            open=known.open,
            aliases=_WORDS if name == "transport.type" else (),
            unit=known.unit,
        ),
        spark=known.key,
        catalogue=known,
        secret=known.secret,
        open_ended=name.endswith(">"),
        **fields,  # type: ignore[arg-type]
    )
