"""Steps that take turns in one thread, on a real Spark: whose is each query?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.submission import JOBS, Scene, by_run, names

pytestmark = pytest.mark.spark

EXPECTED = {
    "early_block": {"early_block"},
    "late_block": {"late_block"},
    "after_blocks": set(),
    "first_1": {"first"},
    "first_2": {"first"},
    "second_1": {"second"},
    "second_2": {"second"},
    "after_bodies": set(),
    "inside_1": {"rows"},
    "outside_1": set(),
    "inside_2": {"rows"},
    "outside_2": set(),
    "one_thread": {"shared", "one_thread"},
    "other_thread": {"shared", "other_thread"},
    "after_all": set(),
}


def test_every_query_gets_what_its_own_step_declares(tmp_path: Path) -> None:
    scene = Scene(folder=tmp_path)
    ended = scene.submit(JOBS / "steps_of_tasks.py", tmp_path / "data")
    assert ended.status == 0, ended.stderr
    told: dict[str, set[str]] = {}
    for events in by_run(scene.events()).values():
        for output in set().union(*(names(event, "outputs") for event in events)):
            told[output] = set().union(*(names(event, "inputs") for event in events))
    assert told == EXPECTED
    assert "declared, never executed" not in ended.stderr
    assert "left out" not in ended.stderr
