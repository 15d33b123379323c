"""What the relay makes of nested steps, functions in plans, tags and facets."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any

import pytest

from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.model.facet_join import joined_facets
from sparklineage.relay import Outcome, RunRecord, Settler

APP, RUN = "0197f3a0-0000-7000-8000-000000000001", "0197f3a0-0000-7000-8000-000000000002"
OUTER, INNER = "0197f3a0-0000-7000-8000-00000000000a", "0197f3a0-0000-7000-8000-00000000000b"
RATES = {"namespace": "https://rates.example.com", "name": "/v1"}
MAIL = {"namespace": "acme://mail", "name": "sent"}
FILE = {"namespace": "file", "name": "/in", "facets": {"schema": {"fields": []}}}
SHOWN = [("functions", "function"), *((key, "source") for key in ("sources", "sourcesRead", "sourcesWritten"))]
"""Where the witness has names of plans, and what they are of."""


def agent(kind: str, time: int, run: str = RUN, **sides: Any) -> ol.Event:
    job_type = "APPLICATION" if run == APP else "SQL_JOB"
    event = ol.make(
        kind, time=time, run=run, job=("n", "app"), run_facets={}, job_facets={"jobType": ol.job_type_facet(job_type)}
    )
    return {**event, **sides}


class Story:
    """One application with one query, told record by record."""

    def __init__(self) -> None:
        self.settler = Settler(RunRecord(run_id=APP, namespace="n", job="app"))
        self.events: list[ol.Event] = []
        self.witness(type="application", time=1)
        self.settler.agent(agent("START", 1, APP))

    def witness(self, **record: Any) -> None:
        self.settler.witnessed.feed(record)

    def steps(self, **record: Any) -> None:
        self.settler.steps.feed(record)

    def open(self, step: str, time: int, **more: Any) -> None:
        self.steps(type="stepStart", step=step, time=time, name=step[-1], **more)

    def query(self, *, step: str | None = None, start: dict[str, Any] | None = None, **end: Any) -> None:
        """A query from 10 to 20, with a Spark job in it."""
        self.witness(type="executionStart", time=10, executionId=0, rootExecutionId=0, **(start or {}))
        self.witness(type="jobStart", time=11, jobId=0, executionId=0, step=step)
        self.witness(type="jobEnd", time=19, jobId=0)
        self.witness(type="executionEnd", time=20, executionId=0, **end)

    def reported(self) -> None:
        for kind, time in (("START", 10), ("COMPLETE", 20)):
            self.settler.agent(agent(kind, time, inputs=[FILE]))

    def finish(self) -> None:
        self.events += self.settler.take()
        self.events += self.settler.finish(Outcome(state="COMPLETE", ended=100))

    def named(self, side: str, run: str | None = RUN) -> set[str]:
        found = [item for event in self.events for item in event[side] if run is None or ol.run_id(event) == run]
        return {item["name"] for item in found}


@pytest.mark.parametrize(("inherits", "expected"), [(True, {"/in", "/v1"}), (False, {"/in"})])
def test_a_query_gets_what_the_steps_around_its_own_declare(inherits: bool, expected: set[str]) -> None:
    story = Story()
    story.open(OUTER, 5, inputs=[RATES])
    story.open(INNER, 6, parentStep=OUTER, inherits=inherits, outputs=[MAIL])
    story.query(step=INNER)
    story.reported()
    story.steps(type="stepEnd", step=INNER, time=25)
    story.events += story.settler.take()
    assert ("COMPLETE" in {event["eventType"] for event in story.events}) is not inherits
    story.steps(type="stepDatasets", step=OUTER, time=26, inputs=[RATES])
    story.steps(type="stepEnd", step=OUTER, time=30)
    story.finish()
    assert story.named("inputs") == expected
    assert story.named("outputs") == {"sent"}
    own = [event for event in story.events if event["job"]["name"] == "app.a"]
    assert [event["eventType"] for event in own] == ([] if inherits else ["START", "COMPLETE"])
    assert {item["name"] for event in own for item in event["inputs"]} == (set() if inherits else {"/v1"})


@pytest.mark.parametrize(("key", "kind"), SHOWN)
@pytest.mark.parametrize("reported", [True, False])
def test_a_query_gets_what_functions_in_its_plan_declare(key: str, kind: str, reported: bool) -> None:
    story = Story()
    story.steps(type="function", kind=kind, name="rate", time=3, inputs=[RATES], outputs=[])
    story.query(start={key: ["rate"]})
    if reported:
        story.reported()
    story.finish()
    assert story.named("inputs", None) == ({"/in", "/v1"} if reported else {"/v1"})
    assert [event["eventType"] for event in story.events if event["job"]["name"] == "app.rate"] == (
        [] if reported else ["START", "COMPLETE"]
    )


@pytest.mark.parametrize(("key", "kind"), SHOWN)
def test_a_source_is_found_in_any_case_and_a_function_is_not(key: str, kind: str) -> None:
    story = Story()
    story.steps(type="function", kind=kind, name="Rate", time=3, inputs=[RATES], outputs=[])
    story.query(start={key: ["RATE"]})
    story.reported()
    story.finish()
    own = [event["eventType"] for event in story.events if event["job"]["name"] == "app.rate"]
    assert own == ([] if kind == "source" else ["START", "COMPLETE"])
    assert story.named("inputs") == ({"/in", "/v1"} if kind == "source" else {"/in"})


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ({"sourcesRead": ["rate"]}, ({"/in", "/v1"}, set())),
        ({"sourcesWritten": ["rate"]}, ({"/in"}, {"sent"})),
        ({"sourcesRead": ["rate"], "sourcesWritten": ["RATE"]}, ({"/in", "/v1"}, {"sent"})),
        ({"sources": ["rate"]}, ({"/in", "/v1"}, {"sent"})),
    ],
)
def test_of_a_source_that_reads_and_writes_a_query_gets_the_side_that_it_uses(
    used: dict[str, Any], expected: tuple[set[str], set[str]]
) -> None:
    story = Story()
    story.steps(type="function", kind="source", name="rate", time=3, inputs=[RATES], outputs=[MAIL])
    story.query(start=used)
    story.reported()
    story.finish()
    assert (story.named("inputs", None), story.named("outputs", None)) == expected
    assert not [event for event in story.events if event["job"]["name"] == "app.rate"]


@pytest.mark.parametrize("used", ["sql_rows", "another"])
def test_a_function_that_queries_have_by_its_name_in_sql_needs_no_run(used: str) -> None:
    story = Story()
    for name in ("Rows", "sql_rows"):
        story.steps(type="function", kind="function", name=name, of="Rows", time=3, inputs=[RATES], outputs=[])
    story.query(start={"functions": [used]})
    story.reported()
    story.settler.restore(json.loads(json.dumps(story.settler.state())))
    story.finish()
    own = [event["job"]["name"] for event in story.events if event["job"]["name"].startswith("app.")]
    assert sorted(set(own)) == ([] if used == "sql_rows" else ["app.rows", "app.sql_rows"])


def test_a_function_that_no_query_used_is_told_with_the_application() -> None:
    story = Story()
    story.steps(type="function", kind="function", name="rate", time=3, inputs=[RATES], outputs=[])
    # The plan itself is right where the description of the start looks like more.
    story.query(start={"functions": ["rate"]}, functions=["other"])
    story.reported()
    story.events += story.settler.take()
    assert story.named("inputs", None) == {"/in"}
    story.finish()
    (start, end) = [event for event in story.events if event["job"]["name"] == "app.rate"]
    assert [start["eventType"], end["eventType"]] == ["START", "COMPLETE"]
    assert {item["name"] for item in end["inputs"]} == {"/v1"}
    assert story.settler.coverage().unexecuted == ({"what": "function", "step": "rate", "tagged": False},)


def test_a_query_gets_what_its_data_frames_are_tagged_with() -> None:
    story = Story()
    story.open(OUTER, 5, inputs=[RATES])
    story.steps(type="stepEnd", step=OUTER, time=6)
    story.query(tags=[OUTER])
    story.reported()
    story.finish()
    assert story.named("inputs") == {"/in", "/v1"}
    assert not [event for event in story.events if event["job"]["name"] == "app.a"]


def test_a_tagged_step_waits_for_its_query_until_the_application_ends() -> None:
    story = Story()
    story.open(OUTER, 5, inputs=[RATES])
    story.steps(type="stepTagged", step=OUTER, time=6)
    story.steps(type="stepEnd", step=OUTER, time=7)
    story.witness(type="jobStart", time=9, jobId=7)
    story.events += story.settler.take()
    story.events += story.settler.take()
    story.query(tags=[OUTER])
    story.reported()
    story.events += story.settler.take()
    story.finish()
    assert story.named("inputs") == {"/in", "/v1"}
    assert not [event for event in story.events if event["job"]["name"] == "app.a"]
    assert story.settler.coverage().unexecuted == ()


@pytest.mark.parametrize("executed", [True, False])
def test_a_tag_may_carry_datasets_of_its_own(executed: bool) -> None:
    story = Story()
    story.steps(type="stepTagged", step=OUTER, time=10, name="rates", inputs=[RATES], outputs=[])
    # Its time alone ties it to nothing.
    story.witness(type="executionStart", time=10, executionId=0, rootExecutionId=0)
    story.witness(type="executionEnd", time=20, executionId=0, tags=[OUTER] if executed else [])
    story.reported()
    story.events += story.settler.take()
    assert story.named("inputs") == ({"/in", "/v1"} if executed else {"/in"})
    story.finish()
    own = [event["eventType"] for event in story.events if event["job"]["name"] == "app.rates"]
    assert own == ([] if executed else ["START", "COMPLETE"])
    told = ({"what": "tag", "step": "rates", "tagged": True},)
    assert story.settler.coverage().unexecuted == (() if executed else told)


@pytest.mark.parametrize("declares", [True, False])
@pytest.mark.parametrize("queried", [True, False])
def test_a_block_that_failed_has_a_run_that_says_so(queried: bool, declares: bool) -> None:
    """Its queries may all have ended well before it failed; their runs stay what they are."""
    story = Story()
    story.open(OUTER, 5, inputs=[RATES] if declares else [])
    if queried:
        story.query(step=OUTER)
        story.reported()
    error = {"type": "acme.ModelError", "message": "no convergence", "stackTrace": "Traceback (most recent call last)"}
    story.steps(type="stepEnd", step=OUTER, time=30, error=error)
    story.events += story.settler.take()
    story.finish()
    start, end = [event for event in story.events if event["job"]["name"] == "app.a"]
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert ol.run_facets(end)["errorMessage"]["message"] == "acme.ModelError: no convergence"
    assert [item["name"] for item in end["inputs"]] == (["/v1"] if declares and not queried else [])
    if queried:
        (last,) = [event for event in story.events if ol.run_id(event) == RUN and event["eventType"] == "COMPLETE"]
        assert {item["name"] for item in last["inputs"]} == ({"/in", "/v1"} if declares else {"/in"})


@pytest.mark.parametrize(("outputs", "expected"), [([], ["a"]), ([MAIL], [])])
def test_a_step_without_a_query_is_told_unless_it_is_whole(outputs: list[Any], expected: list[str]) -> None:
    story = Story()
    story.open(OUTER, 5, inputs=[RATES], outputs=outputs)
    story.steps(type="stepEnd", step=OUTER, time=6)
    story.finish()
    assert [item["step"] for item in story.settler.coverage().unexecuted] == expected
    assert story.named("inputs", None) == {"/v1"}


def test_a_step_describes_the_run_and_a_dataset_that_the_agent_saw() -> None:
    story = Story()
    documented = {**FILE, "facets": {"documentation": {"description": "x"}}, "inputFacets": {"inputStatistics": {}}}
    story.open(OUTER, 5, inputs=[documented], outputs=[{**MAIL, "outputFacets": {"outputStatistics": {"rowCount": 3}}}])
    story.steps(type="stepFacets", step=OUTER, time=6, run={"acme_x": {"a": 1}}, job={"acme_y": {"b": 2}})
    story.query(step=OUTER)
    story.reported()
    story.steps(type="stepEnd", step=OUTER, time=30)
    story.finish()
    (last,) = [event for event in story.events if ol.run_id(event) == RUN and event["eventType"] == "COMPLETE"]
    (read,), (written,) = last["inputs"], last["outputs"]
    assert read["facets"] == {"schema": {"fields": []}, "documentation": {"description": "x"}}
    assert read["inputFacets"] == {"inputStatistics": {}}
    assert written["outputFacets"] == {"outputStatistics": {"rowCount": 3}}
    assert ol.DECLARED in written["facets"]
    assert last["run"]["facets"]["acme_x"] == {"a": 1}
    assert last["job"]["facets"]["acme_y"] == {"b": 2}


def test_column_lineage_of_both_is_kept() -> None:
    def lineage(*columns: str) -> dict[str, Any]:
        sources = [{"namespace": "n", "name": "t", "field": column} for column in columns]
        return {"columnLineage": {"fields": {"out": {"inputFields": sources}}}}

    joined = joined_facets(lineage("a", "b"), lineage("b", "c"))
    assert [item["field"] for item in joined["columnLineage"]["fields"]["out"]["inputFields"]] == ["a", "b", "c"]


def test_steps_that_name_each_other_end_all_the_same() -> None:
    story = Story()
    story.open(OUTER, 5, parentStep=INNER, inputs=[RATES])
    story.open(INNER, 6, parentStep=OUTER)
    story.query(step=INNER)
    story.finish()
    assert story.named("inputs", None) == {"/v1"}


def test_a_function_that_blocks_have_declared_has_no_run_of_its_own() -> None:
    story = Story()
    story.steps(type="function", kind="function", name="fetch", time=3, inputs=[RATES], outputs=[])
    story.steps(type="function", kind="function", name="send", time=3, inputs=[], outputs=[MAIL])
    story.open(OUTER, 5, inputs=[RATES])
    story.query(step=OUTER)
    story.reported()
    story.finish()
    names = {event["job"]["name"] for event in story.events}
    assert "app.fetch" not in names
    assert "app.send" in names


def test_an_action_on_an_rdd_gets_what_its_step_declares() -> None:
    story = Story()
    details = {"spark_jobDetails": {"jobId": 7}}
    story.open(OUTER, 5, inputs=[RATES])
    for number, python in ((6, False), (7, True)):
        story.witness(type="jobStart", time=number, jobId=number, step=OUTER, python=python)
        story.witness(type="jobEnd", time=number + 1, jobId=number)
    for number, run in ((6, "0197f3a0-0000-7000-8000-000000000006"), (7, RUN)):
        details = {"spark_jobDetails": {"jobId": number}}
        event = agent("START", number, run, job={"namespace": "n", "name": "app.rdd", "facets": {}}, inputs=[FILE])
        event["job"]["facets"]["jobType"] = ol.job_type_facet("RDD_JOB")
        story.settler.agent({**event, "run": {**event["run"], "facets": details}})
    story.steps(type="stepDatasets", step=OUTER, time=9, outputs=[MAIL])
    story.steps(type="stepEnd", step=OUTER, time=10)
    story.witness(type="jobStart", time=20, jobId=8)
    story.events += story.settler.take()
    story.events += story.settler.take()
    story.finish()
    ends = {ol.run_id(event): event for event in story.events if event["eventType"] == "COMPLETE"}
    assert {item["name"] for item in ends[RUN]["inputs"]} == {"/in", "/v1"}
    assert {item["name"] for item in ends[RUN]["outputs"]} == {"sent"}
    # A job by which Spark lists files says nothing of the step.
    assert {item["name"] for item in ends["0197f3a0-0000-7000-8000-000000000006"]["inputs"]} == {"/in"}
    assert not [event for event in story.events if event["job"]["name"] == "app.a"]


@pytest.mark.parametrize("reported", [True, False])
def test_a_query_inside_of_a_batch_gets_what_the_batch_declares(reported: bool) -> None:
    """It writes what the batch writes; without it the batch itself says so."""
    story = Story()
    write = "0197f3a0-0000-7000-8000-000000000003"
    batch = f"{OUTER}\nid = {OUTER}\nrunId = {INNER}\nbatch = 0"
    story.witness(type="executionStart", time=10, executionId=0, rootExecutionId=0, description=batch)
    story.open(OUTER, 11, inputs=[RATES])
    story.witness(type="executionStart", time=12, executionId=1, rootExecutionId=0)
    story.witness(type="jobStart", time=13, jobId=0, executionId=1, step=OUTER)
    story.witness(type="jobEnd", time=14, jobId=0)
    story.witness(type="executionEnd", time=15, executionId=1)
    story.steps(type="stepEnd", step=OUTER, time=16)
    story.witness(type="executionEnd", time=20, executionId=0)
    for kind, time, run in (("START", 10, RUN), ("START", 12, write), ("COMPLETE", 15, write), ("COMPLETE", 20, RUN)):
        if reported or run == RUN:
            story.settler.agent(agent(kind, time, run, inputs=[FILE]))
    story.finish()
    assert story.named("inputs", RUN) == ({"/in"} if reported else {"/in", "/v1"})
    assert story.named("inputs", write) == ({"/in", "/v1"} if reported else set())
    assert not [event for event in story.events if event["job"]["name"] == "app.a"]


@pytest.mark.parametrize("by_job", [True, False])
def test_queries_that_begin_in_the_same_millisecond_keep_their_own_steps(by_job: bool) -> None:
    story = Story()
    other = "0197f3a0-0000-7000-8000-000000000003"
    for number, (step, dataset) in enumerate(((OUTER, RATES), (INNER, MAIL))):
        story.open(step, 5, inputs=[dataset])
        story.witness(type="executionStart", time=10, executionId=number, rootExecutionId=number)
        story.witness(type="jobStart", time=11, jobId=number, executionId=number, step=step)
    # The agent tells them in the order of its own.
    for run in (RUN, other):
        story.settler.agent(agent("START", 10, run))
    story.events += story.settler.take()
    for run, job in ((other, 1), (RUN, 0)):
        event = agent("RUNNING", 11, run)
        details = {"spark_jobDetails": {"jobId": job}} if by_job else {}
        story.settler.agent({**event, "run": {**event["run"], "facets": details}})
    for number, (step, end) in enumerate(((OUTER, 20), (INNER, 21))):
        story.witness(type="executionEnd", time=end, executionId=number)
        story.steps(type="stepEnd", step=step, time=30)
    for run, end in ((other, 21), (RUN, 20)):
        story.settler.agent(agent("COMPLETE", end, run))
    story.finish()
    assert (story.named("inputs", RUN), story.named("inputs", other)) == ({"/v1"}, {"sent"})
    assert not [event for event in story.events if event["job"]["name"] in ("app.a", "app.b")]


def test_a_view_is_no_query() -> None:
    story = Story()
    story.open(OUTER, 5, inputs=[RATES])
    story.witness(type="executionStart", time=10, executionId=0, rootExecutionId=0, command="Execute CreateViewCommand")
    story.witness(type="executionEnd", time=20, executionId=0)
    story.steps(type="stepEnd", step=OUTER, time=30)
    story.finish()
    assert [item["step"] for item in story.settler.coverage().unexecuted] == ["a"]
    assert story.settler.coverage().queries == 0


def test_a_query_below_very_many_steps_gets_what_the_innermost_declare() -> None:
    """As a recursive function has them. What the others declare has runs of its own, and nothing takes its time."""
    story, deep = Story(), 2_000
    numbers = [f"0197f3a0-0000-7000-8000-{number:012x}" for number in range(deep)]
    for number, step in enumerate(numbers):
        parent = numbers[number - 1] if number else None
        story.open(step, 5, parentStep=parent, inputs=[{"namespace": "n", "name": str(number)}])
    story.query(step=numbers[-1])
    story.reported()
    for step in reversed(numbers):
        story.steps(type="stepEnd", step=step, time=30)
    began = perf_counter()
    story.witness(type="jobStart", time=40, jobId=7)
    for _ in range(3):
        story.events += story.settler.take()
    story.finish()
    assert perf_counter() - began < 3
    assert story.named("inputs") == {"/in", *map(str, range(deep - 50, deep))}
    told = {event["run"]["runId"]: event for event in story.events if event["eventType"] == "COMPLETE"}.values()
    declared = [item["name"] for event in told for item in event["inputs"] if item["namespace"] == "n"]
    assert sorted(declared, key=int) == [str(number) for number in range(deep)]


def test_days_of_one_dataset_are_told_once_with_all_their_names() -> None:
    story = Story()
    days = [Dataset.of(f"s3://b/in/2026-11-{day}") for day in (20, 21)]
    told = [{"namespace": day.namespace, "name": day.name, "inputFacets": dict(day.input_facets)} for day in days]
    agents = {**told[0], "inputFacets": Dataset.of("s3://b/in/2026-11-19").input_facets}
    story.open(OUTER, 5, inputs=told[:1])
    story.query(step=OUTER)
    for kind, time in (("START", 10), ("COMPLETE", 20)):
        story.settler.agent(agent(kind, time, inputs=[agents]))
    story.steps(type="stepDatasets", step=OUTER, time=26, inputs=told[1:])
    story.steps(type="stepEnd", step=OUTER, time=30)
    story.finish()
    (end,) = (event for event in story.events if event["eventType"] == "COMPLETE" and ol.run_id(event) == RUN)
    (found,) = end["inputs"]
    assert found["inputFacets"]["subset"]["inputCondition"]["locations"] == [
        f"in/2026-11-{day}" for day in (19, 20, 21)
    ]
