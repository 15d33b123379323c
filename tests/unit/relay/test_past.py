"""An application of very many queries: what is let go of changes nothing that is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import JournalError
from sparklineage.journal import RunFolder
from sparklineage.relay import read_events
from sparklineage.relay.follow import Follower
from sparklineage.relay.past import Limits, check
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler
from tests.support.journal import APP, T0, add, application, event, execution, witnessed

FEW = Limits(recent=20, held=5_000, unpacked=3)
Record = tuple[str, dict[str, Any]]


def run_id(number: int) -> str:
    return f"01900000-0000-7000-9000-{number:012d}"


def step_id(number: int) -> str:
    return f"01900000-0000-7000-a000-{number:012d}"


def journal(seed: int, queries: int) -> Iterator[list[Record]]:
    """Rounds of records: queries side by side, in steps or not, failing, left out, or left open by the agent."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    yield [("witness", witnessed("application", 0)), ("agent", application("START", 0))]
    step: int | None = None
    for number in range(queries):
        records: list[Record] = []
        at = 10 + number * 50
        if chance.random() < 0.1:
            if step is not None:
                records.append(
                    ("steps", {"type": "stepEnd", "time": T0 + at - 1, "step": step_id(step), "error": None})
                )
            step = number if chance.random() < 0.7 else None
            if step is not None:
                declared = [{"namespace": "file", "name": f"/in/{number}"}] if chance.random() < 0.8 else []
                records.append(
                    ("steps", {"type": "stepStart", "time": T0 + at - 1, "step": step_id(step), "name": f"s{number}",
                               "parentStep": None, "inputs": declared, "outputs": []})
                )  # fmt: skip
        kind = chance.choice(["reported"] * 6 + ["failed", "left out", "open", "rdd", "inner"])
        error = "boom" if kind == "failed" else None
        start, *end = execution(number * 2, at, at + 30, error, command=chance.choice(["Execute X", "AppendData"]))
        named = step_id(step) if step is not None else None
        records += [("witness", start)]
        if chance.random() < 0.8:
            records += [
                ("witness", witnessed("jobStart", at + 5, jobId=number, executionId=number * 2, step=named)),
                ("witness", witnessed("jobEnd", at + 9, jobId=number, error=None)),
            ]
        if kind == "inner":
            records += [("witness", item) for item in execution(number * 2 + 1, at + 6, at + 8, root=number * 2)]
        records += [("witness", item) for item in end]
        outputs = ("/out",) if chance.random() < 0.5 else ()
        if kind == "rdd":
            facets = {"spark_jobDetails": {"jobId": number}}
            records += [("agent", event("START", at + 5, run_id(number), "r", "RDD_JOB", facets=facets))]
            records += [("agent", event("COMPLETE", at + 9, run_id(number), "r", "RDD_JOB", facets=facets))]
        elif kind != "left out":
            records.append(("agent", event("START", at, run_id(number), f"q{number}")))
            if error:
                records.append(("agent", event("FAIL", at + 9, run_id(number), f"q{number}")))
            if kind != "open":
                records.append(("agent", event("COMPLETE", at + 30, run_id(number), f"q{number}", outputs=outputs)))
        yield records
    yield [("witness", witnessed("applicationEnd", 10**6)), ("agent", application("COMPLETE", 10**6))]


def settled(rounds: list[list[Record]], settler: Settler) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for records in rounds:
        for name, record in records:
            if name == "witness":
                settler.witnessed.feed(record)
            elif name == "steps":
                settler.steps.feed(record, 100)
        for name, record in records:
            if name == "agent":
                settler.agent(record, 100)
        found += settler.take()
    return found + settler.finish(Outcome(state="COMPLETE", ended=T0 + 10**6))


