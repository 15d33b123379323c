"""Whether a relay of ours on the driver of a Databricks cluster delivers, and by which variables it gets its secrets.

The kit (`sparklineage bootstrap databricks`) puts the relay there, and what `sparklineage conf databricks` writes has
to mean the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.transports import undeliverable
from sparklineage.errors import ConfigError
from sparklineage.kits.databricks_relay import variables_of
from sparklineage.targets.databricks_place import UNSEEN, unseen

if TYPE_CHECKING:
    from sparklineage.config.spec import Spec


def relayed(spec: Spec) -> bool:
    """Whether the kit has a relay; where none can deliver, its script brings the agent all the same.

    Raises ConfigError for what no kit can be made of.
    """
    return spec["delivery.mode"] == "outbox" or (spec["delivery.mode"] != "direct" and _why_not(spec) is None)


def unrelayed(spec: Spec) -> str | None:
    """Why `auto` is direct in what `conf databricks` writes: no relay delivers, or no kit can be made with one."""
    try:
        reason = _why_not(spec)
        if reason is None:
            variables_of(spec)
    except ConfigError as error:
        return f"no kit has a relay for it ({error})"
    return reason


def _why_not(spec: Spec) -> str | None:
    if reason := undeliverable(spec.resolved):
        return reason
    release, mode = spec.text("platform.release") or "", spec.text("platform.accessMode")
    return UNSEEN.format(runtime=release) if unseen(release, mode) and variables_of(spec) else None
