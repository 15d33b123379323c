"""Applications one after the other in a real session, and those whose agent sends by itself, with their true ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sparklineage.model import event as ol
from tests.real.submission import Scene, names, state
from tests.real.test_application import AFTER, BEFORE, PARENT, Told, run

pytestmark = pytest.mark.spark

MORE = """\
app.end()
app = sparklineage.application(spark, name="Second")
with sparklineage.step(spark, "again", inputs=["s3://rates/again"]):
    spark.range(3).write.parquet("twice")
app.end(KeyError("rate"))
spark.stop()
app = sparklineage.application(name="Third")
spark = session()
with sparklineage.step(spark, "anew", inputs=["s3://rates/anew"]):
    spark.range(3).write.parquet("thrice")
spark.stop()
"""


def written(told: Told, path: str) -> list[dict[str, object]]:
    found = [event for event in told.events if any(path in name for name in names(event, "outputs"))]
    assert state(found) == "COMPLETE"
    return found


def parents(events: list[dict[str, object]]) -> set[str]:
    return {str(ol.run_facets(event)["parent"]["run"]["runId"]) for event in events}


@pytest.mark.parametrize("spark", ["4.2", "3.5"])
def test_a_session_may_have_one_after_the_other_and_a_jvm_too(make_scene: Callable[..., Scene], spark: str) -> None:
    """As in a notebook with one in each cell, that stops its session and makes another."""
    told = run(make_scene("many", spark=spark), BEFORE, MORE, applications=3)
    assert told.done.status == 0, told.done.stderr
    assert "application of this session" not in told.done.stderr
    found: dict[str, list[dict[str, object]]] = {}
    for event in told.application:
        found.setdefault(ol.job(event)[1], []).append(event)
    assert {name: (its[0]["eventType"], its[-1]["eventType"]) for name, its in found.items()} == {
        "night_harbour": ("START", "COMPLETE"),
        "second": ("START", "FAIL"),
        "third": ("START", "COMPLETE"),
    }
    runs = {name: {ol.run_id(event) for event in its} for name, its in found.items()}
    assert [len(its) for its in runs.values()] == [1, 1, 1]
    for path, name, declared in (("twice", "second", "again"), ("thrice", "third", "anew")):
        writing = written(told, path)
        assert declared in names(writing[-1], "inputs")
        assert parents(writing) == runs[name]
        assert ol.job(writing[-1])[1].startswith(f"{name}.")


def test_an_agent_that_sends_reports_as_the_application_around_it(make_scene: Callable[..., Scene]) -> None:
    told = run(make_scene("sent"), BEFORE, "raise ValueError('no rates')", SPARKLINEAGE_DELIVERY_MODE="direct")
    assert told.done.status == 1
    assert told.said["way"] == "client"
    assert {ol.run_id(event) for event in told.application} == {told.said["run"]}
    assert {ol.job(event)[1] for event in told.application} == {"night_harbour"}
    assert [event["eventType"] for event in told.application] == ["START", "START", "FAIL"]
    assert parents(told.application) == {PARENT}
    assert parents([*written(told, "written"), *told.job(".by_hand")]) == {told.said["run"]}


def test_the_end_of_an_agents_own_run_is_the_true_one(make_scene: Callable[..., Scene]) -> None:
    told = run(make_scene("true"), AFTER, "raise ValueError('no rates')")
    assert told.done.status == 1
    assert told.said["way"] == "agent"
    assert {ol.run_id(event) for event in told.application} == {told.said["run"]}
    assert [event["eventType"] for event in told.application] == ["START", "FAIL"]
    assert told.application[-1]["run"]["facets"]["errorMessage"]["message"] == "ValueError: no rates"
