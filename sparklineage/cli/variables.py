"""The variables that carry what Spark's properties must not hold, as people may see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from sparklineage.model.conf_entry import ConfEntry


def shown_variables(conf: ConfSet) -> dict[str, str]:
    """Name and text of each; in the place of each secret stands where it lies, such as `<env:KEY>`.

    Raises ConfigError for a secret that the agent would not find there.
    """
    return ConfSet(tuple(map(_hidden, conf.entries))).environment()


def _hidden(entry: ConfEntry) -> ConfEntry:
    if not isinstance(entry.value, SecretValue):
        return entry
    secret = entry.value.secret
    place = secret.written if isinstance(secret, SecretReference) else f"what stands in {entry.source}"
    return replace(entry, value=SecretValue(Secret(f"<{place}>")))
