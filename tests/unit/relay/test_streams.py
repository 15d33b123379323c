"""What the relay makes of a streaming query: one run, and the runs of its first batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparklineage.model import event as ol
from sparklineage.relay import Outcome, RunRecord, Settler
from sparklineage.relay.past import Limits

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


def _declared(name: str, **facets: Any) -> dict[str, Any]:
    return {"namespace": "https://rates.example.com", "name": name, "facets": facets}


class Stream:
    """A query of which each batch reads a file of a folder, and has one query inside that writes what it has read."""

    def __init__(self, *, gap: int = 2) -> None:
        self.gap = gap
        """Milliseconds from the start of a batch to that of the query inside of it."""
        self.settler = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
        self.events: list[ol.Event] = []
        self.settler.witnessed.feed({"type": "application", "time": 1})
        self.settler.agent(_event("START", 1, APP, "APPLICATION"))

    def batch(
        self,
        number: int,
        *,
        has_inner: bool = True,
        is_late: bool = False,
        command: str = INSERT,
        step: str = STEP,
        is_reported: bool = True,
        told: tuple[str, ...] = ("START", "COMPLETE"),
        **plan: Any,
    ) -> None:
        """One batch, with a query inside of it that does this, and which to the agent writes into the folder OUT.

        A relay that is late reads of the stream before it takes in what the agent says. The query belongs to this step,
        and its plan is this to the witness. The agent has `told` so much of the query inside.
        """
        start, root, inner = 100 * number, 2 * number, 2 * number + 1
        text = f"ships\nid = {QUERY}\nrunId = {STEP}\nbatch = {number}"
        whole, write = f"batch-{number}", f"write-{number}"
        file = {"namespace": "file", "name": f"/in/{number}.json"}
        self._spark("executionStart", start, executionId=root, rootExecutionId=root, description=text)
        if number == 1 and is_late:
            self._begin(start + 1)
        if is_reported:
            self._agent("START", start, whole, inputs=[file])
        if number == 1 and not is_late:
            self._take()
            self._begin(start + 1)
        self._take()  # each round tells what is known by then
        if has_inner:
            begin = {"executionId": inner, "rootExecutionId": root, "description": text, "command": command}
            self._spark("executionStart", start + self.gap, **begin)
            self._spark("jobStart", start + 10, jobId=number, executionId=inner, step=step)
            self._spark("jobEnd", start + 20, jobId=number)
            self._spark("executionEnd", start + 30, executionId=inner, **plan)
            for kind in told if is_reported else ():
                time = start + (self.gap if kind == "START" else 30)
                self._agent(kind, time, write, inputs=[FOLDER], outputs=[OUT])
        self._spark("executionEnd", start + 40, executionId=root)
        if is_reported:
            self._agent("COMPLETE", start + 40, whole, inputs=[file])
        self._take()

    def _begin(self, time: int) -> None:
        begin = {"type": "stepStart", "step": STEP, "time": time, "name": "harbour", "stream": QUERY}
        self.settler.steps.feed({**begin, "inputs": [REGISTER], "outputs": []})

    def tell(self, kind: str, time: int, step: str = STEP, **more: Any) -> None:
        """What the job itself has to say."""
        self.settler.steps.feed({"type": kind, "step": step, "time": time, **more})

    def block(self, number: int, *, ends: bool = True, error: dict[str, str] | None = None) -> str:
        """A step in this batch, with a dataset of its own on either side. Returns its id."""
        step = f"nested-{number}"
        sides = {"inputs": [_declared(f"in-{number}")], "outputs": [_declared(f"out-{number}")]}
        self.tell("stepStart", 100 * number + 1, step, name="nested", parentStep=STEP, **sides)
        if ends:
            self.tell("stepEnd", 100 * number + 35, step, error=error)
        return step

    def other(self, time: int) -> None:
        """Something else happens, after which all is told that was over before."""
        self._spark("jobStart", time, jobId=99)
        self._take()
        self._take()

    def restart(self) -> None:
        """The relay goes on from what the one before it knew."""
        again = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
        again.restore(json.loads(json.dumps(self.settler.state())))
        self.settler = again

    def count(self, name: str) -> int:
        """How often events of the stream's run name a dataset."""
        told = [event for event in self.events if event["job"]["name"] == "app.harbour"]
        return sum(item["name"] == name for event in told for side in ("inputs", "outputs") for item in event[side])

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


