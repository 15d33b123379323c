"""What the events say about datasets, jobs and edges."""

from __future__ import annotations

from typing import Any

from sparklineage.graph import Edge, build
from sparklineage.graph.flow import flow_order
from sparklineage.model.event import EXECUTION
from tests.unit.graph.events import event


def _edges(graph: object) -> set[tuple[str, str, str, bool]]:
    edges: tuple[Edge, ...] = graph.edges  # type: ignore[attr-defined]
    return {(edge.job[1], edge.direction, edge.dataset[1], edge.declared) for edge in edges}


def test_datasets_of_all_events_of_a_run_belong_to_its_job() -> None:
    """A START that knows the input and a COMPLETE that knows the output make one job with both."""
    graph = build(
        [event("START", "r1", "etl.a", inputs=["/in"]), event("COMPLETE", "r1", "etl.a", outputs=["/out"], at=1500)]
    )
    assert _edges(graph) == {("etl.a", "input", "/in", False), ("etl.a", "output", "/out", False)}
    (job,) = graph.jobs
    assert (job.state, job.duration_ms, job.runs, job.application) == ("COMPLETE", 1500, 1, ("ns", "etl"))


def test_the_state_is_that_of_the_run_that_started_last() -> None:
    """Also where an older run's events come later in the file."""
    graph = build(
        [
            event("START", "new", "etl.a", at=100),
            event("START", "old", "etl.a", at=50, inputs=["/in"]),
            event("FAIL", "new", "etl.a", at=200, error="no space left"),
            event("COMPLETE", "old", "etl.a", at=300),
        ]
    )
    (job,) = graph.jobs
    assert (job.state, job.error, job.runs) == ("FAIL", "no space left", 2)


def test_a_later_complete_of_a_failed_run_is_not_believed() -> None:
    """The agent follows its FAIL with a COMPLETE; a job that succeeds later has a run of its own."""
    graph = build([event("FAIL", "r1", "etl.a", inputs=["/in"]), event("COMPLETE", "r1", "etl.a")])
    assert graph.jobs[0].state == "FAIL"


def test_a_run_takes_the_name_of_its_last_event() -> None:
    """The agent finds the better name while the query runs; there is one job, not two."""
    graph = build([event("START", "r1", "etl.1", inputs=["/in"]), event("COMPLETE", "r1", "etl.save.out")])
    assert [job.name for job in graph.jobs] == ["etl.save.out"]
    assert _edges(graph) == {("etl.save.out", "input", "/in", False)}


def test_an_edge_is_declared_only_while_nobody_has_seen_it() -> None:
    """Once the agent reports the dataset by itself, the declaration adds nothing."""
    graph = build(
        [
            event("START", "r1", "etl.a", inputs=["/seen", "/told"], declared=["/seen", "/told"]),
            event("COMPLETE", "r1", "etl.a", inputs=["/seen", "/told"], declared=["/told"]),
        ]
    )
    assert _edges(graph) == {("etl.a", "input", "/seen", False), ("etl.a", "input", "/told", True)}


def test_file_listing_and_empty_runs_are_folded_away_and_counted() -> None:
    """With the dataset that only the listing touched; `all_runs` brings everything back."""
    events = [
        event("START", "app", "etl", job_type="APPLICATION", parent=None),
        event("START", "r1", "etl.map_partitions_parallel_collection", inputs=["/dir"], job_type="RDD_JOB"),
        event("START", "r2", "etl.save", inputs=["/dir/x"], outputs=["/out"]),
        event("COMPLETE", "r3", "etl.collect"),
    ]
    graph = build(events)
    assert [job.name for job in graph.jobs] == ["etl.save"]
    assert [node.name for node in graph.datasets] == ["/dir/x", "/out"]
    assert graph.folded == 2
    assert [job.name for job in graph.applications] == ["etl"]
    whole = build(events, all_runs=True)
    assert len(whole.jobs) == 4
    assert len(whole.datasets) == 3
    assert whole.folded == 0


