"""A key in the environment of spark-submit reaches the backend, and nothing of it stays in what Spark writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from tests.real.submission import SPARKS, Scene, spark_home
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

CANARY = "canary-3e9d51b7"
JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("flights").getOrCreate()
spark.range(3).write.parquet("written")
print("properties", *(f"{key}={value}" for key, value in spark.sparkContext.getConf().getAll()))
spark.stop()
"""


def agent_jar(spark: str) -> Path:
    """The pinned agent for one of our Sparks."""
    places = sources(home=Path.home(), environ=os.environ, spark_home=spark_home(spark))
    return fetch(choose(*SPARKS[spark]), cache=default_cache(os.environ, Path.home()), sources=places)


@pytest.mark.parametrize("spark", ["4.2", "3.5"])
def test_the_key_is_sent_and_shown_nowhere(tmp_path: Path, spark: str) -> None:
    """The type has to stand in the environment too, as the agent reads no transport without one; the address, and all
    else that is no secret, stands in Spark's configuration, and both are laid together.
    """
    scene = Scene(folder=tmp_path, spark=spark)
    (tmp_path / "job.py").write_text(JOB)
    (tmp_path / "log").mkdir()
    with Receiver() as backend:
        conf = {
            "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
            "spark.openlineage.transport.type": "http",
            "spark.openlineage.transport.url": backend.url,
            "spark.openlineage.namespace": "prod",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": (tmp_path / "log").as_uri(),
        }
        options = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
        submit = [str(spark_home(spark) / "bin" / "spark-submit"), *scene.quiet(), "--jars", str(agent_jar(spark))]
        ended = scene.run_command(
            [*submit, *options, "job.py"],
            OPENLINEAGE__TRANSPORT__TYPE="http",
            OPENLINEAGE__TRANSPORT__AUTH__TYPE="api_key",
            OPENLINEAGE__TRANSPORT__AUTH__API_KEY=CANARY,
        )
    assert ended.status == 0, ended.stderr
    assert {event["eventType"] for event in backend.events} >= {"START", "COMPLETE"}
    assert {event["job"]["namespace"] for event in backend.events} == {"prod"}
    assert {headers.get("Authorization") for headers in backend.seen_headers} == {f"Bearer {CANARY}"}
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in written if b"spark.openlineage.transport.url" in path.read_bytes()]
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []
    assert b"spark.openlineage.transport.url" in ended.stdout
    assert CANARY not in ended.stdout.decode() + ended.stderr + str(backend.events)