def test_of_a_query_that_the_agent_tells_by_its_end_alone_a_batch_is_known_too() -> None:
    """As the one by which a MERGE of Delta reads the rows of a batch."""
    stream = Stream()
    for number in (1, 2, 3):
        stream.batch(number, command="Scan ExistingRDD (1)", told=("COMPLETE",))
    stream.end(400)
    assert stream.runs() == {"batch-1", "write-1", "app.harbour"}
    assert stream.names("app.harbour") == ({"/in", "/register"}, set())


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
    stream.restart()
    stream.batch(3, has_inner=False)
    stream.end(400)
    assert stream.names("app.harbour")[0] == {"/in", "/register"}


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_is_declared_inside_of_batches_is_on_the_streams_run_once(is_restarted: bool) -> None:
    stream = Stream()
    function = {"type": "function", "kind": "function", "name": "rate", "time": 1, "inputs": [_declared("rates")]}
    stream.settler.steps.feed(function)
    stream.tell("stepTagged", 1, "mark", name="tag", inputs=[_declared("tagged")], outputs=[])
    # The step opens with the stream's first batch, and what is inside of it is told after that.
    stream.batch(1, functions=["rate"])
    for number in (2, 3, 4):
        stream.batch(number, step=stream.block(number), functions=["rate"], tags=["mark"])
        if number == 2:
            stream.tell("stepProgress", 250)
        if is_restarted:
            stream.restart()
    stream.end(500)
    assert stream.runs() == {"batch-1", "write-1", "app.harbour"}
    told = {*(f"{side}-{number}" for side in ("in", "out") for number in (2, 3, 4)), "rates", "tagged"}
    assert {name: stream.count(name) for name in told} == dict.fromkeys(told, 1)
    assert stream.names("write-1")[0] == {"/in", "/register", "rates"}
    states = [event["eventType"] for event in stream.events if event["job"]["name"] == "app.harbour"]
    assert states == ["START", "RUNNING", "COMPLETE"]
    assert stream.settler.coverage().unexecuted == ()


def test_what_is_declared_anew_with_other_words_is_told_again() -> None:
    stream = Stream()
    stream.batch(1)
    for number, rows in ((2, 5), (3, 5), (4, 7)):
        step = stream.block(number)
        stream.tell("stepStart", 100 * number + 2, f"{step}b", name="b", parentStep=step)
        stream.tell("stepDatasets", 100 * number + 3, f"{step}b", inputs=[_declared("ships", rows={"n": rows})])
        stream.tell("stepEnd", 100 * number + 4, f"{step}b", error=None)
        stream.batch(number, step=step)
        stream.tell("stepProgress", 100 * number + 50)
    stream.end(500)
    told = [item for event in stream.events for item in event["inputs"] if item["name"] == "ships"]
    assert [item["facets"]["rows"] for item in told] == [{"n": 5}, {"n": 7}]


def test_a_block_of_a_batch_that_fails_has_its_own_run_beside() -> None:
    stream = Stream()
    stream.batch(1)
    stream.batch(2, step=stream.block(2, error={"type": "ValueError", "message": "no mast"}))
    stream.end(300)
    states = [event["eventType"] for event in stream.events if event["job"]["name"] == "app.nested"]
    assert states == ["START", "FAIL"]
    assert (stream.count("in-2"), stream.count("out-2")) == (1, 1)


def test_a_block_that_the_end_cuts_off_inside_of_a_batch_is_told() -> None:
    stream = Stream()
    stream.batch(1)
    stream.batch(2, step=stream.block(2, ends=False))
    stream.events += stream.settler.finish(Outcome(state="FAIL", ended=300))
    assert (stream.count("in-2"), stream.count("out-2")) == (1, 1)


def test_a_block_that_outlives_its_stream_has_a_run_of_its_own() -> None:
    stream = Stream()
    stream.batch(1)
    step = stream.block(2, ends=False)
    stream.tell("stepEnd", 240, error=None)
    stream.other(300)
    stream.tell("stepEnd", 350, step, error=None)
    stream.events += stream.settler.finish(Outcome(state="COMPLETE", ended=400))
    assert stream.count("in-2") == 0
    assert stream.names("app.nested") == ({"in-2"}, {"out-2"})


def test_batches_that_the_agent_leaves_out_are_no_flood() -> None:
    stream = Stream()
    stream.batch(1, is_reported=False)
    for number in (2, 3):
        stream.batch(number, step=stream.block(number), is_reported=False)
    stream.end(400)
    assert stream.runs() == {"app.harbour"}
    assert [stream.count(f"in-{number}") for number in (2, 3)] == [1, 1]


def test_what_is_declared_inside_of_many_batches_stays_no_longer_than_it_is_needed() -> None:
    stream = Stream()
    stream.settler.limits = Limits(recent=20, open=1_000)
    stream.batch(1)
    for number in range(2, 1_500):
        stream.batch(number, step=stream.block(number))
        if number % 100 == 0:
            stream.tell("stepProgress", 100 * number + 50)
    assert len(stream.settler.steps.by_id) < 100
    assert len(json.dumps(stream.settler.state())) < 200_000
    stream.end(200_000)
    assert {stream.count(f"in-{number}") for number in range(2, 1_500)} == {1}
