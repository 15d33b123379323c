"""Declared functions in plans that have no name for them, and those of modules that executors import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sparklineage.model import event as ol
from tests.real.submission import JOBS, Scene, by_run, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.receiver import Event

pytestmark = pytest.mark.spark

EXPECTED = {
    "lambda_inside": {"lambda"},
    "lambda_outside": {"lambda"},
    "no_lambda": set(),
    "group": {"group"},
    "used_before": set(),
    "after": {"after"},
    "object": {"object"},
    "object_too": {"object_too"},
    "no_object": set(),
    "partial": {"partial"},
    "nested": {"one", "two"},
    "both": {"one", "two"},
    "method": {"get", "ask"},
    "of_module": {"of_module"},
    "lambda_of_module": {"of_module"},
    "score": {"score"},
    "score_of_module": {"score_of_module"},
    "scores": {"score", "score_of_module"},
    "score_in_sql": {"score_of_module"},
    "above": {"above"},
    "below": {"below"},
    "by_method": {"by_method", "at_its_end"},
    "rows_of_module": {"rows_of_module"},
    "by_method_of_module": {"by_method_of_module"},
    "early_before": {"early"},
    "early": {"early"},
    "querying": {"querying"},
    "querying_again": {"querying"},
}
"""By the folder that a query writes, what it reads that only a declaration tells."""


SOURCES = {"late": {"late"}, "late_too": {"late"}, "sub": {"base"}, "own": {"base", "own"}, "state": {"state"}}


def hidden_inputs(events: list[Event], names: Iterable[str]) -> dict[str, set[str]]:
    """By the folder that a query writes, what it reads that only a declaration tells."""
    return {name: set(hidden(writing(events, name), "inputs")) for name in names}


def hidden(run: Iterable[Event], side: str) -> list[str]:
    """What a run has on this side that only a declaration tells."""
    return sorted({item["name"] for event in run for item in ol.datasets(event, side) if item["namespace"] == "hidden"})


def told(scene: Scene, name: str) -> tuple[list[Event], list[bytes]]:
    """The events of the job `declared_<name>.py`, and what it has printed."""
    done = scene.submit("--name", name, JOBS / f"declared_{name}.py", scene.folder / "out")
    assert done.status == 0, done.stderr[-8000:]
    assert "declared twice" not in done.stderr
    return scene.events(), done.stdout.splitlines()


def own_runs(events: list[Event]) -> list[str]:
    return [event["job"]["name"] for event in events if ol.job_type(event) == "STEP" and event["eventType"] == "START"]


@pytest.mark.parametrize("spark", ["4.2", "3.5"])
def test_each_query_gets_what_its_functions_declare_and_nothing_else(
    spark: str, make_scene: Callable[..., Scene]
) -> None:
    events, printed = told(make_scene("declared", spark=spark), "functions")
    assert hidden_inputs(events, EXPECTED) == EXPECTED
    own = own_runs(events)
    # Twenty calls without a query, two actions on an RDD, and three UDFs that no query used.
    assert len(own) == len(set(own)) == 5
    assert {"functions.helper", "functions.opened"} < set(own)
    facts = json.loads(printed[-1])
    assert facts["columns"] == ["Rates(id)", "partial(id)", "<lambda>(id)"]
    assert set(facts["modules"]) == {4}
    assert 1 <= facts["opened"]["often"] <= 2 * facts["opened"]["workers"]


@pytest.mark.parametrize("spark", ["4.2", "4.0"])
def test_a_source_is_found_by_each_name_that_it_is_registered_by(spark: str, make_scene: Callable[..., Scene]) -> None:
    events, _ = told(make_scene("sources", spark=spark), "sources")
    assert hidden_inputs(events, SOURCES) == SOURCES
    runs = by_run(events).values()
    sides = sorted(tuple(" ".join(hidden(run, side)) for side in ("inputs", "outputs")) for run in runs)
    assert [pair for pair in sides if {"in", "out"} & set(pair)] == [
        # Written by a query, and by a stream.
        *[("", "out")] * 2,
        # Read for a file, by a stream into files, and inside of a stream's batch.
        *[("in", "")] * 3,
        # Read for itself, by a query and by a stream.
        *[("in", "out")] * 2,
    ]
    # None of them was left for a run of its own.
    assert own_runs(events) == []
