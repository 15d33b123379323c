"""A properties file of the user's own, as a conf set in which each value knows its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.conf_values import typed
from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.masking import SECRET_KEY
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.model.conf_value import ConfValue


def properties_file(path: Path, name: str) -> ConfSet:
    """The `spark.` properties in a file, their sources `name:LINE`; of a key given twice the last one counts.

    Raises ConfigError for a file that Spark could not read either.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{path}: the properties file cannot be read: {error.strerror}.") from None
    found: dict[str, ConfEntry] = {}
    try:
        for item in entries(text):
            if item.key.startswith("spark."):
                entry = ConfEntry(key=item.key, value=_value(item.key, item.trimmed), source=f"{name}:{item.line}")
                before = found.get(item.key)
                found[item.key] = entry.over(before, "of a key given twice the last one counts") if before else entry
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; write \\u and four hexadecimal digits, or \\\\ for a backslash.") from None
    return ConfSet(tuple(found.values()))


def _value(key: str, text: str) -> ConfValue:
    """In their own file people may write what they like: what cannot be read stays a text."""
    try:
        value = typed(key, text)
    except ConfigError:
        value = Text(text)
    # Whatever looks like a reference of ours is none here: nobody resolves it.
    return SecretValue(Secret(text)) if isinstance(value, SecretValue) or SECRET_KEY.search(key) else value
