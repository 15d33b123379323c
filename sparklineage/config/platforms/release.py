"""What a platform's release brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["high", "medium", "low"]
Loads = Literal["class path", "asked for", "switched on"]


@dataclass(frozen=True, kw_only=True)
class VendorAgent:
    """An OpenLineage agent that the vendor puts there."""

    what: str
    loads: Loads
    """`class path`: its classes are there before any of the user's; `asked for`: the file lies there, and a job names
    it; `switched on`: a property or an API of the platform starts it."""
    keep_off: str
    """How to do without it, or to use it instead of another one."""
    source: str
    where: str | None = None
    """Its folder or file on the nodes, where that is known."""
    version: str | None = None
    """That of the agent it is built from."""
    since: str | None = None
    """The first patch of the release that has it; None for all."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release, or a line of them that agree in everything here."""

    platform: str
    release: str
    """As the vendor writes it: `emr-7.5.0`, `emr-spark-8.0.0`, `16.4.x-scala2.13`; of a line its beginning, `2.2`."""
    spark: str
    """With the vendor's suffix where it tells one: `3.5.6-amzn-1`."""
    scala: str
    """`2.12` or `2.13`; `2.11` for what is too old for every agent."""
    java: int | None = None
    """What runs the driver by default; None where nobody tells, or where it is up to the user."""
    python: tuple[str, ...] = ()
    """As the vendor lists them."""
    agent_min: str | None = None
    """The smallest agent that works; None where none does."""
    agent_why: str = ""
    """What happens with an older one."""
    vendor_agent: VendorAgent | None = None
    support_until: str | None = None
    """Last day of the vendor's standard support, `2027-05-20`, where it is known."""
    confidence: Confidence
    unverified: tuple[str, ...] = ()
    """Fields that no public page says outright."""
    note: str = ""
    source: tuple[str, ...]
    """Where all of this stands."""

    @property
    def upstream(self) -> str:
        """The version of Spark without the vendor's suffix."""
        return self.spark.partition("-")[0]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The answer for a release that somebody named."""

    asked: str
    release: Release
    warning: str | None = None
    """Where the release is not known and the nearest one is taken instead: a sentence that says so."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What is certain about a release, whether it is known or only others of its line are."""

    spark: str | None = None
    """Without the vendor's suffix; the line alone (`3.5`) where the release itself is not known."""
    scala: str | None = None
    java: int | None = None
    vendor_agent: VendorAgent | None = None
