"""Where a sheet sends events: its transport, and those that stand inside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.config.catalogue import CatalogueKey, catalogue
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from sparklineage.lint.settings import Setting, Sheet

TRANSPORT = f"{AGENT_PREFIX}transport."
# The members of a composite transport, and the one inside a transform transport; in either there may be others.
_NESTED = re.compile(r"(spark\.openlineage\.transport\.(?:transports\.[^.]+\.|transport\.)+)(.+)", re.DOTALL)
_INNERMOST = re.compile(r"(?:transports\.[^.]+\.|transport\.)\Z")


class Destination(NamedTuple):
    """A transport, as far as a sheet describes it."""

    stem: str
    """What its keys begin with, with the dot."""
    settings: tuple[Setting, ...]
    """Its own, without those of the transports inside it."""
    holds: bool
    """Whether others stand inside it."""

    @property
    def nested(self) -> bool:
        """Whether it stands inside another one itself."""
        return self.stem != TRANSPORT

    @property
    def kind(self) -> Setting | None:
        """Where its type is set."""
        return self.get("type")

    @property
    def type(self) -> str:
        """Its type in lower case, as the agent compares it; empty where it is not known."""
        kind = self.kind
        return kind.value.strip().lower() if kind and kind.known else ""

    def get(self, name: str) -> Setting | None:
        """The setting of one of its keys that counts."""
        return next((setting for setting in reversed(self.settings) if setting.key == self.stem + name), None)

    def has(self, key: CatalogueKey) -> bool:
        """Whether a key, or one of a family of keys, is set."""
        if key.type == "subtree":
            return self.holds
        return any(known(setting.key) is key for setting in self.settings)


def destinations(sheet: Sheet) -> list[Destination]:
    """The transport of a sheet and those inside it, each before those that it holds; blank settings do not count."""
    own: dict[str, list[Setting]] = {}
    holding = set()
    for setting in sheet.below("transport."):
        if setting.value.strip() and not setting.late:
            stem = split(setting.key)[0]
            own.setdefault(stem, []).append(setting)
            while stem != TRANSPORT:
                stem = _INNERMOST.sub("", stem)
                own.setdefault(stem, [])
                holding.add(stem)
    return [Destination(stem, tuple(own[stem]), stem in holding) for stem in sorted(own, key=len)]


def split(key: str) -> tuple[str, str]:
    """What the keys of a key's transport begin with, and its name in there."""
    match = _NESTED.fullmatch(key)
    return (match[1], match[2]) if match else (TRANSPORT, key.removeprefix(TRANSPORT))


def known(key: str) -> CatalogueKey | None:
    """What is known of a key of the agent, the same for a transport wherever it stands."""
    return catalogue().find(TRANSPORT + split(key)[1] if key.startswith(TRANSPORT) else key)


def from_environment(sheet: Sheet) -> bool:
    """Whether variables give the transport, or a part of it."""
    return any(variable.key.startswith("OPENLINEAGE__TRANSPORT") for variable in sheet.environment)