def by_run(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for item in events:
        found.setdefault(item["run"]["runId"], []).append(item)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_let_go_of_changes_no_event(seed: int) -> None:
    rounds = list(journal(seed, 300))
    all_held, few_held = (Settler(RunRecord(APP), limits=limits) for limits in (Limits(), FEW))
    expected, found = settled(rounds, all_held), settled(rounds, few_held)
    whole, short = by_run(expected), by_run(found)
    assert short == whole
    assert few_held.coverage().queries == all_held.coverage().queries
    assert few_held.coverage().reported == all_held.coverage().reported
    ours, theirs = few_held.coverage().left_out, all_held.coverage().left_out
    assert sorted(map(str, ours)) == sorted(map(str, theirs))


def test_little_is_held_of_a_long_application() -> None:
    settler = Settler(RunRecord(APP), limits=FEW)
    settled(list(journal(3, 1_500)), settler)
    assert len(settler.witnessed.executions) < 200
    assert len(settler.witnessed.jobs) < 200
    assert len(settler.steps.by_id) < 100
    assert len(settler.witnessed._starts) < 200
    assert settler.coverage().queries > 1_200


def test_a_step_without_an_end_holds_no_more_than_the_limit() -> None:
    """Its first queries are told with what it has declared by then."""
    declared = {"type": "stepStart", "time": T0, "step": step_id(0), "name": "all", "parentStep": None,
                "inputs": [{"namespace": "file", "name": "/in"}], "outputs": []}  # fmt: skip
    settler = Settler(RunRecord(APP), limits=Limits(recent=20, held=30, unpacked=3))
    settler.witnessed.feed(witnessed("application", 0))
    settler.steps.feed(declared)
    found: list[dict[str, Any]] = []
    for number in range(500):
        at = 10 + number * 50
        start, end = execution(number, at, at + 30)
        for item in (start, witnessed("jobStart", at, jobId=number, executionId=number, step=step_id(0)),
                     witnessed("jobEnd", at + 1, jobId=number, error=None), end):  # fmt: skip
            settler.witnessed.feed(item)
        if number % 2:
            settler.agent(event("START", at, run_id(number), "q"), 1000)
            settler.agent(event("COMPLETE", at + 30, run_id(number), "q"), 1000)
        found += settler.take()
    assert len(settler._runs) <= 31
    assert len(settler.witnessed.executions) <= 200
    found += settler.finish(Outcome(state="COMPLETE", ended=T0 + 10**6))
    ends = [item for item in found if item["eventType"] == "COMPLETE"]
    assert len(ends) == len({item["run"]["runId"] for item in ends}) == 501
    assert all(item["inputs"] == [{"namespace": "file", "name": "/in", "facets": item["inputs"][0]["facets"]}]
               for item in ends[:-1])  # fmt: skip


def test_more_than_a_relay_carries_is_refused(made: RunFolder) -> None:
    settler = Settler(RunRecord(APP))
    for number in range(50):
        settler.agent(event("START", number, run_id(number)), 1000)
    settler.take()
    check(made, settler._match, settler._runs.values(), Limits(size=51_000))
    for limits in (Limits(size=49_000), Limits(open=49)):
        with pytest.raises(JournalError, match="its lineage is not delivered"):
            check(made, settler._match, settler._runs.values(), limits)


@pytest.fixture
def made(tmp_path: Any) -> RunFolder:
    return RunFolder(tmp_path / APP)


@pytest.mark.parametrize("beside", [2_000, 1 << 20])
@pytest.mark.parametrize("seed", range(4))
def test_a_long_journal_that_is_read_at_its_end_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, beside: int
) -> None:
    """What the agent has said of a query is not taken in yet when the witness is read far beyond it."""
    rounds = list(journal(seed, 300))
    followed, drained = (RunFolder(tmp_path / name / APP) for name in ("followed", "drained"))
    for made in (followed, drained):
        made.path.mkdir(parents=True)
    live = Follower(followed)
    for records in rounds:
        for made in (followed, drained):
            for name, record in records:
                add(getattr(made, name), record)
        live.poll()
    live.finish()
    expected = by_run(read_events(followed))
    assert len(expected) > 250
    for name, value in (("follow._AT_ONCE", 10_000), ("follow._BESIDE", beside)):
        monkeypatch.setattr(f"sparklineage.relay.{name}", value)
    for name in ("follow", "settle"):
        monkeypatch.setattr(f"sparklineage.relay.{name}.SLACK", 200)
    late = Follower(drained, limits=FEW)
    late.finish()
    found = by_run(read_events(drained))
    assert {run: list(map(_told, events)) for run, events in found.items()} == {
        run: list(map(_told, events)) for run, events in expected.items()
    }
    assert late.settler.coverage().reported == live.settler.coverage().reported


def _told(event: dict[str, Any]) -> tuple[Any, ...]:
    return (event["eventType"], *(sorted(item["name"] for item in event[side]) for side in ("inputs", "outputs")))


def test_a_long_journal_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_AT_ONCE", "_BESIDE"):
        monkeypatch.setattr(f"sparklineage.relay.follow.{name}", 3_000)
    made = RunFolder(tmp_path / APP)
    made.path.mkdir()
    for records in journal(1, 50):
        for name, record in records:
            add(getattr(made, name), record)
    shown = by_run(read_events(made))
    Follower(made).finish()
    assert shown == by_run(read_events(made))
    assert len(shown) > 40
