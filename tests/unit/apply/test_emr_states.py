"""How far clusters and steps of EMR are, in the answers that the API's model has."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sparklineage.apply import State, emr_states
from sparklineage.apply.aws import Service

BAD = {"FailureDetails": {"Reason": "Unknown Error.", "Message": "exit 1", "LogFile": "s3://logs/stderr.gz"}}
WHY = "Unknown Error.; exit 1; log: s3://logs/stderr.gz"


class Answers:
    """Says what a test has written down; steps come newest first and two a page, as from EMR."""

    def __init__(self, cluster: Any = None, *steps: Any) -> None:
        self.cluster = {"State": cluster} if isinstance(cluster, str) else cluster
        self.steps = [
            {"Id": f"s-{at}", "Status": {"State": s} if isinstance(s, str) else s} for at, s in enumerate(steps)
        ]

    def ask(self, operation: str, params: dict[str, str], _: object) -> Any:
        if operation == "DescribeCluster":
            return {"Cluster": {"Status": self.cluster}}
        if operation == "DescribeStep":
            return {"Step": next(step for step in self.steps if step["Id"] == params["StepId"])}
        begin = int(params.get("Marker", 0))
        page = self.steps[::-1][begin : begin + 2]
        return {"Steps": page} | ({"Marker": str(begin + 2)} if begin + 2 < len(self.steps) else {})


@pytest.mark.parametrize(
    ("answers", "steps", "expected"),
    [
        (Answers("STARTING"), False, State(text="STARTING")),
        (Answers("WAITING"), False, State(text="WAITING", done=True)),
        (Answers("TERMINATED"), False, State(text="TERMINATED", done=True)),
        (Answers({"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": {"Message": "no subnet"}}), False,
         State(text="TERMINATED_WITH_ERRORS", done=True, failed=True, reason="no subnet")),
        (Answers("RUNNING"), True, State(text="RUNNING")),
        (Answers({"State": "TERMINATED", "StateChangeReason": {"Code": "USER_REQUEST"}}), True,
         State(text="TERMINATED", done=True, failed=True, reason="USER_REQUEST")),
        (Answers("RUNNING", "COMPLETED", "RUNNING", "PENDING"), True,
         State(text="RUNNING: s-0 COMPLETED, s-1 RUNNING, s-2 PENDING")),
        (Answers("TERMINATING", "COMPLETED", "COMPLETED", "COMPLETED"), True,
         State(text="TERMINATING: s-0 COMPLETED, s-1 COMPLETED, s-2 COMPLETED", done=True)),
        (Answers("RUNNING", {"State": "FAILED", **BAD}, "PENDING"), True,
         State(text="RUNNING: s-0 FAILED, s-1 PENDING", reason=WHY)),
        (Answers("WAITING", {"State": "FAILED", **BAD}, "COMPLETED"), True,
         State(text="WAITING: s-0 FAILED, s-1 COMPLETED", done=True, failed=True, reason=WHY)),
        (Answers({"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": {"Message": "no boot"}}, "CANCELLED"),
         True, State(text="TERMINATED_WITH_ERRORS: CANCELLED", done=True, failed=True, reason="no boot")),
    ],
)  # fmt: skip
def test_a_new_cluster(answers: Answers, steps: bool, expected: State) -> None:
    assert emr_states.of_cluster(cast("Service", answers), "j-1", (), steps=steps) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Answers(None, "PENDING"), State(text="PENDING")),
        (Answers(None, "COMPLETED", "COMPLETED"), State(text="s-0 COMPLETED, s-1 COMPLETED", done=True)),
        (Answers(None, {"State": "FAILED", **BAD}), State(text="FAILED", done=True, failed=True, reason=WHY)),
        (Answers(None, "COMPLETED", "CANCELLED"), State(text="s-0 COMPLETED, s-1 CANCELLED", done=True, failed=True)),
    ],
)
def test_steps_of_a_cluster_that_is_there(answers: Answers, expected: State) -> None:
    ids = [str(step["Id"]) for step in answers.steps]
    assert emr_states.of_steps(cast("Service", answers), "j-1", ids, ()) == expected
