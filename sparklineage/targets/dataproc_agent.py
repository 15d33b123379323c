"""Dataproc's own agent, which Google calls Spark data lineage: off, or in the place of ours.

Source: Google, Dataproc documentation, Spark data lineage (guides/lineage, guides/spark-lineage): the cluster property
`dataproc:dataproc.lineage.enabled`, and `spark.extraListeners` as what starts it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.lists import comma_list
from sparklineage.targets.vendor import LISTENER

if TYPE_CHECKING:
    from sparklineage.targets.interface import Order

SWITCH = "dataproc:dataproc.lineage.enabled"
_LISTENERS = "spark.extraListeners"
_TYPE = f"{TRANSPORT}type"
_GOOGLES = "gcplineage"
_MAPS = ("properties.", "headers.", "urlParams.")


def choice(order: Order) -> str:
    """`replace`, `reuse` or `compose`."""
    return order.settings.get("vendorAgent") or "replace"


def switch(order: Order) -> str | None:
    """What the switch of Dataproc's own agent has to say; None for an image that has none as far as is known."""
    if choice(order) != "replace":
        return "true"
    return "false" if order.release is not None and order.release.vendor_agent is not None else None


def with_one_agent(order: Order, conf: ConfSet) -> Order:
    """The order for the agent that runs: ours, or Dataproc's with our properties. `conf` is what it has to become.

    Raises ConfigError where there is no such agent, or where a transport cannot stand inside of a composite one.
    """
    chosen = choice(order)
    if chosen == "replace":
        return replace(order, conf=conf)
    if order.release is not None and order.release.vendor_agent is None:
        raise ConfigError(
            f"vendorAgent is {chosen}, but Dataproc {order.release.release} brings no agent; write `replace`."
        )
    if chosen == "compose":
        conf = _composite(conf)
    others = [name for name in comma_list(conf[_LISTENERS].written) if name != LISTENER] if _LISTENERS in conf else []
    conf = conf.without(_LISTENERS)
    if others:
        # A list of a job's or a cluster's own takes the place of the one that starts Dataproc's agent.
        entry = ConfEntry(key=_LISTENERS, value=CommaList((*others, LISTENER)), source="sparklineage")
        conf = ConfSet((entry, *conf.entries))
    # The first JAR is our agent; assemble leaves it out with `reuse`.
    jars = order.jars[1:] if chosen == "compose" else order.jars
    return replace(order, conf=conf, jars=jars)


def _composite(conf: ConfSet) -> ConfSet:
    """The transport beside Google's own, both inside of a composite one."""
    kind = conf.get(_TYPE)
    if hidden := next((entry for entry in conf.entries if entry.secret and entry.key.startswith(TRANSPORT)), None):
        # The agent lays Spark's properties over its variables, and of a composite transport nothing would be left.
        raise ConfigError(
            f"{hidden.source}: vendorAgent is compose, but {hidden.key} goes by variables, which count less than the "
            "transport that Dataproc sets; write `replace` or `reuse`."
        )
    if kind is None:
        raise ConfigError("vendorAgent is compose, but no transport is configured; write one, or vendorAgent: reuse.")
    if kind.written == _GOOGLES:
        return conf
    if kind.written == "composite":
        members = [entry for entry in conf.entries if entry.key.startswith(f"{TRANSPORT}transports.")]
        if any(entry.key.endswith(".type") and entry.value.written == _GOOGLES for entry in members):
            return conf
        return ConfSet((*conf.entries, _entry("transports.google.type", _GOOGLES)))
    entries = [_inside(entry) if entry.key.startswith(TRANSPORT) else entry for entry in conf.entries]
    return ConfSet(
        (_entry("type", "composite"), _entry("continueOnFailure", "true"), _entry("transports.google.type", _GOOGLES),
         *entries)
    )  # fmt: skip


def _inside(entry: ConfEntry) -> ConfEntry:
    name = entry.key.removeprefix(TRANSPORT)
    if any(name.startswith(stem) and "." in name.removeprefix(stem) for stem in _MAPS):
        raise ConfigError(
            f"{entry.source}: vendorAgent is compose, but {entry.key} cannot stand inside of a composite transport, "
            "where the agent would split it at its dots; write `replace` or `reuse`."
        )
    return replace(entry, key=f"{TRANSPORT}transports.ours.{name}")


def _entry(name: str, text: str) -> ConfEntry:
    return ConfEntry(key=TRANSPORT + name, value=Text(text), source="vendorAgent: compose")
