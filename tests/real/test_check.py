"""`sparklineage.check` on a real agent that is among the listeners and sends nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.real.submission import Scene

pytestmark = pytest.mark.spark

PARENT = "airflow/dag.task/0190a0a0-0000-7000-8000-000000000001"
JOB = """\
import json, sys
import sparklineage
from pyspark.sql import SparkSession

jar = sparklineage.finished(sparklineage.load()).agent_jar
for transport in json.loads(sys.argv[1]):
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.jars", str(jar))
    builder = builder.config("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
    for key, value in transport.items():
        builder = builder.config(f"spark.openlineage.transport.{key}", value)
    spark = builder.getOrCreate()
    found = sparklineage.check(spark)
    print(json.dumps({"ok": found.ok, "missing": found.missing}), flush=True)
    spark.stop()
"""


def test_an_agent_that_sends_nothing_is_told_apart_from_one_that_works(scene: Scene) -> None:
    (scene.folder / "taken").touch()
    cases: list[tuple[dict[str, str], str]] = [
        ({"type": "http"}, "The agent's transport http has no url, so it sends nothing;"),
        ({"type": "file", "location": str(scene.folder / "made" / "a.ndjson")}, ""),
        (
            {"type": "file", "location": str(scene.folder / "taken" / "a.ndjson")},
            "whose folder is not there and cannot",
        ),
        ({"type": "file", "location": "bare.ndjson"}, "which needs a folder before the name"),
        ({"type": "console", "location": "left.over"}, ""),
        ({"type": "composite", "transports.a.type": "htpp"}, "The agent could not make its transport composite"),
        (
            {"type": "htpp", "url": "http://127.0.0.1:9"},
            "so it sends nothing. Did you mean http? Set spark.openlineage",
        ),
    ]
    (scene.folder / "job.py").write_text(JOB)
    done = scene.run_command(
        [sys.executable, "job.py", json.dumps([transport for transport, _ in cases])],
        PYTHONPATH=str(Path(__file__).parents[2]), OPENLINEAGE_PARENT_ID=PARENT, OPENLINEAGE_URL="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.status == 0, done.stderr
    for line, (transport, missing) in zip(done.stdout.splitlines(), cases, strict=True):
        told = json.loads(line)
        assert told["ok"] is not bool(missing), (transport, told)
        assert all(missing in text for text in told["missing"]), (transport, told)
    assert (scene.folder / "made" / "a.ndjson").exists()
    assert not (scene.folder / "bare.ndjson").exists()
