"""What goes into the documents of EMR on EC2, whichever of them it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.targets import emr_notes
from sparklineage.targets.emr_steps import MASTER
from sparklineage.targets.limits import one_line, xml
from sparklineage.targets.node_script import FILE, VARIABLE, node_script
from sparklineage.targets.node_script import NAME as SCRIPT
from sparklineage.targets.opened import references, refuse_references, without_plain

if TYPE_CHECKING:
    from sparklineage.targets.interface import Order

KIT = "bootstrap.sh"
"""The bootstrap action of the kit."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Of one order."""

    order: Order
    conf: ConfSet
    """Our properties, with what a driver in cluster mode has to be told."""
    keys: bool
    """Whether drivers need a file with keys."""
    script: str | None
    """For the nodes, where their drivers need a file with keys."""
    notes: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """For `spark-env`, which drivers in client mode get."""
        return {VARIABLE: FILE} if self.keys else {}

    @property
    def place(self) -> str:
        """Of the script."""
        return place(self.order)

    @property
    def action(self) -> dict[str, Any] | None:
        """The bootstrap action that the nodes need; None where they need none."""
        if self.script is None and self.order.mode != "outbox":
            return None
        return {"Name": "sparklineage", "ScriptBootstrapAction": {"Path": self.place, "Args": []}}


def parts(order: Order, ours: ConfSet, whole: ConfSet) -> Parts:
    """`whole` is all that will be in force, with the user's own properties, of which no secret is looked at.

    Raises ConfigError for what EMR would refuse, or no node could fetch.
    """
    for entry in ours.entries:
        what = f"{entry.key[:100]} ({entry.source})"
        one_line(what, entry.key + entry.value.written)
        xml(what, entry.key + entry.value.written)
    in_force = without_plain(whole)
    if order.mode == "outbox":
        refuse_references(in_force, "which drivers get only where the agent itself sends; write delivery.mode: direct")
    keys = bool(references(in_force))
    if keys:
        told = ConfEntry(key=MASTER, value=Text(FILE), source="sparklineage", why="drivers in cluster mode")
        ours = ConfSet((told,)).merged_with(ours)
    script = node_script(
        in_force, region=order.settings.get("region") or "", about=emr_notes.notes(order, in_force, None)
    )
    notes = tuple(emr_notes.notes(order, in_force, place(order) if script is not None else None))
    return Parts(order=order, conf=ours, keys=keys, script=script, notes=notes)


def place(order: Order) -> str:
    """Where the script of the nodes is looked for."""
    base = (order.settings.get("artifacts") or "s3://BUCKET/PREFIX").rstrip("/")
    return f"{base}/{KIT if order.mode == 'outbox' else SCRIPT}"
