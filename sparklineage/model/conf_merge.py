"""Laying our properties and the user's together: the user's own scalars stay, lists are joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry, Lost
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.lists import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.model.conf_value import ConfValue

AGENT = "spark.openlineage."
TRANSPORT = f"{AGENT}transport."
PARENT = (f"{AGENT}parent", f"{AGENT}rootParent", f"{AGENT}context")


class _Block(NamedTuple):
    """Properties that make sense together alone: all of them are the user's, or ours, and never mixed."""

    prefixes: tuple[str, ...]
    decider: str | None
    """The key without whose value the user's are not read; None where each of them will do."""

    def owner(self, theirs: Mapping[str, ConfEntry]) -> str | None:
        """The user's key that makes the block theirs; None where it is not."""
        if self.decider is None:
            return next((key for key in theirs if key.startswith(self.prefixes)), None)
        return self.decider if self.decider in theirs and not theirs[self.decider].value.blank else None


_BLOCKS = (
    # Without its type the agent refuses a transport as a whole.
    _Block((TRANSPORT,), f"{TRANSPORT}type"),
    _Block(PARENT, None),
)


def merged(ours: Iterable[ConfEntry], theirs: Iterable[ConfEntry]) -> tuple[ConfEntry, ...]:
    """Both in one: our entries in their order, then the user's others in theirs."""
    mine = {entry.key: entry for entry in ours}
    users = {entry.key: entry for entry in theirs}
    taken: set[str] = set()
    for block in _BLOCKS:
        if owner := block.owner(users):
            taken.update(key for key in users if key.startswith(block.prefixes))
            gone = [key for key in mine if key.startswith(block.prefixes) and key not in users]
            lost = tuple(_without(mine.pop(key), owner) for key in gone)
            users[owner] = replace(users[owner], lost=(*users[owner].lost, *lost))
    found = (_one(entry, users[key], key in taken) if key in users else entry for key, entry in mine.items())
    return (*found, *(entry for key, entry in users.items() if key not in mine))


def _without(entry: ConfEntry, owner: str) -> Lost:
    return Lost(f"{entry.key}={entry.shown}", entry.source, f"{owner} is set, and with it all that belongs to it")


def _one(ours: ConfEntry, theirs: ConfEntry, taken: bool) -> ConfEntry:
    """What becomes of one key. `taken`: it belongs to a block of the user's."""
    if not taken:
        if ours.firm:
            return ours.over(theirs, f"{ours.source} wins")
        # The agent skips a blank value.
        if theirs.value.blank and ours.key.startswith(AGENT) and not ours.value.joins:
            return ours
    try:
        mine, value = _alike(ours.value, theirs.value)
        together = mine.behind(value)
    except ConfigError as error:
        # Their text stays, whatever Spark or the agent makes of it.
        return theirs.over(ours, f"{theirs.source} stays, and cannot be joined: {error}")
    if taken or not mine.joins or type(mine) is not type(value):
        return replace(theirs, value=value).over(ours, f"{theirs.source} stays")
    way = mine.gives_way(value)
    given_way = (Lost(way, ours.source, f"{theirs.source} has another value for the same key"),) if way else ()
    lost = joined(ours.lost, given_way, theirs.lost)
    if together == value.behind(value):
        # Theirs has all of ours already, in the order that ours asks for.
        return replace(theirs, value=value, why=theirs.why or ours.why, lost=lost)
    sources = ours.joined if value.blank else joined(_sources(theirs), _sources(ours))
    return replace(ours, value=together, lost=lost, joined=sources)


def _alike(ours: ConfValue, theirs: ConfValue) -> tuple[ConfValue, ConfValue]:
    """Both as values of one class: the one that says more of the syntax. A secret never becomes a plain text."""
    if type(ours) is type(theirs) or isinstance(theirs, SecretValue):
        return ours, theirs
    if isinstance(ours, Text):
        return type(theirs).read(ours.written), theirs
    return ours, type(ours).read(theirs.written)


def _sources(entry: ConfEntry) -> tuple[str, ...]:
    return entry.joined or (entry.source,)
