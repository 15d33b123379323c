"""What a sink is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sparklineage.relay.sinks.hierarchy import Hierarchy


class Verdict(Enum):
    """What the relay does next."""

    ACCEPTED = "accepted"
    """The receiver has it: go on."""
    REFUSED = "refused"
    """It will never take this event: to the dead letters, and go on."""
    RETRY = "retry"
    """Not now: wait and send the same event again."""


@dataclass(frozen=True)
class Answer:
    """One attempt's result. `text` never holds a secret."""

    verdict: Verdict
    text: str = ""
    status: int | None = None
    body: str = ""
    wait: float | None = None
    """Seconds that the receiver asked for before the next attempt."""


class Sink(Protocol):
    """One receiver. Used by one thread."""

    @property
    def key(self) -> str:
        """Names the receiver's files in the journal."""
        ...

    @property
    def shown(self) -> str:
        """The receiver's address as people may see it."""
        ...

    def send(self, event: bytes, hierarchy: Hierarchy | None = None) -> Answer:
        """Hand over one event, as JSON. Never raises for what the network or the receiver does.

        `hierarchy` is what stands above the event's application, for a receiver that wants it in the names.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
