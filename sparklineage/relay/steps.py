"""What the job itself declared, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Step:
    """One block of `sparklineage.step`; times in milliseconds."""

    id: str
    name: str
    start: int
    parent: str | None = None
    end: int | None = None
    error: dict[str, Any] | None = None
    inputs: list[Dataset] = field(default_factory=list)
    outputs: list[Dataset] = field(default_factory=list)
    told: bool = False
    """Whether its own runs have been decided on."""

    def holds(self, time: int) -> bool:
        return self.start <= time and (self.end is None or time <= self.end)


@dataclass
class Steps:
    """Every step of one application, in the order of their start."""

    by_id: dict[str, Step] = field(default_factory=dict)

    def feed(self, record: Mapping[str, Any]) -> None:
        """Take in one record of steps.ndjson; one that is damaged is passed over."""
        number, time = record.get("step"), record.get("time")
        if not isinstance(number, str) or not isinstance(time, int):
            return
        kind = record.get("type")
        if kind == "stepStart":
            parent = record.get("parentStep")
            self.by_id[number] = Step(
                number, str(record.get("name") or "step"), time, parent if isinstance(parent, str) else None
            )
        found = self.by_id.get(number)
        if found is None:
            return
        if kind in ("stepStart", "stepDatasets"):
            _add(found.inputs, record.get("inputs"))
            _add(found.outputs, record.get("outputs"))
        elif kind == "stepEnd":
            found.end = time
            error = record.get("error")
            found.error = error if isinstance(error, dict) else None

    def get(self, number: str | None) -> Step | None:
        return self.by_id.get(number) if number else None

    def at(self, time: int) -> Step | None:
        """The step that was surely open at this moment: none where several stood open side by side."""
        held = [step for step in self.by_id.values() if step.holds(time)]
        if not held:
            return None
        innermost = held[-1]
        enclosing = set()
        step: Step | None = innermost
        while step is not None:
            enclosing.add(step.id)
            step = self.by_id.get(step.parent) if step.parent else None
        return innermost if all(item.id in enclosing for item in held) else None


def _add(found: list[Dataset], items: object) -> None:
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        namespace, name, facets = item.get("namespace"), item.get("name"), item.get("facets")
        if isinstance(namespace, str) and isinstance(name, str):
            dataset = Dataset(namespace, name, facets if isinstance(facets, dict) else {})
            if dataset not in found:
                found.append(dataset)
