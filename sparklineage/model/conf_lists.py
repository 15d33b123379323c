"""Lists in the spellings that Spark and the agent have for them; joined, each entry stands once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sparklineage.errors import ConfigError
from sparklineage.model.conf_value import ConfValue
from sparklineage.model.lists import comma_list, joined
from sparklineage.model.masking import mask

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CommaList(ConfValue):
    """`a,b`, as Spark has its lists. Raises ConfigError for an entry that it cannot carry."""

    joins = True
    entries: tuple[str, ...]
    first: tuple[str, ...] = field(default=(), compare=False)
    """Those of our entries that must stand before all others."""
    default: tuple[str, ...] = field(default=(), compare=False)
    """Those of our entries that stand for what is read without any list: whoever writes a list replaces them."""

    def __post_init__(self) -> None:
        for entry in self.entries:
            _check(entry, ",", "a,b")
        in_order = sorted(self.entries, key=lambda entry: entry not in self.first)
        object.__setattr__(self, "entries", tuple(in_order))

    @property
    def written(self) -> str:
        return ",".join(self.entries)

    @classmethod
    def read(cls, text: str) -> CommaList:
        return cls(comma_list(text))

    def behind(self, theirs: ConfValue) -> ConfValue:
        if not isinstance(theirs, CommaList):
            return theirs
        first = (entry for entry in self.entries if entry in self.first)
        ours = (entry for entry in self.entries if entry not in self.default)
        return CommaList(joined(first, theirs.entries, ours), first=self.first)


@dataclass(frozen=True, slots=True)
class BracketList(ConfValue):
    """`[a;b]`, as the agent has its lists: only with brackets it takes a value for a list."""

    joins = True
    entries: tuple[str, ...]

    def __post_init__(self) -> None:
        for entry in self.entries:
            _check(entry, ";]", "[a;b]")

    @property
    def written(self) -> str:
        return f"[{';'.join(self.entries)}]"

    @classmethod
    def read(cls, text: str) -> BracketList:
        if not (text.startswith("[") and text.endswith("]") and len(text) > 1):
            raise ConfigError("the agent reads a list in brackets alone; write [a;b].")
        return cls(_parts(text[1:-1]))

    def behind(self, theirs: ConfValue) -> ConfValue:
        if not isinstance(theirs, BracketList):
            return theirs
        return BracketList(joined(theirs.entries, self.entries))


@dataclass(frozen=True, slots=True)
class SemicolonList(ConfValue):
    """`a;b`, as the agent has its lists of trimmers: with brackets it would read no text."""

    joins = True
    entries: tuple[str, ...]

    def __post_init__(self) -> None:
        for entry in self.entries:
            _check(entry, ";[]", "a;b")

    @property
    def written(self) -> str:
        return ";".join(self.entries)

    @classmethod
    def read(cls, text: str) -> SemicolonList:
        return cls(_parts(text))

    def behind(self, theirs: ConfValue) -> ConfValue:
        if not isinstance(theirs, SemicolonList):
            return theirs
        return SemicolonList(joined(theirs.entries, self.entries))


def shown(text: str) -> str:
    """A part of a value as a message names it."""
    return repr(mask(text)[:100])


def _parts(text: str) -> tuple[str, ...]:
    return tuple(entry for part in text.split(";") if (entry := part.strip()))


def _check(entry: str, forbidden: str, form: str) -> None:
    if entry and entry == entry.strip() and not CONTROL.search(entry) and not set(forbidden) & set(entry):
        return
    raise ConfigError(
        f"{shown(entry)} cannot be an entry of a list {form}; leave out {' '.join(forbidden)}, line ends and blanks "
        "around it."
    )
