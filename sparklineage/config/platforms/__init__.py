"""What the releases of a platform bring: Spark, Scala, Java, the smallest agent that works, an agent of the vendor."""

from __future__ import annotations

from functools import cache
from importlib import resources

from sparklineage.config.platforms.known import Platforms
from sparklineage.config.platforms.reading import parse_platforms
from sparklineage.config.platforms.release import Found, Hint, Release, VendorAgent

__all__ = ["Found", "Hint", "Platforms", "Release", "VendorAgent", "parse_platforms", "platforms"]


@cache
def platforms() -> Platforms:
    """The platforms that this version of the toolkit knows."""
    return parse_platforms(
        resources.files("sparklineage.config.platforms").joinpath("releases.json").read_text("utf-8")
    )
