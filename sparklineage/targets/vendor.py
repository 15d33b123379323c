"""Platforms that bring an agent of their own: which one runs, so that it is never two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import about

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.platforms import VendorAgent
    from sparklineage.targets.interface import Order

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
"""The class of the agent, ours and theirs."""
_TYPE = "spark.openlineage.transport.type"
_SPOOL = "spark.sparklineage.spool"
_LISTENERS = "spark.extraListeners"
_THEIRS = "transports-datazone-"
_CLASS_PATH = "spark.driver.extraClassPath"


def settled(order: Order, *, first: str = "") -> Order:
    """The order with one agent in it: ours, or the vendor's with our properties.

    `first` says what puts our JAR before the vendor's on this platform, such as `--user-jars-first true`; without it
    ours cannot take the place of one that stands on the class path. Raises ConfigError where that is asked for, or
    where there is no agent to use.
    """
    vendor = order.release.vendor_agent if order.release is not None else None
    choice = order.settings.get("vendorAgent") or "replace"
    if choice == "replace":
        if vendor is not None and vendor.loads == "class path" and not first:
            _refuse_two(order, vendor)
        return order
    if vendor is None:
        raise ConfigError(
            f"vendorAgent is {choice}, but {_release(order)} brings no agent that is known; write `replace`, or name "
            "the platform's release."
        )
    if choice == "compose":
        _check_composite(order)
    asked_for = (vendor.where,) if vendor.loads == "asked for" and vendor.where else ()
    # The first JAR is our agent; what follows (the witness, a Kafka client) is none. Amazon's build has the transport
    # for DataZone itself, and two of one class are one too many.
    beside = [jar for jar in order.jars[1:] if not jar.rpartition("/")[2].startswith(_THEIRS)]
    conf = ConfSet((_listeners(),)).merged_with(order.conf)
    if _SPOOL in conf and not any("sparklineage" in name for name in conf[_LISTENERS].written.split(",")):
        raise ConfigError(
            f"vendorAgent is {choice} and delivery.mode outbox, for which the witness is needed too; write "
            "delivery.mode: direct."
        )
    return replace(order, conf=conf, jars=(*asked_for, *beside))


def about_agent(order: Order, *, first: str = "") -> Iterator[str]:
    """What `about` says, with the vendor's agent in its right place."""
    agent, *others = about(order)
    vendor = order.release.vendor_agent if order.release is not None else None
    choice = order.settings.get("vendorAgent") or "replace"
    if vendor is not None and choice != "replace":
        version = f" {vendor.version}" if vendor.version else ""
        yield f"The agent is the platform's own{version} ({vendor.what}): vendorAgent is {choice}."
    else:
        yield agent
        if vendor is not None:
            yield f"{_release(order)} brings {vendor.what}. {first or vendor.keep_off}"
    yield from others


def _refuse_two(order: Order, vendor: VendorAgent) -> None:
    theirs = order.conf.get(_CLASS_PATH)
    if theirs is not None and vendor.where is not None and vendor.where not in theirs.written:
        return
    raise ConfigError(
        f"{_release(order)} has {vendor.what} on its class path already, and two agents fail a job: write vendorAgent: "
        f"reuse (theirs, with this configuration), or give {_CLASS_PATH} and spark.executor.extraClassPath as EMR has "
        f"them but without {vendor.where}."
    )


def _check_composite(order: Order) -> None:
    kind = order.conf.get(_TYPE)
    if kind is None or kind.written != "composite":
        raise ConfigError(
            "vendorAgent is compose, which needs transport.type composite and delivery.mode direct: name the vendor's "
            "transport there (type amazon_datazone_api with its domainId) beside yours."
        )


def _listeners() -> ConfEntry:
    return ConfEntry(key=_LISTENERS, value=CommaList((LISTENER,)), source="sparklineage", why="the platform's agent")


def _release(order: Order) -> str:
    name = order.settings.get("release") or (order.release.release if order.release is not None else "the platform")
    return f"{order.release.platform} {name}" if order.release is not None and name[:1].isdigit() else name
