"""Configuration: one description from a file, the environment and flags; every value knows where it came from."""

from sparklineage.config.load import is_switched_off, load_settings
from sparklineage.config.settings import Settings, Value

__all__ = ["Settings", "Value", "is_switched_off", "load_settings"]
