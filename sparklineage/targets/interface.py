"""What a target is: a whole module that turns an order into artefacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config.platforms import Release

Mode = Literal["outbox", "direct"]


@dataclass(frozen=True, kw_only=True)
class Application:
    """The job that an artefact starts."""

    uri: str
    """The Python file or JAR, where the platform finds it."""
    arguments: tuple[str, ...] = ()
    main_class: str | None = None
    """Of a JAR."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be written down for a platform."""

    conf: ConfSet
    """The finished properties, listeners and transport included, but not the JARs of `jars`. Secrets are references,
    or literals where the configuration holds them."""
    jars: tuple[str, ...]
    """Where the agent, the witness and what a transport needs lie, as the platform can read them; the agent first."""
    mode: Mode
    why_mode: str
    agent: str
    """Version of the agent."""
    why_agent: str
    scala: str
    release: Release | None = None
    """What is known of the platform's release; None for plain Spark of a version that nobody said."""
    name: str
    """Of the application: the configuration's `job.name`, else that of its file."""
    application: Application | None = None
    """None where only configuration is wanted."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The platform's own section: `release`, `artifacts`, `vendorAgent`, `region`, `accessMode`."""
    relay: ConfSet = field(default_factory=ConfSet)
    """In the outbox: the transport that the relay delivers by, as the agent would be told it; empty without one."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """The same with all else that a relay beside the driver is told: what its relay.json holds."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those by which a relay that a kit starts gets its secrets, as the platform fills them."""
    allow_literal_secrets: bool = False
    notes: tuple[str, ...] = ()
    """What is to be said whatever the target."""

    @property
    def with_jars(self) -> ConfSet:
        """The properties with the JARs in `spark.jars`, behind those of the configuration."""
        jars = ConfEntry(key="spark.jars", value=CommaList(self.jars), source="sparklineage", why="the listeners")
        return ConfSet((jars,)).merged_with(self.conf) if self.jars else self.conf

    @property
    def secrets(self) -> tuple[ConfEntry, ...]:
        """The entries that hold a secret or a reference to one."""
        return tuple(entry for entry in self.conf.entries if entry.secret)


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A file of the user's that the artefact is merged into."""

    name: str
    """For sentences about it."""
    text: str

    @property
    def newline(self) -> str:
        """What its lines end with."""
        return next((end for end in ("\r\n", "\n", "\r") if end in self.text), "\n")


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One file to be written."""

    name: str
    text: str
    about: str
    """What it is and what to do with it, in a sentence."""
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """Everything for one platform."""

    artefacts: tuple[Artefact, ...]
    """The main one first: it is what is printed where no folder is named, and what `into` comes back as."""
    notes: tuple[str, ...] = ()
    """Agent and Scala and why, delivery and why, what is left to the user, what the platform will not show."""


class Target(Protocol):
    """A whole module satisfies this."""

    NAME: str
    MODES: tuple[Mode, ...]
    """The ways of delivery that the platform allows; the first one is what `auto` means there."""
    LISTENS: bool
    """Whether the listeners can be told by properties there at all."""

    def render(self, order: Order, into: Existing | None = None) -> Rendered:
        """The artefacts, merged into `into` where the user has a file already: lists are joined, the user's own
        values stay, and doing it twice changes nothing more. Raises ConfigError for what the platform would refuse.
        """
