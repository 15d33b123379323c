"""What the agent wrote beside what was delivered: whatever differs, but for the few things that are meant to.

Meant are: datasets and facets that the job declared; `sparklineage_execution`, and of failures `errorMessage`, on the
one terminal event of a run; that this event is the agent's last one, with the datasets of those before it, and has
the state that Spark knows; that a run which the agent left open has one at all; that an application ends with its
driver; and that later batches of a stream with a step are part of the stream's own run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from sparklineage.journal import RunFolder
from sparklineage.model import event as ol
from sparklineage.model.clock import from_iso
from tests.real.submission import by_run, lines
from tests.support.receiver import Event

_BATCH = re.compile(r"id = ([0-9a-f-]{36})\nrunId = .*\nbatch = (\d+)")
_SIDES = {"inputs": "inputFacets", "outputs": "outputFacets"}
Name = tuple[str, str]


@dataclass
class Journal:
    """What an application's own records say of it."""

    folder: RunFolder
    declared: dict[str, dict[Name, dict[str, Any]]] = field(default_factory=lambda: {side: {} for side in _SIDES})
    """Datasets, with all facets that were declared for them."""
    facets: dict[str, set[str]] = field(default_factory=lambda: {"run": set(), "job": set()})
    """Names of declared facets."""
    ends: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    """The witness's records of ends, by `execution` or `job` and number."""
    folded: set[int] = field(default_factory=set)
    """When later batches of a stream with a step began, and the queries inside of them."""

    agents: list[Event] = field(default_factory=list)
    """What the agent wrote."""

    def __post_init__(self) -> None:
        self.agents = lines(self.folder.agent)
        streams = set()
        for record in lines(self.folder.steps):
            for side, own in _SIDES.items():
                for item in record.get(side, ()):
                    found = self.declared[side].setdefault((item["namespace"], item["name"]), {})
                    found.update({**item.get("facets", {}), **item.get(own, {})})
            if record["type"] == "stepFacets":
                for place, names in self.facets.items():
                    names.update(record[place])
            streams.add(record.get("stream"))
        started: dict[int, dict[str, Any]] = {}
        for record in lines(self.folder.witness):
            for kind in ("execution", "job"):
                if record["type"] == f"{kind}End":
                    self.ends[kind, record[f"{kind}Id"]] = record
            if record["type"] == "executionStart":
                started[record["executionId"]] = record
        others: set[int] = set()
        for record in started.values():
            root = started.get(record["rootExecutionId"] or record["executionId"], record)
            batch = _BATCH.search(root["description"])
            is_later = batch is not None and batch[1] in streams and int(batch[2]) > 0
            (self.folded if is_later else others).add(record["time"])
        assert not self.folded & others, "two queries began in one millisecond"

    def is_folded(self, run: list[Event]) -> bool:
        return run[0]["eventType"] == "START" and from_iso(run[0]["eventTime"]) in self.folded


def differences(journal: Journal, delivered: list[Event]) -> list[str]:
    """One line for each thing that is not as the agent wrote it, and not meant to be so."""
    agents = journal.agents
    theirs, ours = by_run(agents), by_run(delivered)
    folded = {run for run, events in theirs.items() if journal.is_folded(events)}
    told = [event for event in agents if not _is_end(event) and ol.run_id(event) not in folded]
    there = [event for event in delivered if not _is_end(event) and ol.run_id(event) in theirs]
    found = [*_compared(map(_key, told), map(_key, there))]
    if not found:
        for one, other in zip(told, there, strict=True):
            found += _event(journal, [one], other)
    for run, events in theirs.items():
        if run in folded:
            found += [f"{run} is part of a stream, and of its own" for _ in ours.get(run, ())]
        else:
            found += _end(journal, events, ours.get(run, []))
    for run, events in ours.items():
        if run not in theirs:
            found += [f"{run} is nobody's" for event in events if ol.job_type(event) != "STEP"]
    streams = [event for run, events in ours.items() if run not in theirs for event in events if _is_stream(event)]
    return [*found, *_lost([event for run in folded for event in theirs[run]], streams)]


def _key(event: Event) -> str:
    return f"{ol.run_id(event)} {event['eventType']} {event['eventTime']}"


def _is_end(event: Event) -> bool:
    return event["eventType"] in ol.TERMINAL


def _is_stream(event: Event) -> bool:
    return bool(ol.job_facets(event).get("jobType", {}).get("processingType") == "STREAMING")


def _compared(one: Iterator[str], other: Iterator[str]) -> Iterator[str]:
    """Where two lists part; nothing where they are the same."""
    for theirs, ours in zip_longest(one, other):
        if theirs != ours:
            yield f"instead of {theirs} there is {ours}"
            return


