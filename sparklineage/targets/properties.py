"""A user's properties file with ours laid into it: every line of theirs stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.conf_values import typed
from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing


def read_properties(existing: Existing) -> ConfSet:
    """The properties of a file, each with its line. Raises ConfigError for what `java.util.Properties` refuses."""
    found: dict[str, ConfEntry] = {}
    try:
        for entry in entries(existing.text):
            value = typed(entry.key, entry.trimmed)
            found[entry.key] = ConfEntry(key=entry.key, value=value, source=f"{existing.name}:{entry.line}")
    except ValueError as error:
        raise ConfigError(f"{existing.name}: {error}") from None
    return ConfSet(tuple(found.values()))


def merged_properties(conf: ConfSet, existing: Existing) -> tuple[str, ConfSet]:
    """The text with ours behind it, and the whole: a property of theirs that changes is given once more at the end,
    where the later one counts, so that no line of theirs is touched. What is there already is not written again.
    """
    theirs = read_properties(existing)
    whole = conf.merged_with(theirs)
    before = theirs.as_dict(reveal=False)
    added = [key for key, text in whole.as_dict().items() if before.get(key) != text and key not in _hidden(theirs)]
    if not added:
        return existing.text, whole
    text = existing.text if existing.text.endswith("\n") or not existing.text else existing.text + "\n"
    ours = ConfSet(tuple(entry for entry in whole.entries if entry.key in added))
    return text + "\n# added by sparklineage; of a property that is given twice the later one counts\n" + (
        ours.as_properties()
    ), whole


def _hidden(conf: ConfSet) -> set[str]:
    """Properties of the user's that hold secrets, which stay as they are."""
    return {entry.key for entry in conf.entries if entry.secret}
