"""How a run of the agent's ended, as far as anything knows, and the one terminal event that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sparklineage.model import event as ol
from sparklineage.model.clock import to_iso
from sparklineage.relay.made import failed, verdict

if TYPE_CHECKING:
    from sparklineage.relay.match import AgentRun
    from sparklineage.relay.record import Outcome
    from sparklineage.relay.witnessed import Execution, Job


class End(NamedTuple):
    """Of a run."""

    state: str
    time: int
    """Milliseconds."""
    error: str | None = None
    trace: str | None = None


def end_of(run: AgentRun, truth: Execution | Job | None, outcome: Outcome | None) -> End | None:
    """The run's end, where `truth` is what Spark knows of it and `outcome` the application's end.

    None where nothing tells one.
    """
    if truth is not None and truth.end is not None:
        state, error, trace = verdict(truth, outcome)
        return End(state, truth.end, error, trace)
    if run.said:
        # Without the witness: the first job's FAIL is true, the COMPLETE behind it is not.
        return End(next((kind for kind in ("FAIL", "ABORT") if kind in run.said), "COMPLETE"), run.last)
    if outcome is None:
        return None
    if truth is not None and outcome.state == "COMPLETE":
        return End("ABORT", outcome.ended, "The application ended before this query did.")
    return End(outcome.state, outcome.ended, outcome.message)


def terminal_of(run: AgentRun, end: End) -> ol.Event:
    """The agent's last word on the run with the true state, or one in its place."""
    run.opened()
    base = run.terminal[-1] if run.said else {**run.first, "eventTime": to_iso(max(end.time, run.last))}
    return {**base, "eventType": end.state}


def with_rest(event: ol.Event, run: AgentRun, end: End) -> ol.Event:
    """The terminal event with the datasets of the other ends that the agent told, and with the error."""
    for other in run.terminal[:-1]:
        for side in ("inputs", "outputs"):
            event = ol.with_datasets(event, side, ol.datasets(other, side))
    if end.state == "FAIL" or (end.state == "ABORT" and end.error):
        present = ol.run_facets(event).get("errorMessage")
        said = present.get("message") if isinstance(present, dict) else None
        event = failed(event, end.error or said or "The query failed; Spark gave no message.", end.trace)
    return event
