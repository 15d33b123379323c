"""Steps of a client of Spark Connect: no agent and no witness tells of its queries, so nothing waits for them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler
from tests.support import journal

RATES = {"namespace": "https://rates", "name": "/v1"}


def _settler(*, started: int | None = journal.T0) -> Settler:
    return Settler(RunRecord(run_id=journal.APP, namespace="ns", job="app", started=started))


def _step(settler: Settler, number: str, *kinds: str, **more: Any) -> None:
    for at, kind in enumerate(kinds):
        record = {"type": kind, "time": journal.T0 + 10 + at, "step": number}
        if kind == "stepStart":
            record |= {"name": number, "parentStep": None, "inherits": True, "inputs": [RATES], "outputs": [], **more}
        settler.steps.feed(record | ({"error": None} if kind == "stepEnd" else {}))


def _told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["job"]["name"], event["eventType"]) for event in events]


@pytest.mark.parametrize("handed_over", [False, True])
def test_a_step_is_told_when_it_is_over_and_below_a_start(handed_over: bool) -> None:
    settler = _settler()
    _step(settler, "load", "stepStart", remote=True)
    events = settler.take()
    assert _told(events) == [("app", "START")]
    if handed_over:
        state = json.loads(json.dumps(settler.state()))
        settler = _settler()
        settler.restore(state)
    _step(settler, "load", "stepEnd")
    events = settler.take()
    assert _told(events) == [("app.load", "START"), ("app.load", "COMPLETE")]
    assert [item["name"] for item in events[-1]["inputs"]] == ["/v1"]
    assert _told(settler.finish(Outcome(state="COMPLETE", ended=journal.T0 + 99))) == [("app", "COMPLETE")]
    # Of its queries nobody knows whether there were any.
    assert settler.coverage().unexecuted == ()


SENT = {"namespace": "acme://mail", "name": "sent"}


@pytest.mark.parametrize("inherits", [True, False])
@pytest.mark.parametrize("ends", [True, False])
def test_an_inner_step_has_what_the_one_around_it_declares(inherits: bool, ends: bool) -> None:
    settler = _settler()
    _step(settler, "outer", "stepStart", remote=True)
    inner = {"parentStep": "outer", "inherits": inherits, "inputs": [], "outputs": [SENT]}
    _step(settler, "inner", "stepStart", "stepEnd", remote=True, **inner)
    events = settler.take()
    assert ("app.inner" in {name for name, _ in _told(events)}) is not inherits  # it waits for what may still come
    late = {"namespace": "https://rates", "name": "/late"}
    settler.steps.feed({"type": "stepDatasets", "time": journal.T0 + 15, "step": "outer", "inputs": [late]})
    if ends:
        _step(settler, "outer", "stepEnd")
        events += settler.take()
    events += settler.finish(Outcome(state="COMPLETE", ended=journal.T0 + 99))
    found = {
        event["job"]["name"]: ([item["name"] for item in event["inputs"]], [item["name"] for item in event["outputs"]])
        for event in events
        if event["eventType"] != "START" and event["job"]["name"] != "app"
    }
    if inherits:
        assert found == {"app.inner": (["/v1", "/late"], ["sent"])}
    else:
        assert found == {"app.inner": ([], ["sent"]), "app.outer": (["/v1", "/late"], [])}


@pytest.mark.parametrize("declares", [True, False])
def test_a_step_that_fails_around_another_says_so_and_nothing_is_lost(declares: bool) -> None:
    settler = _settler()
    _step(settler, "outer", "stepStart", remote=True)
    inner = {"parentStep": "outer", "inputs": [], "outputs": [SENT] if declares else []}
    _step(settler, "inner", "stepStart", "stepEnd", remote=True, **inner)
    settler.steps.feed({"type": "stepEnd", "time": journal.T0 + 20, "step": "outer", "error": {"type": "ValueError"}})
    events = settler.take()
    assert ("app.outer", "FAIL") in _told(events)
    named = {"app.inner"} if declares else {"app.outer"}
    assert {event["job"]["name"] for event in events for item in event["inputs"] if item["name"] == "/v1"} == named


def test_a_stream_is_told_as_it_goes() -> None:
    settler = _settler(started=None)
    _step(settler, "harbour", "stepStart", remote=True, stream="01900000-0000-4000-8000-0000000000aa")
    events = settler.take()
    assert _told(events) == [("app", "START"), ("app.harbour", "START")]
    assert events[0]["eventTime"] == events[1]["eventTime"]
    _step(settler, "harbour", "stepProgress")
    assert _told(settler.take()) == [("app.harbour", "RUNNING")]
    _step(settler, "harbour", "stepEnd")
    assert _told(settler.take()) == [("app.harbour", "COMPLETE")]


def test_where_there_may_be_a_witness_a_step_still_waits_for_it() -> None:
    settler = _settler()
    _step(settler, "load", "stepStart", "stepEnd")
    assert settler.take() == []
    told = _told(settler.finish(Outcome(state="COMPLETE", ended=journal.T0 + 99)))
    assert told == [("app", "START"), ("app.load", "START"), ("app.load", "COMPLETE"), ("app", "COMPLETE")]
