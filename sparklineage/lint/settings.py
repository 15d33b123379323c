"""What every reader makes of its format: settings in their order, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sparklineage.model.lists import comma_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.finding import Place

Origin = Literal["properties", "command", "code", "yaml", "environment"]
Span = tuple[int, int]
"""Offsets of the first character and of the one behind the last, from 0, in the text that the reader got."""
Platform = Literal[
    "emr", "emr-serverless", "emr-containers", "databricks", "glue", "dataproc", "kubernetes", "airflow", "livy"
]
"""Where the application runs, or who starts it."""
UNKNOWN = "\0"
"""Stands in a value for the parts that only a run would tell: a variable, the result of a call."""
AGENT_PREFIX = "spark.openlineage."
DATAPROC_SWITCH = "dataproc:dataproc.lineage.enabled"
"""Switches the agent that Dataproc itself brings."""
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
    key_span: Span | None = None
    """Where the key stands in the text, with its quotes; None where it cannot be written anew in place."""
    value_span: Span | None = None
    """Where the value stands, with its quotes."""

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
    own: bool = False
    """Whether `sparklineage` hands them on, which resolves references to secrets."""
    spark: str | None = None
    """The version of Spark that is named there."""
    platform: Platform | None = None
    """None where the file does not tell."""
    release: str | None = None
    """The platform's own name of its release: `emr-7.12.0`, `16.4.x-scala2.12`, Glue's `5.0`."""
    scripts: tuple[Setting, ...] = ()
    """Init scripts and bootstrap actions: the value is the path, the key what the format calls it."""
    arguments: int | None = None
    """Characters of all arguments together, where the platform limits them."""

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
