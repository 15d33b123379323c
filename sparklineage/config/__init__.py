"""Configuration: one description from a file, the environment and flags; every value knows where it came from."""

from sparklineage.config.load import load_settings
from sparklineage.config.settings import Settings, Value

__all__ = ["Settings", "Value", "load_settings"]
