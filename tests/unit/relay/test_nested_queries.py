"""Which run gets what is declared where Spark counts one query to another."""

from __future__ import annotations

from typing import Any

import pytest

from sparklineage.model import event as ol
from sparklineage.relay import Outcome, RunRecord, Settler

APP, STEP = "0197f3a0-0000-7000-8000-000000000001", "0197f3a0-0000-7000-8000-00000000000a"
SAVE = "Execute SaveAsV1TableCommand (1)"
CREATE = "Execute CreateDataSourceTableAsSelectCommand (1)"
INSERT = "Execute InsertIntoHadoopFsRelationCommand (3)"


def _agent(kind: str, time: int, run: str, job_type: str = "SQL_JOB") -> ol.Event:
    job = ("n", "app" if run == APP else run)
    return ol.make(
        kind, time=time, run=run, job=job, run_facets={}, job_facets={"jobType": ol.job_type_facet(job_type)}
    )


class Nest:
    """Queries, the first the root of all, in a step that declares the input `rates`, and functions `used_<number>`."""

    def __init__(self) -> None:
        self.settler = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
        self.settler.witnessed.feed({"type": "application", "time": 1})
        self.settler.agent(_agent("START", 1, APP, "APPLICATION"))
        self._step("stepStart", 2, name="load", inputs=[{"namespace": "s3://b", "name": "rates"}])
        self.events: list[ol.Event] = []

    def query(self, number: int, start: int, end: int, command: str, **more: Any) -> None:
        """Begin one that will have ended then; with `reported=False` the agent does not tell of it."""
        reported = more.pop("reported", True)
        name = f"used_{number}"
        sides = {"inputs": [{"namespace": "s3://b", "name": name}], "outputs": []}
        self.settler.steps.feed({"type": "function", "kind": "function", "name": name, "time": 3, **sides})
        begin = {"executionId": number, "rootExecutionId": 0, "command": command, "functions": [name], **more}
        self.records = [*getattr(self, "records", []), (start, "START", number, begin, reported)]
        self.records.append((end, "COMPLETE", number, {"executionId": number, "functions": [name]}, reported))

    def told(self) -> dict[str, set[str]]:
        """The inputs of each run, when all has happened as it came."""
        for time, kind, number, record, _reported in sorted(self.records, key=lambda item: item[0]):
            name = "executionStart" if kind == "START" else "executionEnd"
            self.settler.witnessed.feed({"type": name, "time": time, **record})
            if number == max(item[2] for item in self.records) and kind == "START":
                # Threads that share their properties run all jobs as those of the last query that has begun.
                self.settler.witnessed.feed(
                    {"type": "jobStart", "time": time, "jobId": 0, "executionId": number, "step": STEP}
                )
        self._step("stepEnd", 90, error=None)
        for time, kind, number, _record, reported in sorted(self.records, key=lambda item: item[0]):
            if reported:
                self.settler.agent(_agent(kind, time, f"run-{number}"))
        events = [*self.settler.take(), *self.settler.finish(Outcome(state="COMPLETE", ended=100))]
        found: dict[str, set[str]] = {}
        for event in events:
            found.setdefault(event["job"]["name"], set()).update(item["name"] for item in event["inputs"])
        del found["app"]
        return found

    def _step(self, kind: str, time: int, **more: Any) -> None:
        self.settler.steps.feed({"type": kind, "step": STEP, "time": time, **more})


@pytest.mark.parametrize("reported", [True, False])
def test_what_is_declared_of_a_table_is_on_the_run_that_has_it(reported: bool) -> None:
    nest = Nest()
    nest.query(0, 10, 50, SAVE)
    nest.query(1, 12, 49, CREATE, reported=reported)
    nest.query(2, 20, 40, INSERT, reported=False)
    everything = {"rates", "used_0", "used_1", "used_2"}
    assert nest.told() == ({"run-0": set(), "run-1": everything} if reported else {"run-0": everything})


def test_what_is_declared_of_a_table_is_not_on_the_write_below() -> None:
    nest = Nest()
    nest.query(0, 10, 50, SAVE)
    nest.query(1, 12, 49, CREATE)
    nest.query(2, 20, 40, INSERT)
    assert nest.told() == {"run-0": set(), "run-1": {"rates", "used_0", "used_1", "used_2"}, "run-2": set()}


@pytest.mark.parametrize("reported", [True, False])
def test_what_is_declared_of_a_merge_in_a_batch_is_on_the_merge(reported: bool) -> None:
    batch = f"\nid = {STEP}\nrunId = {STEP}\nbatch = 0"
    nest = Nest()
    nest.query(0, 10, 80, "Project (2)", description=batch)
    nest.query(1, 12, 20, INSERT, description=batch)
    nest.query(2, 22, 70, "Execute MergeIntoCommand (1)", description=batch)
    nest.query(
        3, 24, 30, "Project (3)", description="$anonfun$recordDeltaOperationInternal$1 at X:1", reported=reported
    )
    nest.query(4, 32, 60, "Project (9)", description=f"{batch} - MERGE operation - writing", reported=False)
    found = {"run-0": set(), "run-1": {"rates", "used_0", "used_1"}}
    found |= {"run-2": {"rates", "used_0", "used_2", "used_3", "used_4"}}
    assert nest.told() == found | ({"run-3": set()} if reported else {})


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [(INSERT, INSERT, 40), (INSERT, INSERT, 60), (INSERT, CREATE, 60), ("Scan (1)", INSERT, 40)],
)
def test_writes_of_threads_that_share_their_properties_are_queries_of_their_own(
    first: str, second: str, end: int
) -> None:
    nest = Nest()
    nest.query(0, 10, 50, first)
    nest.query(1, 12, end, second)
    assert nest.told() == {"run-0": {"rates", "used_0"}, "run-1": {"rates", "used_1"}}


@pytest.mark.parametrize("outer", ["Execute SaveIntoDataSourceCommand (1)", "AtomicCreateTableAsSelect (1)", CREATE])
def test_a_write_below_a_write_is_part_of_it(outer: str) -> None:
    nest = Nest()
    nest.query(0, 10, 50, outer)
    nest.query(1, 12, 50, INSERT)
    assert nest.told() == {"run-0": {"rates", "used_0", "used_1"}, "run-1": set()}
