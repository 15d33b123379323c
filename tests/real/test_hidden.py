"""Every kind of code that a plan hides something of, on real Spark with the real agent: what is declared, where."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sparklineage import datasets
from sparklineage.model import event as ol
from tests.real.submission import JOBS, Scene, assert_well_formed, by_run, error_of, lines, names, state, writing
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
DELTA = {"3.5": ("delta-spark_2.12", "3.3.2"), "4.2": ("delta-spark_4.2_2.13", "4.4.0")}


@dataclass(frozen=True, kw_only=True)
class Told:
    scene: Scene
    events: list[Event]
    facts: dict[str, Any]

    def own(self, name: str) -> list[Event]:
        """The events of the run that stands for a step, a tag or a function."""
        return [event for event in self.events if event["job"]["name"] == f"hidden.{name}"]


@pytest.fixture(scope="module", params=["4.2", "4.0", "3.5"])
def told(request: pytest.FixtureRequest, make_scene: Callable[..., Scene]) -> Told:
    """All kinds in one application."""
    scene = make_scene("hidden", spark=request.param)
    out = scene.folder / "out"
    out.mkdir()
    done = scene.submit("--name", "hidden", JOBS / "hidden_kinds.py", out)
    assert done.status == 0, done.stderr[-8000:]
    assert not [line for line in done.stderr.splitlines() if line.startswith("tag: ")]
    return Told(scene=scene, events=scene.events(), facts=json.loads(done.stdout.splitlines()[-1]))


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
    if told.scene.spark == "3.5":
        pytest.skip("Spark 4.0 is the first with Python data sources")
    (run,) = [run for run in by_run(told.events).values() if "hidden:python_sink" in sides(run)["outputs"]]
    assert ol.job_type(run[0]) == "SQL_JOB"
    assert "raw" in sides(run)["inputs"]


def test_what_no_query_executes_has_a_run_of_its_own(told: Told) -> None:
    for name, expected in (
        ("by_hand", {"inputs": {"hidden:by_hand"}, "outputs": {f"sqlite:{told.scene.folder}/out/by_hand.db:t"}}),
        ("never_executed", {"inputs": {"hidden:never"}, "outputs": set()}),
    ):
        events = told.own(name)
        assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
        assert sides(events) == expected
    own = {event["job"]["name"] for event in told.events if ol.job_type(event) == "STEP"}
    assert own == {f"hidden.{name}" for name in ("by_hand", "never_executed", "loose", "block_fails", "query_fails")}
    unexecuted = told.scene.record("settled")["unexecuted"]
    assert {(item["what"], item["step"]) for item in unexecuted} == {("step", "loose"), ("tag", "never_executed")}


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
    """Of runs that ended well: the same events with the same times and facets."""
    agents = {key(event): event for event in lines(told.scene.run.agent)}
    ended = {ol.run_id(run[0]) for run in by_run(told.events).values() if state(run) == "COMPLETE"}
    compared = 0
    for event in told.events:
        if ol.run_id(event) not in ended or ol.run_id(event) == told.scene.run.run_id or key(event) not in agents:
            continue
        theirs = agents[key(event)]
        run_facets = {name: facet for name, facet in ol.run_facets(event).items() if name != ol.EXECUTION}
        ours = {**event, "run": {**event["run"], "facets": run_facets}}
        for side in ("inputs", "outputs"):
            ours[side] = [item for item in ol.datasets(event, side) if ol.DECLARED not in item.get("facets", {})]
        assert ours == {**theirs, "inputs": theirs.get("inputs", []), "outputs": theirs.get("outputs", [])}
        compared += 1
    assert compared > 60


def test_a_declared_schema_is_the_agents_own(told: Told) -> None:
    (run,) = [run for run in by_run(told.events).values() if any("nested_types" in names(e, "outputs") for e in run)]
    (output,) = ol.datasets(run[-1], "outputs")
    assert told.facts["place"] == [output["namespace"], output["name"]]
    assert told.facts["schema"]["fields"] == output["facets"]["schema"]["fields"]


def key(event: Event) -> tuple[str, str, str]:
    return ol.run_id(event), event["eventType"], event["eventTime"]


@pytest.mark.parametrize("spark", sorted(DELTA))
def test_a_merge_into_delta_gets_what_its_step_and_its_functions_declare(
    spark: str, make_scene: Callable[..., Scene]
) -> None:
    artifact, version = DELTA[spark]
    wanted = [f"io/delta/{name}/{version}/{name}-{version}.jar" for name in (artifact, "delta-storage")]
    places = [Path.home() / ".cache" / "sparklineage" / "jars", Path.home() / ".m2" / "repository"]
    jars = [path for name in wanted for path in [next((p / name for p in places if (p / name).exists()), None)] if path]
    if len(jars) < len(wanted):
        pytest.skip(f"{artifact} {version} is not here")
    scene = make_scene("merge", spark=spark)
    conf = {
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    options = [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    jar_list = ",".join(map(str, jars))
    done = scene.submit("--jars", jar_list, *options, JOBS / "hidden_merge.py", scene.folder / "out")
    assert done.status == 0, done.stderr[-8000:]
    (run,) = [its for its in by_run(scene.events()).values() if "hidden:merge" in sides(its)["inputs"]]
    assert state(run) == "COMPLETE"
    found = sides(run)
    assert found["inputs"] >= {"hidden:merge", "hidden:udf"}
    assert found["outputs"] == {"table", "hidden:log"}
    assert "merge" in run[0]["job"]["name"]
    place = datasets.delta((scene.folder / "out" / "table").as_uri())
    assert (place.namespace, place.name) in {(item["namespace"], item["name"]) for item in run[-1]["outputs"]}
