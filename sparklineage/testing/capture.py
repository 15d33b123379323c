"""What one test added to the journal, settled as the relay would: from a mark in the journal's files to where they are.

The listeners of a session live as long as the session, so the journal of a test is a slice of its application's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.journal import LineReader, RunFolder, run_folders
from sparklineage.journal.read import size_of
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms
from sparklineage.relay import ending
from sparklineage.relay.follow import read_all
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sparklineage.model.event import Event

_TELLING = ("stepDatasets", "stepFacets", "stepProgress", "stepEnd")
"""Records by which a step that was open before is one of the test, too."""
_OPEN = "It still runs."
"""Stands for the end of whatever has none yet."""


@dataclass(frozen=True)
class Mark:
    """How long the files of one application were."""

    agent: int = 0
    witness: int = 0
    steps: int = 0

    @classmethod
    def of(cls, folder: RunFolder) -> Mark:
        return cls(size_of(folder.agent), size_of(folder.witness), size_of(folder.steps))


@dataclass(frozen=True)
class Settled:
    """The events of one application, as they are true, and what is still open."""

    folder: RunFolder
    events: tuple[Event, ...]
    open: frozenset[str] = frozenset()
    """Ids of the runs whose end was not there yet; their last event only looks like one."""


@dataclass
class Capture:
    """The records of these journals from the moment of `begin` on."""

    roots: Sequence[Path]
    """Others may be added at any time."""
    marks: dict[str, Mark] = field(default_factory=dict)
    began: int = 0
    """Milliseconds."""

    def begin(self) -> None:
        """Leave out everything that is there now."""
        self.marks, self.began = self.state(), now_ms()

    def state(self) -> dict[str, Mark]:
        """Every application, and how much it has written."""
        return {folder.run_id: Mark.of(folder) for folder in self._folders()}

    def read(self) -> list[Settled]:
        """Every application that has written since, oldest first; the newest one whether it has or not."""
        folders = list(self._folders())
        marks = [self.marks.get(folder.run_id, Mark()) for folder in folders]
        return [
            settled(folder, mark, self.began)
            for folder, mark in zip(folders, marks, strict=True)
            if folder is folders[-1] or Mark.of(folder) != mark
        ]

    def _folders(self) -> Iterator[RunFolder]:
        for root in self.roots:
            yield from run_folders(root)


def settled(folder: RunFolder, mark: Mark, began: int = 0) -> Settled:
    """The application's events since the mark, which was set at `began` (milliseconds).

    What was declared before counts on the queries that come later, and has no run of its own.
    """
    settler = Settler(RunRecord.of(folder))
    earlier = [record for record in _head(folder.witness, mark.witness) if record.get("type") == "application"]
    for record in (*earlier, *_rest(folder.witness, mark.witness)):
        settler.witnessed.feed(record)
    before, since = _head(folder.steps, mark.steps), _rest(folder.steps, mark.steps)
    made = [record for record in since if _is_function(record) and _declared(record) >= began]
    anew = {_function(record) for record in made}
    # Those that plans show beside a label of their own: the name is that of the ones before alone.
    labelled = {(record.get("kind"), record["beside"]) for record in made if "beside" in record}
    for record in before:
        # A function of the same name that is made again takes its place.
        kind, name, _ = its = _function(record)
        if not (_is_function(record) and (its in anew or (kind, name) in labelled)):
            settler.steps.feed(record)
    opened = set(settler.steps.by_id)
    for record in since:
        settler.steps.feed(record)
    begin = [event for event in _head(folder.agent, mark.agent) if ol.job_type(event) == "APPLICATION"][:1]
    for event in (*begin, *_rest(folder.agent, mark.agent)):
        settler.agent(event)
    told = {record.get("step") for record in since if record.get("type") in _TELLING}
    told |= {step.id for step in settler.steps.by_id.values() if step.seen}
    here = {(kind, name) for kind, name, _ in anew}
    functions = {step.id for key, step in settler.steps.functions.items() if key not in here}
    settler.steps.earlier = (opened - told) | functions
    ended = Outcome.of(folder) or ending.by_agent(settler.witnessed, settler.agents_end)
    events = settler.finish(ended or Outcome(state="ABORT", ended=now_ms(), message=_OPEN))
    return Settled(folder, tuple(events), frozenset(ol.run_id(event) for event in events if _is_open(event)))


def _is_function(record: dict[str, Any]) -> bool:
    return record.get("type") == "function"


def _function(record: dict[str, Any]) -> tuple[object, object, object]:
    """What it is, by which name plans show it, and its own name: several may be called under that of another one."""
    return record.get("kind"), record.get("name"), record.get("of")


def _declared(record: dict[str, Any]) -> int:
    """When, which may be long before it came into use."""
    return int(record.get("declared", record["time"]))


def _is_open(event: Event) -> bool:
    error = ol.run_facets(event).get("errorMessage")
    return isinstance(error, dict) and error.get("message") == _OPEN


def _head(path: Path, size: int) -> list[dict[str, Any]]:
    """The records before the mark."""
    return list(LineReader(path).read(most=size)) if size else []


def _rest(path: Path, start: int) -> list[dict[str, Any]]:
    """Those after it."""
    return read_all(LineReader(path, start))
