"""A platform and its releases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sparklineage.config.platforms.label import Label, covers
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from sparklineage.config.platforms.release import Release


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A place where Spark runs, and its releases in their order."""

    name: str
    title: str
    also: tuple[str, ...]
    """Other places that run the same releases."""
    releases: tuple[tuple[Label, Release], ...]

    def exact(self, asked: Label) -> list[Release]:
        """What is known of the release itself: two entries where its name leaves the Scala open, none if unknown."""
        found = [_as_asked(release, asked) for known, release in self.releases if covers(self.name, known, asked)]
        return [release for release in found if asked.scala in {None, release.scala}]

    def family(self, asked: Label) -> list[tuple[Label, Release]]:
        """The releases that it can be compared with, oldest first."""
        return [(known, release) for known, release in self.releases if known.family == asked.family]

    def line(self, asked: Label) -> list[tuple[Label, Release]]:
        """Those of them with the same first number."""
        return [(known, release) for known, release in self.family(asked) if known.numbers[0] == asked.numbers[0]]

    def first_supported(self, asked: Label) -> str:
        """The oldest of them that an agent works with."""
        return next(release.release for _, release in self.family(asked) if release.agent_min)


def _as_asked(release: Release, asked: Label) -> Release:
    """The entry with what the name itself says: a patch of Spark, its Scala, a Java."""
    if release.platform == "spark":
        # Builds for both are there of every Spark 3 that agents know; of Spark 4 for one alone.
        free = release.agent_min is not None and asked.numbers[0] == 3 and asked.scala in {"2.12", "2.13"}
        scala = asked.scala if free and asked.scala else release.scala
        return replace(release, spark=asked.text if len(asked.numbers) > 2 else release.spark, scala=scala)
    theirs = release.vendor_agent
    if theirs and theirs.since and len(asked.numbers) > 2 and asked.numbers < numbers(theirs.since):
        return replace(release, vendor_agent=None)
    return replace(release, java=asked.java) if asked.java else release
