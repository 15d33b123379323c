"""Tags as the agent reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import CONTROL, shown
from sparklineage.model.conf_value import ConfValue
from sparklineage.model.lists import joined


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
                if not part or part != part.strip() or CONTROL.search(part):
                    raise ConfigError(
                        f"{shown(part)} cannot stand in tags; leave out blanks around it, and line ends and "
                        "other control characters."
                    )
                # The agent takes two backslashes for two, so a single one before : or ; always makes it plain text.
                if re.search(r"(?<!\\)\\(?:\\\\)*(?=[:;]|$)", part):
                    raise ConfigError(
                        f"{shown(part)} cannot stand in tags; the agent cannot read a backslash before : or ; or at "
                        "the end. Write a slash."
                    )
        if (text := self.written).startswith("[") and text.endswith("]"):
            raise ConfigError(f"{shown(text)} cannot stand in tags; the agent takes what is in brackets for a list.")

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
