"""The doors to a configuration: for commands that need settings, and for those that need to know whether it is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.loading import load_spec
from sparklineage.config.settings import Settings, settings_of
from sparklineage.config.values import Limits, WrongValueError, parse
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SWITCH = "OPENLINEAGE_DISABLED"


def load_settings(
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, str | None],
    directory: Path,
    config: Path | None = None,
    profile: str | None = None,
) -> Settings:
    """The settings in force, see `load_spec`. Raises ConfigError for anything that is wrong in a layer."""
    spec = load_spec(environ=environ, flags=flags, directory=directory, config=config, profile=profile)
    return settings_of(spec)


def is_switched_off(environ: Mapping[str, str]) -> bool:
    """Whether the environment switches lineage off, whatever else is configured, rightly or wrongly.

    Reads no file. Raises ConfigError where `OPENLINEAGE_DISABLED` is neither true nor false.
    """
    text = environ.get(_SWITCH, "").strip()
    try:
        return text != "" and parse(text, "boolean", Limits()) is True
    except WrongValueError:
        raise ConfigError(f"{_SWITCH} is {text!r}; write true or false.") from None
