"""What became of the user's queries: how many there were, how many the agent reported, and which it left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sparklineage.relay.past import Past

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.hiding import Hider
    from sparklineage.relay.match import Matcher
    from sparklineage.relay.witnessed import Execution


@dataclass(frozen=True)
class Coverage:
    """Which of the user's queries the agent reported."""

    queries: int
    reported: int
    left_out: tuple[dict[str, Any], ...]
    unexecuted: tuple[dict[str, Any], ...] = ()
    """What declares datasets that no query has: steps, tags, functions."""


@dataclass
class Tally:
    """Counts the queries of one application, also those that it is told are let go of."""

    match: Matcher
    hider: Hider
    past: Past = field(default_factory=Past)
    lacking: set[tuple[int, int]] = field(default_factory=set)
    """Writes that the agent reported without what they wrote."""

    def lacks(self, execution: Execution) -> None:
        """The agent has reported the write, without what it wrote."""
        self.lacking.add((execution.epoch, execution.number))

    def let_go(self, root: Execution, *, reported: bool) -> None:
        """Count a query now, which is forgotten."""
        key = (root.epoch, root.number)
        if root.is_users:
            self.past.count(root, reported=reported and key not in self.lacking, told=self._left_out)
        self.lacking.discard(key)

    def coverage(self) -> Coverage:
        """Of all queries up to now."""
        reported = self.match.reported_roots() - self.lacking
        past = replace(self.past, left_out=list(self.past.left_out))
        for root in self.match.witnessed.roots():
            past.count(root, reported=(root.epoch, root.number) in reported, told=self._left_out)
        return Coverage(
            queries=past.queries,
            reported=past.reported,
            left_out=tuple(past.left_out),
            unexecuted=tuple({**item, "step": self.hider.text(item["step"])} for item in past.unexecuted),
        )

    def state(self) -> dict[str, Any]:
        """All that it knows, as JSON has it."""
        return {"lacking": sorted(self.lacking), "past": vars(self.past)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Know what another one knew."""
        self.lacking = {(epoch, number) for epoch, number in state["lacking"]}
        self.past = Past(**state["past"])

    def _left_out(self, root: Execution) -> dict[str, Any]:
        step = self.match.step_at(root)
        return {
            "what": "output" if (root.epoch, root.number) in self.lacking else "query",
            "description": self.hider.text(root.description),
            "command": self.hider.text(root.command),
            "step": step.name if step else None,
        }