def _end(journal: Journal, theirs: list[Event], ours: list[Event]) -> Iterator[str]:
    """What is wrong with the end of a run."""
    run = ol.run_id(theirs[0])
    if [_is_end(event) for event in ours].count(True) != 1 or not _is_end(ours[-1]):
        yield f"{run} does not end once, and last"
        return
    terminal, end = [event for event in theirs if _is_end(event)], ours[-1]
    if run == journal.folder.run_id:
        outcome = json.loads(journal.folder.outcome.read_text())
        state, time = outcome["state"], max(outcome["endedAt"], from_iso(theirs[-1]["eventTime"]))
    else:
        record = _truth(journal, end)
        if record is None and not terminal:
            yield f"{run} ends, and nothing has told so"
            return
        state = "FAIL" if record and record["error"] is not None else "COMPLETE"
        time = from_iso(terminal[-1]["eventTime"]) if terminal else record["time"] if record else 0
    if (end["eventType"], from_iso(end["eventTime"])) != (state, time):
        yield f"{run} ends with {end['eventType']} {end['eventTime']}, not {state} {time}"
    # Of the others only the datasets are in it.
    bases = terminal[::-1] or theirs[:1]
    same = {name: end[name] for name in ("eventTime", "eventType")}
    yield from _event(journal, [{**base, **same} for base in bases], end)


def _truth(journal: Journal, end: Event) -> dict[str, Any] | None:
    """How the witness saw the end of what a run is about."""
    execution = ol.run_facets(end).get(ol.EXECUTION)
    if execution is not None:
        return journal.ends["execution", execution["executionId"]]
    details = ol.run_facets(end).get("spark_jobDetails")
    return journal.ends.get(("job", details["jobId"])) if details else None


def _event(journal: Journal, theirs: list[Event], ours: Event) -> Iterator[str]:
    """How an event differs from the first of the agent's; of the others it may have the datasets."""
    base, is_end = theirs[0], _is_end(ours)
    left: dict[str, Any] = {**ours}
    ends = {ol.EXECUTION} | ({"errorMessage"} if ours["eventType"] != "COMPLETE" else set())
    for part, more in (("run", ends if is_end else set()), ("job", set())):
        was, now = base[part].get("facets", {}), ours[part].get("facets", {})
        meant = journal.facets[part] | more
        kept = {name: was[name] if name in meant and name in was else value for name, value in now.items()}
        left[part] = {**ours[part], "facets": {name: kept[name] for name in kept if name in was or name not in meant}}
    for side, own in _SIDES.items():
        if side not in ours:
            continue
        was = {_name(item): item for item in ol.datasets(base, side)}
        others = {_name(item): item for event in theirs[1:] for item in ol.datasets(event, side)}
        items = []
        for item in ours[side]:
            known, declared = was.get(_name(item)), journal.declared[side].get(_name(item))
            if known is not None and declared:
                items.append(_described(known, item, declared, own))
            elif known is not None or not (_is_declared(item, declared) or others.get(_name(item)) == item):
                items.append(item)
        left[side] = items
    if json.dumps(left) != json.dumps(base):
        yield f"{_key(ours)}: {_where(base, left)}"


def _is_declared(item: dict[str, Any], declared: dict[str, Any] | None) -> bool:
    return declared is not None and ol.DECLARED in item.get("facets", {})


def _described(was: dict[str, Any], now: dict[str, Any], declared: dict[str, Any], own: str) -> dict[str, Any]:
    """The dataset without what was declared for it; of column lineage the agent's has to be there still."""
    found = dict(now)
    for place in ("facets", own):
        before, after = was.get(place, {}), dict(now.get(place, {}))
        for name in declared.keys() & after.keys():
            fields = before.get(name, {}).get("fields", {}) if name == "columnLineage" else {}
            if fields.keys() <= after[name].get("fields", {}).keys():
                after[name] = before.get(name)
        after = {name: value for name, value in after.items() if value is not None}
        if after or place in was:
            found[place] = after
        else:
            found.pop(place, None)
    return found


def _lost(folded: list[Event], streams: list[Event]) -> Iterator[str]:
    """What later batches read or wrote that is not on the stream's own run, itself or as a part of a folder there."""
    for side in _SIDES:
        there = {_name(item) for event in streams for item in ol.datasets(event, side)}
        for namespace, name in {_name(item) for event in folded for item in ol.datasets(event, side)}:
            if not any(space == namespace and f"{name}/".startswith(f"{above}/") for space, above in there):
                yield f"{namespace} {name} of a batch is not among the {side} of its stream"


def _name(item: dict[str, Any]) -> Name:
    return item["namespace"], item["name"]


def _where(one: Any, other: Any, path: str = "") -> str:
    """The first place where they differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *other]:
            if json.dumps(one.get(name)) != json.dumps(other.get(name)):
                return _where(one.get(name), other.get(name), f"{path}/{name}")
    if isinstance(one, list) and isinstance(other, list):
        for number, pair in enumerate(zip_longest(one, other)):
            if json.dumps(pair[0]) != json.dumps(pair[1]):
                return _where(*pair, f"{path}/{number}")
    return f"{path}: {json.dumps(one)[:200]} became {json.dumps(other)[:200]}"
