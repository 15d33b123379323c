"""Lists in the spellings that Spark and the agent have for them; joined, each entry stands once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from sparklineage.errors import ConfigError
from sparklineage.model.conf_value import ConfValue
from sparklineage.model.lists import comma_list, joined
from sparklineage.model.masking import mask

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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


class Pair(NamedTuple):
    """A tag. The agent's own words for what is left out are `true` and `CONFIG`."""

    key: str
    value: str = "true"
    source: str = "CONFIG"


@dataclass(frozen=True, slots=True)
class Pairs(ConfValue):
    r"""`key:value;key:value:source`, where `\:` and `\;` stand for the characters themselves.

    Read as the agent reads it (TagsDeserializer in its source): what is malformed is left out, and a fourth part too.
    Joined, whoever has a key first keeps it.
    """

    joins = True
    entries: tuple[Pair, ...]

    def __post_init__(self) -> None:
        for pair in self.entries:
            for part in pair:
                if not part or part != part.strip() or _CONTROL.search(part):
                    raise ConfigError(
                        f"{_shown(part)} cannot stand in tags; leave out blanks around it, and line ends and "
                        "other control characters."
                    )
                # The agent takes two backslashes for two, so a single one before : or ; always makes it plain text.
                if re.search(r"(?<!\\)\\(?:\\\\)*(?=[:;]|$)", part):
                    raise ConfigError(
                        f"{_shown(part)} cannot stand in tags; the agent cannot read a backslash before : or ; or at "
                        "the end. Write a slash."
                    )
        if (text := self.written).startswith("[") and text.endswith("]"):
            raise ConfigError(f"{_shown(text)} cannot stand in tags; the agent takes what is in brackets for a list.")

    @property
    def written(self) -> str:
        return ";".join(
            ":".join(re.sub("[:;]", r"\\\g<0>", part) for part in (pair if pair.source != "CONFIG" else pair[:2]))
            for pair in self.entries
        )

    @classmethod
    def read(cls, text: str) -> Pairs:
        if text.startswith("[") and text.endswith("]"):
            found = [tag for part in text[1:-1].split(";") for tag in _tags(part)]
        else:
            found = list(_tags(text))
        return cls(tuple(found))

    def behind(self, theirs: ConfValue) -> ConfValue:
        if not isinstance(theirs, Pairs):
            return theirs
        known = {pair.key for pair in theirs.entries}
        return Pairs(joined(theirs.entries, (pair for pair in self.entries if pair.key not in known)))

    def gives_way(self, theirs: ConfValue) -> str:
        if not isinstance(theirs, Pairs):
            return ""
        known = {pair.key for pair in theirs.entries}
        return Pairs(tuple(pair for pair in self.entries if pair.key in known and pair not in theirs.entries)).written


def _tags(text: str) -> list[Pair]:
    tags: list[list[str]] = [[""]]
    # A backslash keeps the next character from being read, and stays unless that is : or ;
    for char in re.findall(r"\\.|.|\\", text, re.DOTALL):
        if char == ";":
            tags.append([""])
        elif char == ":":
            tags[-1].append("")
        else:
            tags[-1][-1] += char[1] if char in {r"\:", r"\;"} else char
    found = []
    for parts in tags:
        # As Java splits: empty parts at the end are none.
        while parts and not parts[-1]:
            parts.pop()
        if parts and all(part.strip() for part in parts[:3]):
            found.append(Pair(*(part.strip() for part in parts[:3])))
    return found


def _shown(text: str) -> str:
    return repr(mask(text)[:100])


def _parts(text: str) -> tuple[str, ...]:
    return tuple(entry for part in text.split(";") if (entry := part.strip()))


def _check(entry: str, forbidden: str, form: str) -> None:
    if entry and entry == entry.strip() and not _CONTROL.search(entry) and not set(forbidden) & set(entry):
        return
    raise ConfigError(
        f"{_shown(entry)} cannot be an entry of a list {form}; leave out {' '.join(forbidden)}, line ends and blanks "
        "around it."
    )
