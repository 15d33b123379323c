"""What a platform's release brings: its Scala, its Java, and an agent of its own.

Source: `config/platforms/releases.json`, with a source for each fact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.platforms import platforms
from sparklineage.lint.settings import JARS

if TYPE_CHECKING:
    from sparklineage.config.platforms import Hint
    from sparklineage.lint.settings import Sheet


def scala_of(sheet: Sheet) -> str | None:
    """The Scala of the release that a sheet names; None where it does not tell."""
    return _hint(sheet).scala


def java_of(sheet: Sheet) -> int | None:
    """The Java of the release by default; None where it does not tell."""
    return _hint(sheet).java


def own_agent(sheet: Sheet) -> str | None:
    """How the release comes by an agent of its own, as the end of a sentence; None where it has none."""
    theirs = _hint(sheet).vendor_agent
    if theirs is None:
        return None
    if theirs.loads == "asked for":
        jars = sheet.get(JARS)
        return f"{JARS} names {theirs.where}" if jars and theirs.where in jars.entries else None
    if theirs.loads == "switched on":
        return "this image brings one, which starts where the Data Lineage API is on"
    if theirs.where is not None:
        return f"{sheet.release} may load the one in {theirs.where}"
    return f"Glue {sheet.release} brings {theirs.version or 'one of its own'}"


def _hint(sheet: Sheet) -> Hint:
    return platforms().hint(sheet.platform, sheet.release)
