"""A user's properties with ours laid under them; a file of theirs keeps every line where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.conf_values import typed_theirs
from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.opened import without_plain
from sparklineage.targets.two_transports import side_by_side

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing

_HEAD = "# added by sparklineage; of a property that is given twice the later one counts\n"


def read_properties(existing: Existing) -> ConfSet:
    """The properties of a file, each with its line. Raises ConfigError for what `java.util.Properties` refuses."""
    found: dict[str, ConfEntry] = {}
    try:
        for entry in entries(existing.text):
            value = typed_theirs(entry.key, entry.trimmed)
            found[entry.key] = ConfEntry(key=entry.key, value=value, source=f"{existing.name}:{entry.line}")
    except ValueError as error:
        raise ConfigError(
            f"{existing.name}: {error}; write \\u and four hexadecimal digits, or \\\\ for a backslash."
        ) from None
    return ConfSet(tuple(found.values()))


def laid_under(ours: ConfSet, theirs: ConfSet) -> ConfSet:
    """Both merged, without the user's own secrets, which stay where they are."""
    ours, theirs = side_by_side(ours, theirs)
    return without_plain(ours.merged_with(theirs))


def beyond(whole: ConfSet, theirs: ConfSet) -> ConfSet:
    """Of the merged properties those that the user does not have, or not so; without secrets."""
    before = theirs.as_dict(reveal=True)
    added = {key for key, text in whole.as_dict().items() if before.get(key) != text}
    return ConfSet(tuple(entry for entry in whole.entries if entry.key in added))


def merged_properties(conf: ConfSet, existing: Existing) -> tuple[str, ConfSet]:
    """The text with ours behind it, and the whole: a property of theirs that changes is given once more at the end,
    where the later one counts, so that no line of theirs is touched. What is there already is not written again.
    """
    theirs = read_properties(existing)
    whole = laid_under(conf, theirs)
    added = beyond(whole, theirs)
    if not added:
        return existing.text, whole
    text = existing.text
    newline = existing.newline
    if text:
        # An empty line between, since a backslash may end theirs.
        text += newline if text.endswith("\n") else newline * 2
    return text + (_HEAD + added.as_properties()).replace("\n", newline), whole
