"""Our transport beside one of the user's: which of them the keys are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.conf_values import value_class
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue

if TYPE_CHECKING:
    from sparklineage.model.conf_entry import ConfEntry


def side_by_side(ours: ConfSet, theirs: ConfSet) -> tuple[ConfSet, ConfSet]:
    """Both, ready to be merged.

    Where the user's properties contradict our transport, it is theirs, and our keys are left out: they would be sent to
    another backend. Where they say the same, an earlier merging has written them, and they count as ours again, so that
    merging twice comes to the same.
    """
    mine = {key: text for key, text in ours.as_dict().items() if key.startswith(TRANSPORT)}
    # The agent skips what is blank.
    given = {key: theirs[key].reveal() for key in mine if key in theirs and not theirs[key].blank}
    if any(text != mine[key] for key, text in given.items()):
        return ConfSet(tuple(entry for entry in ours.entries if not _key(entry))), theirs
    return ours, theirs.without(*mine)


def _key(entry: ConfEntry) -> bool:
    secret = isinstance(entry.value, SecretValue) or value_class(entry.key) is SecretValue
    return secret and entry.key.startswith(TRANSPORT)
