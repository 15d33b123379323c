"""What every reader makes of its format: settings in their order, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sparklineage.model.lists import comma_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.finding import Place

Origin = Literal["properties", "command", "code", "yaml", "environment"]
UNKNOWN = "\0"
"""Stands in a value for the parts that only a run would tell: a variable, the result of a call."""
AGENT_PREFIX = "spark.openlineage."
LISTENERS, JARS, PACKAGES = "spark.extraListeners", "spark.jars", "spark.jars.packages"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A property and its value as somebody wrote them."""

    key: str
    """The Spark property, whatever the format calls it."""
    value: str = field(repr=False)
    """The text, with UNKNOWN for every part of it that is not known."""
    place: Place
    origin: Origin
    spelled: str = ""
    """How the file names it where that is not the key: `--jars`, `transport.type`."""
    text: str = field(default="", repr=False)
    """The value as it stands in the file, for finding such things as `$(date +%F)`. Never shown."""
    group: int = 0
    """Settings of one group are given together: of two for one key the later counts."""
    late: bool = False
    """Whether the session exists when this is set."""

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.spelled or self.key

    @property
    def known(self) -> bool:
        """Whether the whole value stands in the file."""
        return UNKNOWN not in self.value

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries of a comma list."""
        return comma_list(self.value)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The settings of one application, as far as one file tells."""

    place: Place
    """Where it begins."""
    settings: tuple[Setting, ...]
    environment: tuple[Setting, ...] = ()
    """Variables that the application gets."""
    partial: bool = False
    """Whether settings come from elsewhere too, so that a missing one proves nothing."""
    spark: str | None = None
    """The version of Spark that is named there."""

    def all(self, key: str) -> Iterator[Setting]:
        """Every setting of a key, in order."""
        return (setting for setting in self.settings if setting.key == key)

    def get(self, key: str) -> Setting | None:
        """The setting that counts: the last one, an option of its own (`--jars`) before `--conf`."""
        found = list(self.all(key))
        chosen = [setting for setting in found if setting.spelled.startswith("--")] or found
        return chosen[-1] if chosen else None

    def agent(self, name: str) -> Setting | None:
        """The setting of `spark.openlineage.<name>` that counts."""
        return self.get(AGENT_PREFIX + name)

    def below(self, prefix: str) -> Iterator[Setting]:
        """The settings whose keys begin with `spark.openlineage.<prefix>`."""
        return (setting for setting in self.settings if setting.key.startswith(AGENT_PREFIX + prefix))
