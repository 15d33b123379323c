"""What the relay makes of functions that are called outside of any step."""

from __future__ import annotations

from typing import Any

from sparklineage.relay import Outcome, RunRecord, Settler
from sparklineage.relay.snapshot import of_steps, to_steps

RATES = {"namespace": "https://rates.example.com", "name": "/v1"}
MAIL = {"namespace": "acme://mail", "name": "sent"}


def call(settler: Settler, number: int, **more: Any) -> None:
    """A step of the function's own, without any query."""
    step = f"0197f3a0-0000-7000-8000-{number:012x}"
    start = {"name": "rate", "inputs": [RATES], "outputs": [], "function": True, **more}
    settler.steps.feed({"type": "stepStart", "step": step, "time": number, **start})
    settler.steps.feed({"type": "stepEnd", "step": step, "time": number + 1, "error": more.get("error")})


def made() -> Settler:
    settler = Settler(RunRecord(run_id="0197f3a0-0000-7000-8000-0000000fffff", namespace="n", job="app"))
    settler.witnessed.feed({"type": "application", "time": 1})
    return settler


def test_equal_calls_have_one_run_and_those_that_differ_their_own() -> None:
    settler = made()
    events = []
    for number in range(10, 310):
        call(settler, number)
        events += settler.take()
    call(settler, 310, outputs=[MAIL])
    for number in (311, 312):
        call(settler, number, error={"type": "ValueError", "message": f"no {number}"})
    call(settler, 313, name="other")
    call(settler, 314, name="step", function=False)
    call(settler, 315, name="step", function=False)
    events += settler.take()
    events += settler.finish(Outcome(state="COMPLETE", ended=400))
    told = [(event["job"]["name"], event["eventType"]) for event in events if event["job"]["name"] != "app"]
    good = ["START", "COMPLETE"]
    expected = [("app.rate", kind) for kind in [*good, *good, "START", "FAIL"]]
    expected += [(f"app.{name}", kind) for name in ("other", "step", "step") for kind in good]
    assert told == expected
    # A call is no query that did not come to pass.
    assert [item["step"] for item in settler.coverage().unexecuted] == ["step", "step"]


def test_a_relay_that_goes_on_knows_the_calls_before() -> None:
    before, after = made(), made()
    call(before, 10)
    before.take()
    to_steps(of_steps(before.steps), after.steps)
    call(after, 11)
    assert after.take() == []
