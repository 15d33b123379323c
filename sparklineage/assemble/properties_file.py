"""A properties file of the user's own, as a conf set in which each value knows its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.conf_values import is_no_secret, typed_theirs
from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet

if TYPE_CHECKING:
    from pathlib import Path


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
                entry = ConfEntry(
                    key=item.key,
                    value=typed_theirs(item.key, item.trimmed),
                    source=f"{name}:{item.line}",
                    plain=is_no_secret(item.key),
                )
                before = found.get(item.key)
                found[item.key] = entry.over(before, "of a key given twice the last one counts") if before else entry
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; write \\u and four hexadecimal digits, or \\\\ for a backslash.") from None
    return ConfSet(tuple(found.values()))
