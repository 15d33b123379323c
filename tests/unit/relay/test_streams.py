"""What the relay makes of a streaming query: one run, and the runs of its first batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparklineage.model import event as ol
from sparklineage.relay import Outcome, RunRecord, Settler

APP, QUERY, STEP = (f"0197f3a0-0000-7000-8000-0000000000{number}" for number in ("01", "0a", "0b"))
OUT = {"namespace": "file", "name": "/out"}
REGISTER = {"namespace": "https://ships.example.com", "name": "/register"}
INSERT = "Execute InsertIntoHadoopFsRelationCommand (3)"
FOLDER = {"namespace": "file", "name": "/in"}


def _event(kind: str, time: int, run: str, job_type: str = "SQL_JOB", **sides: Any) -> ol.Event:
    job = ("n", "app" if run == APP else run)
    event = ol.make(
        kind, time=time, run=run, job=job, run_facets={}, job_facets={"jobType": ol.job_type_facet(job_type)}
    )
    return {**event, **sides}


class Stream:
    """A query of which each batch reads a file of a folder, and has one query inside that writes what it has read."""

    def __init__(self, *, gap: int = 2) -> None:
        self.gap = gap
        """Milliseconds from the start of a batch to that of the query inside of it."""
        self.settler = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
        self.events: list[ol.Event] = []
        self.settler.witnessed.feed({"type": "application", "time": 1})
        self.settler.agent(_event("START", 1, APP, "APPLICATION"))

    def batch(self, number: int, *, has_inner: bool = True, is_late: bool = False, command: str = INSERT) -> None:
        """One batch, with a query inside of it that does this, and which to the agent writes into the folder OUT.

        A relay that is late reads of the stream before it takes in what the agent says.
        """
        start, root, inner = 100 * number, 2 * number, 2 * number + 1
        text = f"ships\nid = {QUERY}\nrunId = {STEP}\nbatch = {number}"
        whole, write = f"batch-{number}", f"write-{number}"
        file = {"namespace": "file", "name": f"/in/{number}.json"}
        self._spark("executionStart", start, executionId=root, rootExecutionId=root, description=text)
        if number == 1 and is_late:
            self._begin(start + 1)
        self._agent("START", start, whole, inputs=[file])
        if number == 1 and not is_late:
            self._take()
            self._begin(start + 1)
        self._take()  # each round tells what is known by then
        if has_inner:
            begin = {"executionId": inner, "rootExecutionId": root, "description": text, "command": command}
            self._spark("executionStart", start + self.gap, **begin)
            self._spark("jobStart", start + 10, jobId=number, executionId=inner, step=STEP)
            self._spark("jobEnd", start + 20, jobId=number)
            self._spark("executionEnd", start + 30, executionId=inner)
            for kind, time in (("START", start + self.gap), ("COMPLETE", start + 30)):
                self._agent(kind, time, write, inputs=[FOLDER], outputs=[OUT])
        self._spark("executionEnd", start + 40, executionId=root)
        self._agent("COMPLETE", start + 40, whole, inputs=[file])
        self._take()

    def _begin(self, time: int) -> None:
        begin = {"type": "stepStart", "step": STEP, "time": time, "name": "harbour", "stream": QUERY}
        self.settler.steps.feed({**begin, "inputs": [REGISTER], "outputs": []})

    def end(self, time: int) -> None:
        self.settler.steps.feed({"type": "stepEnd", "step": STEP, "time": time, "error": None})
        self._take()
        self.events += self.settler.finish(Outcome(state="COMPLETE", ended=time + 100))

    def runs(self) -> set[str]:
        return {event["job"]["name"] for event in self.events} - {"app"}

    def names(self, job: str) -> tuple[set[str], set[str]]:
        inputs, outputs = (
            {item["name"] for event in self.events if event["job"]["name"] == job for item in event[side]}
            for side in ("inputs", "outputs")
        )
        return inputs, outputs

    def _spark(self, kind: str, time: int, **more: Any) -> None:
        self.settler.witnessed.feed({"type": kind, "time": time, **more})

    def _agent(self, *told: Any, **sides: Any) -> None:
        self.settler.agent(_event(*told, **sides))

    def _take(self) -> None:
        self.events += self.settler.take()


@pytest.mark.parametrize("gap", [2, 0])
def test_of_many_batches_the_first_has_runs_and_the_others_are_told_by_the_stream(gap: int) -> None:
    stream = Stream(gap=gap)
    for number in (1, 2, 3):
        stream.batch(number)
    stream.end(400)
    assert stream.runs() == {"batch-1", "write-1", "app.harbour"}
    # What is declared is on the query that writes, and not on the batch around it.
    assert stream.names("write-1") == ({"/in", "/register"}, {"/out"})
    assert stream.names("batch-1") == ({"/in/1.json"}, set())
    states = [event["eventType"] for event in stream.events if event["job"]["name"] == "app.harbour"]
    assert states == ["START", "COMPLETE"]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_stream_of_one_batch_is_tied_to_what_the_batch_reads_and_writes(is_late: bool) -> None:
    stream = Stream()
    stream.batch(1, is_late=is_late)
    stream.end(200)
    assert stream.names("app.harbour") == ({"/in", "/register"}, {"/out"})


@pytest.mark.parametrize("gap", [2, 0])
@pytest.mark.parametrize("command", ["Scan ExistingRDD (1)", "CollectLimit (2)", "Execute CreateViewCommand (1)", ""])
def test_what_only_reads_a_batch_is_no_output_of_the_stream(gap: int, command: str) -> None:
    stream = Stream(gap=gap)
    for number in (1, 2):
        stream.batch(number, command=command)
    stream.end(300)
    assert stream.names("app.harbour") == ({"/in", "/register"}, set())
    assert stream.names("write-1")[1] == {"/out"}  # the agent's own word stays


@pytest.mark.parametrize(
    "command",
    [
        "Execute MergeIntoCommand (1)", "Execute SaveAsV1TableCommand (1)", "AppendData noop-table (2)",
        "AtomicReplaceTableAsSelect (1)", "ReplaceData (2)", "DeleteFromTable (1)", "WriteDelta (4)",
    ],
)  # fmt: skip
def test_what_changes_data_is_an_output_of_the_stream(command: str) -> None:
    stream = Stream()
    stream.batch(1, command=command)
    stream.end(200)
    assert stream.names("app.harbour") == ({"/in", "/register"}, {"/out"})


def test_files_are_named_where_nothing_tells_their_folder() -> None:
    stream = Stream()
    for number in (1, 2):
        stream.batch(number, has_inner=False)
    stream.end(300)
    assert stream.names("app.harbour") == ({"/in/1.json", "/in/2.json", "/register"}, set())


def test_a_folder_stays_known_when_it_has_been_told() -> None:
    stream = Stream()
    stream.batch(1)
    stream.settler.steps.feed({"type": "stepProgress", "step": STEP, "time": 150})
    stream.batch(2, has_inner=False)
    again = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
    again.restore(json.loads(json.dumps(stream.settler.state())))
    stream.settler = again
    stream.batch(3, has_inner=False)
    stream.end(400)
    assert stream.names("app.harbour")[0] == {"/in", "/register"}
