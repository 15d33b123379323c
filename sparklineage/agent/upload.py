"""Putting JARs where Spark reads them: first everything is compared, then what is missing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sparklineage.errors import OccupiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sparklineage.agent.artifact import Progress
    from sparklineage.agent.stores.interface import Payload, Store

Action = Literal["upload", "replace", "keep"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What will happen, or has happened, to one file."""

    payload: Payload
    address: str
    """Where it is then."""
    action: Action
    """`keep` where an equal file is there already."""


def plan(store: Store, payloads: Iterable[Payload], *, replace: bool = False) -> tuple[Step, ...]:
    """What has to be done, in the order given; nothing is written.

    Raises OccupiedError for a file with other content, unless it is to be replaced, and whatever the store raises.
    """
    steps = []
    for payload in payloads:
        state, address = store.state(payload), store.address(payload.name)
        if state == "other" and not replace:
            raise OccupiedError(
                f"{address}: a file with other content is there; give --replace, or name another folder. Nothing was "
                "uploaded."
            )
        action: Action = "keep" if state == "equal" else "replace" if state == "other" else "upload"
        steps.append(Step(payload=payload, address=address, action=action))
    return tuple(steps)


def carry_out(
    store: Store, steps: Sequence[Step], progress_of: Callable[[Payload], Progress | None] = lambda _: None
) -> None:
    """Send what is not there. Each file is whole or not there; a second run goes on where this one stopped."""
    for step in steps:
        if step.action != "keep":
            store.put(step.payload, progress_of(step.payload))
