"""MERGE on Delta under the real agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage import datasets
from sparklineage.model import event as ol
from tests.real.hidden import delta
from tests.real.hidden.mutations import unseen
from tests.real.hidden.untouched import Journal, differences
from tests.real.submission import Scene, by_run, names, state
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("spark", ["4.2", "4.0", "3.5"])
def test_a_merge_gets_what_its_step_and_its_functions_declare(spark: str, tmp_path: Path) -> None:
    scene, out = Scene(folder=tmp_path, spark=spark), tmp_path / "out"
    with Receiver(marquez=False) as backend:
        done = scene.submit(
            *delta.options(spark), Path(__file__).with_name("merge.py"), out, OPENLINEAGE_URL=backend.url
        )
    assert done.status == 0, done.stderr[-8000:]
    delivered = list(backend.events)
    (run,) = [its for its in by_run(delivered).values() if "merge" in names(its[-1], "inputs")]
    assert state(run) == "COMPLETE"
    assert "merge" in run[0]["job"]["name"]
    found = {side: {(item["namespace"], item["name"]) for item in run[-1][side]} for side in ("inputs", "outputs")}
    raw, table = [
        (one.namespace, one.name)
        for one in (datasets.local(str(out / "raw")), datasets.delta((out / "table").as_uri()))
    ]
    declared = {("hidden", "merge"), ("hidden", "udf")}
    assert declared <= found["inputs"] <= {*declared, raw, table}
    assert found["outputs"] == {("hidden", "log"), table}
    # In the batch of a stream too, where to Spark the queries of a MERGE are the batch's own.
    runs = [its for its in by_run(delivered).values() if "udf of a batch" in names(its[-1], "inputs")]
    assert sorted(ol.job_type(its[0]) for its in runs) == ["SQL_JOB", "STEP"]
    for its in runs:
        assert state(its) == "COMPLETE"
        read, written = (
            {(item["namespace"], item["name"]) for item in its[-1][side]} for side in ("inputs", "outputs")
        )
        assert {("hidden", "batch"), ("hidden", "udf of a batch")} <= read
        assert written == {table}
    # Nothing else has changed on the way.
    journal = Journal(scene.run)
    assert differences(journal, delivered) == []
    assert set(unseen(journal, delivered).values()) == {0}
