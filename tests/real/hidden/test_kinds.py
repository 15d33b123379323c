"""Every kind of code that a plan hides something of, on real Spark with the real agent: what is declared, where."""

from __future__ import annotations

import pytest

from sparklineage import Dataset
from sparklineage.model import event as ol
from tests.real.hidden.conftest import Told
from tests.real.hidden.mutations import MUTATIONS, unseen
from tests.real.hidden.untouched import Journal, differences
from tests.real.submission import assert_well_formed, by_run, error_of, lines, names, state, writing
from tests.support.receiver import Event

pytestmark = pytest.mark.spark

ON_RUNS = {
    "sql": {"sql"},
    "inherits": {"inner", "outer", "late"},
    "alone": {"alone"},
    "rdd": {"rdd"},
    "udf": {"udf"},
    "sql_udf": {"sql_udf"},
    "decorated_udf": {"decorated_udf"},
    "pandas_udf": {"pandas_udf"},
    "map_in_pandas": {"map_in_pandas"},
    "apply_in_pandas": {"apply_in_pandas"},
    "cogrouped": {"cogrouped"},
    "unhidden": set(),
    "foreach_batch": {"foreach_batch"},
    "tag": {"tag"},
    "tag_joined": {"tag"},
    "tag_cached": {"tag"},
    "tag_union": {"tag"},
    "tag_alone": {"tag_alone"},
    "untagged": set(),
    **{f"thread_{number}": {f"thread_{number}"} for number in range(4)},
    "inherited": {"inherited"},
    "block_fails": {"block_fails"},
    "query_fails": {"query_fails"},
}
"""By the folder that a run writes, what it reads that only a declaration tells."""
OF_SPARK_4 = {"python_source": {"python_source"}}


def sides(events: list[Event]) -> dict[str, set[str]]:
    """What the events of one run read and write; `hidden:` before what has no place of its own."""
    return {
        side: {
            f"{item['namespace'].replace('file', '')}:{name}".lstrip(":")
            for event in events
            for item in ol.datasets(event, side)
            for name in [item["name"].rstrip("/").rpartition("/")[2]]
        }
        for side in ("inputs", "outputs")
    }


def test_only_what_was_meant_to_fails(told: Told) -> None:
    assert set(told.facts["failed"]) == {"block_fails", "query_fails"}, told.facts["failed"]
    assert_well_formed(told.events, told.scene.run.run_id)


def test_what_is_declared_stands_on_the_run_that_the_agent_reports(told: Told) -> None:
    expected = ON_RUNS if told.scene.spark == "3.5" else {**ON_RUNS, **OF_SPARK_4}
    found = {name: sides(writing(told.events, name)) for name in expected}
    hidden = {name: {item.partition(":")[2] for item in of["inputs"] if ":" in item} for name, of in found.items()}
    assert hidden == expected
    for name, of in found.items():
        seen = {item for item in of["inputs"] if ":" not in item}
        assert seen == ({"text"} if name == "rdd" else set() if name == "python_source" else {"raw"}), name
        sent = {"hidden:sent"} if name == "map_in_pandas" else set()
        assert of["outputs"] == {name} | sent, name
    agents = {ol.run_id(event) for event in lines(told.scene.run.agent)}
    for name in expected:
        assert ol.run_id(writing(told.events, name)[0]) in agents, name


def test_a_write_through_sql_has_its_tag_on_every_run_of_it(told: Told) -> None:
    """CREATE TABLE AS SELECT is two runs of the agent's on some Sparks: the command, and the write below it."""
    runs = [run for run in by_run(told.events).values() if any("tag_table" in names(event, "outputs") for event in run)]
    assert any("hidden:tag" in sides(run)["inputs"] for run in runs)


def test_actions_on_rows_are_tied_to_their_step(told: Told) -> None:
    (run,) = [run for run in by_run(told.events).values() if "hidden:export" in sides(run)["inputs"]]
    assert ol.job_type(run[0]) == "RDD_JOB"
    assert sides(run) == {"inputs": {"raw", "hidden:export"}, "outputs": {"hidden:foreach_partition"}}
    # Without a step it has a run of its own.
    assert sides(told.own("loose")) == {"inputs": set(), "outputs": {"hidden:loose"}}


def test_a_python_data_source_is_found_in_reads_and_writes(told: Told) -> None:
    found = [run for run in by_run(told.events).values() if "hidden:python_sink" in sides(run)["outputs"]]
    # Spark 4.0 is the first with Python data sources.
    assert [ol.job_type(run[0]) for run in found] == ([] if told.scene.spark == "3.5" else ["SQL_JOB"])
    assert all("raw" in sides(run)["inputs"] for run in found)


