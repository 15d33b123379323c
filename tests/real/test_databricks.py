"""What a Databricks driver would be started with, on a real Spark: the properties start the agent, the cell sees it.

Databricks' own part is played: its class path has the JAR, its secret store knows one secret, and in the place of its
own listener, which nobody else has, stands one of Spark's. The script that brings the JAR: test_databricks_kit.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparklineage.model import event as ol
from sparklineage.targets import databricks
from tests.real.submission import Scene, spark_home
from tests.real.test_witness import agent_jar
from tests.support.databricks import BOTH, KEY, cluster_order, texts
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

EVENT_LOG = BOTH.partition(",")[0]
STATS = "org.apache.spark.scheduler.StatsReportListener"
JOB = """\
from pathlib import Path

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(3).write.parquet("written")
exec(compile(Path("check.py").read_text(), "check.py", "exec"))
spark.stop()
"""


@pytest.mark.parametrize(("spark", "release"), [("3.5", "16.4.x-scala2.12"), ("4.2", "19.x-scala2.13")])
def test_a_driver_reports_with_its_secret(tmp_path: Path, spark: str, release: str) -> None:
    with Receiver() as receiver:
        order = cluster_order({**KEY, "spark.openlineage.transport.url": receiver.url}, release=release)
        found = texts(databricks.render(order))
        conf = json.loads(found["cluster.json"])["spark_conf"]
        assert conf["spark.extraListeners"].startswith(EVENT_LOG)
        conf["spark.extraListeners"] = conf["spark.extraListeners"].replace(EVENT_LOG, STATS)
        conf = {key: "hunter2" if value == "{{secrets/lineage/key}}" else value for key, value in conf.items()}
        scene = Scene(folder=tmp_path / "job", spark=spark)
        scene.folder.mkdir()
        (scene.folder / "job.py").write_text(JOB)
        (scene.folder / "check.py").write_text(found["check.py"])
        words = [f"{key}={value}" for key, value in conf.items()]
        class_path = ["--driver-class-path", str(agent_jar(order.scala))]
        command = [str(spark_home(spark) / "bin" / "spark-submit"), *scene.quiet(), *class_path]
        done = scene.run_command([*command, *(one for word in words for one in ("--conf", word)), "job.py"])
        assert done.status == 0, done.stderr
    assert (
        done.stdout.decode().splitlines()[-1] == f"sparklineage: ok: the agent listens, type http, url {receiver.url}"
    )
    assert {headers["Authorization"] for headers in receiver.seen_headers} == {"Bearer hunter2"}
    written = [one for one in receiver.events for dataset in one.get("outputs") or () if "written" in dataset["name"]]
    assert {ol.job(one)[0] for one in written} == {"prod.flights"}
