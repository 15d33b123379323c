"""What was declared for queries that never ran, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 6
"""Names that are shown."""


def unexecuted_of(settled: Mapping[str, Any]) -> list[str]:
    """The lines for an application, by its settled.json; empty where there is nothing to say."""
    found = settled.get("unexecuted") or []
    if not found:
        return []
    names = ", ".join(repr(item.get("step")) for item in found[:_MOST])
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    lines = [f"declared, never executed by a query: {names}{more}; what they declare is on runs of their own"]
    if any(item.get("what") == "step" and not item.get("tagged") for item in found):
        lines.append("tie a DataFrame that is executed outside of its step to it: sparklineage.tag(df, step)")
    return lines
