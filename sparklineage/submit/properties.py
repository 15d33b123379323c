"""Spark's properties files as `submit` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path) -> dict[str, str]:
    """The `spark.` properties in a file; Spark drops every other key.

    Raises ConfigError with one sentence for a file that Spark could not read either.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(
            f"{path}: the properties file cannot be read: {error.strerror}. Check --properties-file and SPARK_CONF_DIR."
        ) from None
    try:
        pairs = {entry.key: entry.trimmed for entry in entries(text)}
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; write \\u and four hexadecimal digits, or \\\\ for a backslash.") from None
    return {key: value for key, value in pairs.items() if key.startswith("spark.")}
