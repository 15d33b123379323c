"""Headers and query parameters of requests: what must not be seen among Spark's properties, or does not get there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.conf import is_of_requests
from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.masking import mask
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from sparklineage.model.conf_entry import ConfEntry


def as_properties(conf: ConfSet) -> ConfSet:
    """The same where headers and parameters stand among Spark's properties: one with a secret in its value is a secret.

    Raises ConfigError for a value that the agent would not read there as it is written.
    """
    return ConfSet(tuple(_told(entry) for entry in conf.entries))


def _told(entry: ConfEntry) -> ConfEntry:
    if not is_of_requests(entry.key) or not isinstance(entry.value, Text):
        return entry
    text = entry.value.text
    if not text.strip():
        raise ConfigError(f"{entry.source}: {entry.key} is blank, which the agent leaves out; give it a value.")
    if text.startswith("[") and text.endswith("]"):
        raise ConfigError(
            f"{entry.source}: {entry.key} is a text in brackets, which the agent would read as a list; take another "
            "value."
        )
    # HTTP itself cuts blanks off a header.
    if text != text.strip() and ".headers." not in entry.key:
        raise ConfigError(
            f"{entry.source}: {entry.key} begins or ends with a blank, which files of properties lose; leave it out."
        )
    return replace(entry, value=SecretValue(Secret(text))) if mask(text) != text else entry
