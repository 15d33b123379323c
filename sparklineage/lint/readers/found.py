"""What a reader has found of one application so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sparklineage.lint.settings import Platform, Setting, Sheet

if TYPE_CHECKING:
    from sparklineage.lint.finding import Place


@dataclass(kw_only=True)
class Found:
    """The parts of a sheet."""

    platform: Platform | None
    settings: list[Setting] = field(default_factory=list)
    environment: list[Setting] = field(default_factory=list)
    scripts: list[Setting] = field(default_factory=list)
    release: str | None = None
    spark: str | None = None
    partial: bool = False
    arguments: int | None = None

    def __bool__(self) -> bool:
        """Whether there is anything that a rule could look at."""
        return bool(self.settings or self.environment or self.scripts)

    def copy(self) -> Found:
        """The same, to which more can be added."""
        return replace(self, settings=[*self.settings], environment=[*self.environment], scripts=[*self.scripts])

    def sheet(self, place: Place) -> Sheet:
        """The sheet that begins at a place."""
        return Sheet(
            place=place,
            settings=tuple(self.settings),
            environment=tuple(self.environment),
            scripts=tuple(self.scripts),
            platform=self.platform,
            release=self.release,
            spark=self.spark,
            partial=self.partial,
            arguments=self.arguments,
        )