def test_rdd_runs_with_lineage_of_their_own_are_kept() -> None:
    """One that writes, and one that reads what nobody else reads; not one that repeats a query's input."""
    graph = build(
        [
            event("START", "r1", "etl.map_partitions_hadoop_file", inputs=["/text"], job_type="RDD_JOB"),
            event("START", "r2", "etl.save_as_text_file", outputs=["/lines"], job_type="RDD_JOB"),
            event("START", "r3", "etl.save", inputs=["/csv"]),
            event("START", "r4", "etl.map_partitions_file_scan", inputs=["/csv"], job_type="RDD_JOB"),
        ]
    )
    assert {job.name for job in graph.jobs} == {"etl.map_partitions_hadoop_file", "etl.save_as_text_file", "etl.save"}


def test_a_query_that_failed_is_shown_without_datasets() -> None:
    """Its failure is news; an empty success is not."""
    graph = build([event("FAIL", "r1", "etl.create_table", error="exists"), event("COMPLETE", "r2", "etl.drop_table")])
    assert [job.name for job in graph.jobs] == ["etl.create_table"]


def test_an_application_is_no_child_of_its_scheduler() -> None:
    """The parent of an application is an Airflow task or the like, which is no application of ours."""
    graph = build([event("COMPLETE", "app", "etl", job_type="APPLICATION", parent="dag.task", inputs=["/in"])])
    assert graph.jobs[0].application is None


def test_what_is_no_run_event_is_passed_over() -> None:
    """Foreign or damaged records neither raise nor invent nodes."""
    strange: list[dict[str, object]] = [
        {},
        {"job": None, "run": 3},
        {"job": {"namespace": "ns", "name": "x"}},
        {"run": {"runId": "r"}, "job": {"namespace": "ns", "name": 4}},
        {"dataset": {"namespace": "file", "name": "/d"}},
    ]
    assert build(strange) == build([])
    odd = event("START", "r1", "etl.a", inputs=["/in"])
    odd["eventTime"], odd["outputs"] = "yesterday", [None, "x", {"name": "no namespace"}]
    graph = build([odd])
    assert _edges(graph) == {("etl.a", "input", "/in", False)}
    assert graph.jobs[0].started_ms is None


def test_flow_order_follows_the_data_and_then_the_clock() -> None:
    """A reader comes after every writer, however early it started."""
    graph = build(
        [
            event("START", "r1", "etl.gold", at=1, inputs=["/silver"], outputs=["/gold"]),
            event("START", "r2", "etl.silver", at=2, inputs=["/b1", "/b2"], outputs=["/silver"]),
            event("START", "r3", "etl.b2", at=4, outputs=["/b2"]),
            event("START", "r4", "etl.b1", at=3, outputs=["/b1"]),
        ]
    )
    assert [job.name for job in flow_order(graph)] == ["etl.b1", "etl.b2", "etl.silver", "etl.gold"]


def test_flow_order_ends_in_a_circle() -> None:
    """Jobs that feed themselves or each other all appear, once, the earliest first."""
    graph = build(
        [
            event("START", "r1", "etl.b", at=2, inputs=["/a"], outputs=["/b"]),
            event("START", "r2", "etl.a", at=1, inputs=["/b"], outputs=["/a"]),
            event("START", "r3", "etl.merge", at=3, inputs=["/a", "/m"], outputs=["/m"]),
        ]
    )
    assert [job.name for job in flow_order(graph)] == ["etl.a", "etl.b", "etl.merge"]


def test_a_query_on_behalf_of_another_is_folded_unless_it_tells_something_new() -> None:
    """Delta runs a query below each write, and the agent reports both."""

    def inner(kind: str, run: str, job: str, inputs: list[str]) -> dict[str, Any]:
        made = event(kind, run, job, inputs=inputs)
        made["run"]["facets"][EXECUTION] = {"executionId": 2, "rootExecutionId": 1}
        return made

    events = [
        event("COMPLETE", "r1", "etl.save", inputs=["/in"], outputs=["/out"]),
        inner("COMPLETE", "r2", "etl.scan", ["/in"]),
        inner("COMPLETE", "r3", "etl.other", ["/news"]),
    ]
    assert [job.name for job in build(events).jobs] == ["etl.other", "etl.save"]
    assert build(events).folded == 1
    assert [job.name for job in build(events, all_runs=True).jobs] == ["etl.other", "etl.save", "etl.scan"]
