"""Applications on a real YARN, traced by what is installed on the node alone: every end is told as it was.

spark-submit, YARN and the agent disagree about it: of a client whose Python exits with 3, YARN says SUCCEEDED and the
agent COMPLETE; of a killed one, spark-submit exits with 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sparklineage.model import event as ol
from tests.real.submission import state
from tests.real.yarn.cases import CASES, Result
from tests.real.yarn.conftest import Matrix

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1500)]


@dataclass(frozen=True, kw_only=True)
class End:
    """What each side says of the end of a case."""

    status: int
    """spark-submit."""
    yarn: str
    """YARN's final status."""
    states: tuple[str, ...]
    """The truth about each attempt."""
    message: str | None = None
    """Part of the message of each that is not COMPLETE."""


ENDS = {
    "client-stops": End(status=0, yarn="SUCCEEDED", states=("COMPLETE",)),
    "client-leaves": End(status=0, yarn="SUCCEEDED", states=("COMPLETE",)),
    "client-exits": End(status=3, yarn="SUCCEEDED", states=("FAIL",), message="exited with status 3"),
    "client-raises": End(status=1, yarn="SUCCEEDED", states=("FAIL",), message="exited with status 1"),
    # Python goes on without its context, and ends in peace.
    "client-yarn": End(status=0, yarn="KILLED", states=("ABORT",), message="YARN ended the application"),
    "client-kill": End(status=-9, yarn="SUCCEEDED", states=("ABORT",), message="The driver is gone"),
    "cluster-leaves": End(status=0, yarn="SUCCEEDED", states=("COMPLETE",)),
    "cluster-exits": End(status=1, yarn="FAILED", states=("FAIL",), message="exited with status 3"),
    "cluster-raises": End(status=1, yarn="FAILED", states=("FAIL",), message="exited with status 1"),
    "cluster-yarn": End(status=1, yarn="KILLED", states=("ABORT",), message="SIGTERM"),
    "cluster-kill": End(status=1, yarn="FAILED", states=("ABORT",), message="The driver is gone"),
    "cluster-exits-first-2-attempts": End(
        status=0, yarn="SUCCEEDED", states=("FAIL", "COMPLETE"), message="exited with status 3"
    ),
    "cluster-exits-unwatched": End(status=0, yarn="FAILED", states=("FAIL",), message="exited with status 3"),
}


# Each case on the Spark on which it is run.
each_case = pytest.mark.parametrize(
    ("matrix", "result"),
    [(spark, case.name) for spark, version in (("spark42", "4.2"), ("spark35", "3.5")) for case in CASES[version]],
    indirect=True,
)


@each_case
def test_the_end_is_the_true_one(matrix: Matrix, result: Result) -> None:
    expected = ENDS[result.case.name]
    assert (result.status, result.application["finalStatus"]) == (expected.status, expected.yarn)
    told = [matrix.of(run) for run in result.runs]
    assert tuple(state(events) for events in told) == expected.states, _messages(told)
    for events in told:
        kinds = [event["eventType"] for event in events]
        assert kinds[0] == "START"
        assert sum(kind in ol.TERMINAL for kind in kinds) == 1
        if state(events) != "COMPLETE":
            assert expected.message is not None
            assert expected.message in _message(events)


@each_case
def test_its_query_arrives_once_and_ends(matrix: Matrix, result: Result) -> None:
    for number, run in enumerate(result.runs, start=1):
        (query,) = matrix.queries(run)
        kinds = [event["eventType"] for event in query]
        assert kinds[0] == "START"
        assert kinds[-1] == "COMPLETE"
        assert sum(kind in ol.TERMINAL for kind in kinds) == 1
        (output,) = query[-1]["outputs"]
        assert output["name"] == f"{matrix.node.folder}/{result.case.name}/out{number}"


@each_case
def test_its_runs_have_one_name(matrix: Matrix, result: Result) -> None:
    expected = result.case.name.replace("-", "_")
    for run in result.runs:
        assert {event["job"]["name"] for event in matrix.of(run)} == {expected}
        for query in matrix.queries(run):
            assert {_parent(event)["job"]["name"] for event in query} == {expected}


@each_case
def test_attempts_are_told_apart(matrix: Matrix, result: Result) -> None:
    assert len({run.run_id for run in result.runs}) == len(result.runs) == len(ENDS[result.case.name].states)
    for number, run in enumerate(result.runs, start=1):
        for event in [*matrix.of(run), *(event for query in matrix.queries(run) for event in query)]:
            facet = ol.run_facets(event)["sparklineage_cluster"]
            assert facet["applicationId"] == result.application["id"]
            # In client mode the driver is in no container, and there is one attempt alone.
            assert facet.get("attempt") == (number if result.case.mode == "cluster" else None)


def test_nothing_else_arrives_and_nothing_is_refused(matrix: Matrix) -> None:
    runs = [run for result in matrix.results.values() for run in result.runs]
    assert {run.run_id for run in matrix.node.runs()} == {run.run_id for run in runs}
    expected = sum(len(matrix.of(run)) + sum(map(len, matrix.queries(run))) for run in runs)
    assert len(matrix.events) == expected
    identities = {(ol.run_id(one), one["eventType"], one["eventTime"]) for one in matrix.events}
    assert len(identities) == expected
    assert "refused" not in matrix.node.said


def _parent(event: dict[str, Any]) -> Any:
    return ol.run_facets(event)["parent"]


def _message(events: list[dict[str, Any]]) -> str:
    return str((ol.run_facets(events[-1]).get("errorMessage") or {}).get("message"))


def _messages(told: list[list[dict[str, Any]]]) -> list[str]:
    return [_message(events) for events in told]