def test_a_stream_of_three_batches_has_one_run(told: Told) -> None:
    sees = {"inputs": {"arriving", "hidden:stream"}, "outputs": {"stream"}}
    own = told.own("stream")
    assert [event["eventType"] for event in own] == ["START", "COMPLETE"]
    assert ol.job_facets(own[0])["jobType"]["processingType"] == "STREAMING"
    assert sides(own) == sees
    # Of the first batch the agent's own runs are there, too, and of the others none.
    writing_runs = [run for run in by_run(told.events).values() if "stream" in sides(run)["outputs"] and run != own]
    assert [sides(run) for run in writing_runs] == [sees]
    batches = [run for run in by_run(lines(told.scene.run.agent)).values() if "stream" in sides(run)["outputs"]]
    assert len(batches) == 3


def test_jdbc_by_hand(told: Told) -> None:
    """By java.sql and Derby: read for a query, and written with what a query finds or without one."""
    url = f"jdbc:derby:{told.scene.folder}/out/derby"
    rates, counts = (Dataset.of(f"{url}#APP.{table}") for table in ("RATES", "COUNTS"))

    def found(events: list[Event], side: str) -> set[Dataset]:
        return {Dataset(item["namespace"], item["name"]) for event in events for item in ol.datasets(event, side)}

    raw, out = (Dataset.of((told.scene.folder / "out" / name).as_uri()) for name in ("raw", "by_jdbc"))
    joined = writing(told.events, "by_jdbc")
    assert found(joined, "inputs") == {raw, rates}
    assert found(joined, "outputs") == {out, counts}
    # The agent leaves the query out that only fetches rows.
    assert found(told.own("by_jdbc"), "inputs") == {rates}
    assert found(told.own("by_jdbc"), "outputs") == {counts}
    assert found(told.own("put"), "outputs") == {counts}
    assert found(told.own("put"), "inputs") == set()
    assert told.facts["counts"] == [100, 4]


def test_what_no_query_executes_has_a_run_of_its_own(told: Told) -> None:
    for name, expected in (
        ("by_hand", {"inputs": {"hidden:by_hand"}, "outputs": {f"sqlite:{told.scene.folder}/out/by_hand.db:t"}}),
        ("never_executed", {"inputs": {"hidden:never"}, "outputs": set()}),
    ):
        events = told.own(name)
        assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
        assert sides(events) == expected
    own = {event["job"]["name"].partition(".")[2] for event in told.events if ol.job_type(event) == "STEP"}
    failed = {"block_fails", "query_fails"}
    of_examples = {"airports", "makers", "upload"}
    assert own == {"by_hand", "by_jdbc", "put", "never_executed", "loose", "stream", *failed, *of_examples}
    unexecuted = told.scene.record("settled")["unexecuted"]
    # What was called or sent to executors outside of any step has run.
    assert {(item["what"], item["step"]) for item in unexecuted} == {("tag", "never_executed")}


def test_failures_are_told_where_they_happened(told: Told) -> None:
    for name, expected in (("block_fails", "COMPLETE"), ("query_fails", "FAIL")):
        assert state(writing(told.events, name)) == expected
        own = told.own(name)
        assert [event["eventType"] for event in own] == ["START", "FAIL"]
        assert sides(own) == {"inputs": set(), "outputs": set()}
    error = error_of(told.own("block_fails")[-1])
    assert error is not None
    assert error["message"] == "LookupError: no such model"
    assert "raise LookupError" in error["stackTrace"]
    error = error_of(writing(told.events, "query_fails")[-1])
    assert error is not None
    assert "ArithmeticError: boom" in error["message"]
    failed = [run for run in by_run(told.events).values() if state(run) != "COMPLETE"]
    assert len(failed) == 3


def test_executors_get_nothing_of_ours(told: Told) -> None:
    modules = told.facts["modules"]
    assert modules.pop("driver") > 0
    assert set(modules) >= {"udf", "pandas_udf", "map_in_pandas", "foreach_partition"}
    for kind, found in modules.items():
        assert found, kind
        assert set(found) == {0}, kind


def test_the_agents_events_are_untouched_but_for_what_was_added(told: Told) -> None:
    assert differences(Journal(told.scene.run), told.delivered) == []
    assert told.delivered == told.events


def test_whatever_else_happens_to_an_event_of_the_agents_is_found(told: Told) -> None:
    found = unseen(Journal(told.scene.run), told.delivered)
    assert found == dict.fromkeys(MUTATIONS, 0)


def test_a_declared_schema_is_the_agents_own(told: Told) -> None:
    (run,) = [run for run in by_run(told.events).values() if any("nested_types" in names(e, "outputs") for e in run)]
    (output,) = ol.datasets(run[-1], "outputs")
    assert told.facts["place"] == [output["namespace"], output["name"]]
    assert told.facts["schema"]["fields"] == output["facets"]["schema"]["fields"]
