"""What a platform's release brings: its Scala, its Java, and an agent of its own.

Source: the vendors' release notes and user guides as of 2026-11; DataHub#17947 and OpenLineage#4350 for the agents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.lint.settings import Sheet

_SCALA = re.compile(r"-scala(2\.1\d)")
_EMR = re.compile(r"emr-(spark-)?(\d+(?:\.\d+)*)")
_GLUE = frozenset(("3.0", "4.0", "5.0", "5.1"))
_DATAPROC_AGENT: Mapping[tuple[int, ...], tuple[int, ...]] = {
    (2, 0): (2, 0, 74),
    (2, 1): (2, 1, 22),
    (2, 2): (2, 2, 50),
}
"""The first patch of an image line that has it."""


def scala_of(sheet: Sheet) -> str | None:
    """The Scala of the release that a sheet names; None where it does not tell."""
    release = sheet.release or ""
    if sheet.platform == "databricks":
        if match := _SCALA.search(release):
            return match[1]
        major = numbers(release)[:1]
        # 16.4 is there with both.
        return None if not major or major == (16,) else "2.13" if major >= (17,) else "2.12"
    if match := _EMR.match(release):
        return "2.13" if match[1] else "2.12"
    return "2.12" if sheet.platform == "glue" and release in _GLUE else None


def java_of(sheet: Sheet) -> int | None:
    """The Java of the release by default; None where it does not tell."""
    release = sheet.release or ""
    if sheet.platform == "databricks":
        major = numbers(release)[:1]
        return None if not major else 8 if major < (16,) else 17
    if match := _EMR.match(release):
        return 8 if numbers(match[2])[:1] == (6,) else 17
    return (8 if release in {"3.0", "4.0"} else 17) if sheet.platform == "glue" and release in _GLUE else None


def own_agent(sheet: Sheet) -> str | None:
    """How the release comes by an agent of its own, as the end of a sentence; None where it has none."""
    release = sheet.release or ""
    match = _EMR.match(release)
    if match and not match[1] and numbers(match[2]) >= (7, 12):
        return f"{match[0]} may load the one in /usr/share/aws/datazone-openlineage-spark"
    if sheet.platform == "glue" and release in {"5.0", "5.1"}:
        return f"Glue {release} brings {'1.34.0' if release == '5.0' else 'one of its own'}"
    if sheet.platform == "dataproc":
        first = _DATAPROC_AGENT.get(numbers(release)[:2])
        if first and (len(numbers(release)) < len(first) or numbers(release) >= first):
            return "this image brings one, which starts where the Data Lineage API is on"
    return None
