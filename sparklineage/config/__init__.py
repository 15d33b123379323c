"""Configuration: one description from a file, the environment and flags; every value knows where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparklineage.config.load import is_switched_off, load_settings
    from sparklineage.config.settings import Settings, Value

__all__ = ["Settings", "Value", "is_switched_off", "load_settings"]

_MODULES = {"Settings": "settings", "Value": "settings", "is_switched_off": "load", "load_settings": "load"}


def __getattr__(name: str) -> object:
    """Imports what is asked for: a command that needs one module of the package must not wait for all of them."""
    from importlib import import_module  # noqa: PLC0415

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
