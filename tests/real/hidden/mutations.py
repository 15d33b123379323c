"""Ways to spoil one of the agent's events on its way: whoever compares them has to see each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

from sparklineage.model import event as ol
from tests.real.hidden.untouched import Journal, differences
from tests.support.receiver import Event

_MOST = 6
"""How many events are spoilt in turn, about."""
LATER = "2030-01-01T00:00:00.000Z"


def _facets_of_datasets(event: Event) -> Iterator[dict[str, Any]]:
    for side in ("inputs", "outputs"):
        for item in ol.datasets(event, side):
            if item.get("facets") and ol.DECLARED not in item["facets"]:
                yield item["facets"]


def _first(event: Event, side: str) -> dict[str, Any]:
    """The first dataset that the agent saw."""
    return next(item for item in event[side] if ol.DECLARED not in item.get("facets", {}))


def _swap(events: list[Event], at: int) -> None:
    """With the next one of its run."""
    run = ol.run_id(events[at])
    other = next(number for number in range(at + 1, len(events)) if ol.run_id(events[number]) == run)
    events[at], events[other] = events[other], events[at]


MUTATIONS: dict[str, Callable[[list[Event], int], Any]] = {
    "event dropped": lambda events, at: events.pop(at),
    "event twice": lambda events, at: events.insert(at, events[at]),
    "run dropped": lambda events, at: events.__setitem__(
        slice(None), [event for event in events if ol.run_id(event) != ol.run_id(events[at])]
    ),
    "events swapped": _swap,
    "other time": lambda events, at: events[at].update(eventTime=LATER),
    "other type": lambda events, at: events[at].update(
        eventType={"START": "RUNNING", "RUNNING": "OTHER", "COMPLETE": "FAIL"}.get(events[at]["eventType"], "COMPLETE")
    ),
    "other run": lambda events, at: events[at]["run"].update(runId="01900000-0000-7000-8000-000000000000"),
    "other producer": lambda events, at: events[at].update(producer="https://example.com"),
    "other job": lambda events, at: events[at]["job"].update(name="another"),
    "run facet removed": lambda events, at: events[at]["run"]["facets"].pop("processing_engine"),
    "run facet changed": lambda events, at: events[at]["run"]["facets"]["processing_engine"].update(version="1"),
    "run facet added": lambda events, at: events[at]["run"]["facets"].update(nominalTime={}),
    "parent changed": lambda events, at: events[at]["run"]["facets"]["parent"]["run"].update(runId="another"),
    "job facet removed": lambda events, at: events[at]["job"]["facets"].pop("jobType"),
    "job facet added": lambda events, at: events[at]["job"]["facets"].update(ownership={}),
    "dataset facet removed": lambda events, at: next(_facets_of_datasets(events[at])).pop("dataSource"),
    "dataset facet added": lambda events, at: next(_facets_of_datasets(events[at])).update(tags={}),
    "dataset taken for declared": lambda events, at: next(_facets_of_datasets(events[at])).update({ol.DECLARED: {}}),
    "input renamed": lambda events, at: _first(events[at], "inputs").update(name="/another"),
    "output renamed": lambda events, at: _first(events[at], "outputs").update(namespace="another"),
    "input removed": lambda events, at: events[at]["inputs"].remove(_first(events[at], "inputs")),
    "output invented": lambda events, at: events[at]["outputs"].append(
        {"namespace": "file", "name": "/another", "facets": {ol.DECLARED: {}}}
    ),
    "output twice": lambda events, at: events[at]["outputs"].append(_first(events[at], "outputs")),
}


def mutated(events: list[Event], name: str, runs: Collection[str]) -> list[list[Event]]:
    """The events with this done to one of them, for some of these runs' that it can be done to."""
    places = [at for at, event in enumerate(events) if ol.run_id(event) in runs]
    made = []
    for at in places[:: max(1, len(places) // _MOST)]:
        spoilt = list(events)
        spoilt[at] = deepcopy(spoilt[at])
        with suppress(KeyError, StopIteration):
            MUTATIONS[name](spoilt, at)
            made.append(spoilt)
    return made


def unseen(journal: Journal, delivered: list[Event]) -> dict[str, int]:
    """By kind how many spoilt events nobody would find; 0 for all that could be done to one, and was found."""
    runs = {ol.run_id(event) for event in journal.agents}
    made = {name: mutated(delivered, name, runs) for name in MUTATIONS}
    return {name: sum(not differences(journal, spoilt) for spoilt in many) for name, many in made.items() if many}
