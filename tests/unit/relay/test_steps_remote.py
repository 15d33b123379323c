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
