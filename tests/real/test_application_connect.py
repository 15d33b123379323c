"""A program over Spark Connect: its steps, its decorated functions and its streams, whose batches run on the server."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sparklineage.model import event as ol
from tests.real.submission import Scene, names, state, writing
from tests.real.test_application import PARENT, Told
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

JOB = """\
import json, pathlib, time
import sparklineage
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

spark = SparkSession.builder.remote("local[1]").config("spark.ui.enabled", "false").getOrCreate()
app = sparklineage.application(spark, name="Night Harbour")

@udf("int")
@sparklineage.reads("https://rates.example.com/v1")
def rate(number):
    return number

for name in ("load", "again"):
    with sparklineage.step(spark, name, outputs=["s3://rates/day"]):
        spark.range(3).select(rate("id")).collect()
print(json.dumps({"check": str(sparklineage.check(spark)), "way": app.way, "run": app.run_id}))

masts = pathlib.Path("masts").absolute()
def put(number):
    (masts / f"{number}.json").write_text(json.dumps({"mast": number}))
def start(name, save, **trigger):
    read = spark.readStream.schema("mast int").option("maxFilesPerTrigger", 1).json(str(masts)).writeStream
    return read.foreachBatch(save).option("checkpointLocation", str(masts.parent / name)).trigger(**trigger).start()
masts.mkdir()
for number in range(3):
    put(number)

def count(batch, _number):
    batch.count()
def breaks(batch, number):
    if number == 1:
        raise ValueError("the mast is broken")
    sparklineage.current_step().writes("s3://rates/unseen")

with sparklineage.step(spark, "by decorator"):
    start("plain", sparklineage.writes("s3://rates/masts")(count), availableNow=True).awaitTermination(120)
try:
    start("breaks", sparklineage.foreach_batch("breaks", breaks, inputs=["s3://rates/a"]), availableNow=True
          ).awaitTermination(120)
except Exception as error:
    print(type(error).__name__)
saved = sparklineage.foreach_batch("harbour", sparklineage.writes("s3://rates/port")(count),
                                   inputs=["s3://rates/b"], interval=1.5)
query = start("harbour", saved, processingTime="200 milliseconds")
begun = time.time()
for number in range(3, 23):
    put(number)
    time.sleep(0.25)
query.stop()
print(time.time() - begun)
try:
    with sparklineage.step(spark, "fails"):
        spark.sql("SELECT * FROM absent").collect()
finally:
    spark.stop()
"""

FUNCTIONS = """\
import sparklineage
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

def reads(name):
    return sparklineage.reads(f"https://rates.example.com/{name}")

@reads("registered")
def rate(number):
    return number

with sparklineage.application(name="Night Harbour"):
    builder = SparkSession.builder.remote("local[1]").config("spark.ui.enabled", "false")
    spark = sparklineage.configure(builder).getOrCreate()
    spark.udf.register("to_eur", rate, "long")
    spark.udf.register("never", reads("never")(lambda number: number), "long")
    in_sql = spark.sql("SELECT to_eur(id) AS x FROM range(3)")
    in_sql.write.parquet("by_name")
    spark.range(3).select(udf(reads("text")(lambda x: x), "long")("id").alias("x")).write.parquet("by_text")
    with sparklineage.step(spark, "load"):
        spark.range(3).select(udf(reads("step")(rate.__wrapped__), "long")("id").alias("x")).collect()
        in_sql.write.parquet("inside")

    @reads("column")
    def column(number):
        return number

    spark.range(3).select(udf(column, "long")("id").alias("x")).write.parquet("by_column")
spark.stop()
"""


def _wait_for_the_port() -> None:
    """A server that PySpark starts itself has the usual port, and outlives its client by a moment."""
    until = time.monotonic() + 60
    while True:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("0.0.0.0", 15002))  # noqa: S104 - as the server does
            except OSError:
                assert time.monotonic() < until, "port 15002 stays taken"
                time.sleep(0.2)
            else:
                return


@pytest.mark.parametrize(("way", "spark"), [("client", "4.2"), ("journal", "4.2"), ("journal", "4.0")])
def test_steps_and_streams_over_spark_connect(make_scene: Callable[..., Scene], way: str, spark: str) -> None:
    """A server of its own, whose JVM the client does not see: sent by openlineage-python, or by our own relay."""
    scene = make_scene(way, spark=spark)
    (scene.folder / "job.py").write_text(JOB)
    _wait_for_the_port()
    with Receiver(marquez=False) as backend:
        given = {"OPENLINEAGE_URL": backend.url} | ({"SPARKLINEAGE_DELIVERY_MODE": "direct"} if way == "client" else {})
        done = scene.run_command(
            [sys.executable, "job.py"], **_python(scene), **given, OPENLINEAGE_PARENT_ID=f"airflow/dag.task/{PARENT}"
        )
        until = time.monotonic() + 30
        while time.monotonic() < until and not any(map(_is_the_end, backend.events)):
            time.sleep(0.1)
        assert done.stdout, done.stderr
        told = Told(done=done, events=list(backend.events), said=json.loads(done.stdout.splitlines()[0]))
    assert done.status == 1, done.stderr
    assert told.said["way"] == way
    assert "agent      cannot be seen from here" in told.said["check"]
    assert [event["eventType"] for event in told.application] == ["START", "FAIL"]
    assert told.events[0] == told.application[0]
    assert told.application[0]["run"]["facets"]["parent"]["run"]["runId"] == PARENT
    assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in told.job("")} == {told.said["run"], PARENT}
    # The function was made before the steps, and is sent with each plan.
    for name in (".load", ".again"):
        its = told.job(name)
        assert (state(its), names(its[-1], "inputs"), names(its[-1], "outputs")) == ("COMPLETE", {"v1"}, {"day"})
    by_decorator = told.job(".by_decorator")
    assert (state(by_decorator), names(by_decorator[-1], "outputs")) == ("COMPLETE", {"masts"})
    assert {ol.job(event)[1].partition(".")[2] for event in told.events} == {
        "", "load", "again", "by_decorator", "breaks", "harbour", "fails"
    }  # fmt: skip
    fails = told.job(".fails")
    assert state(fails) == "FAIL"
    assert "TABLE_OR_VIEW_NOT_FOUND" in fails[-1]["run"]["facets"]["errorMessage"]["message"]
    _streams(told)


@pytest.mark.parametrize("spark", ["4.2", "4.0"])
def test_a_server_in_this_process_has_what_functions_declare_on_its_queries(
    make_scene: Callable[..., Scene], spark: str
) -> None:
    scene = make_scene("functions", spark=spark)
    (scene.folder / "job.py").write_text(FUNCTIONS)
    _wait_for_the_port()
    done = scene.run_command([sys.executable, "job.py"], **_python(scene))
    assert done.status == 0, done.stderr
    events = scene.events()
    found = {name: names(writing(events, name)[-1], "inputs") for name in ("by_name", "by_text", "by_column", "inside")}
    assert found == {"by_name": {"registered"}, "by_text": {"text"}, "by_column": {"column"}, "inside": {"registered"}}
    assert {ol.job(event)[1].partition(".")[2] for event in events if ol.job_type(event) == "STEP"} == {"load", "never"}
    assert done.stderr.count("declared, never executed by a query: 'never';") == 1


def _streams(told: Told) -> None:
    """Their runs last as long as the queries, which run on the server."""
    breaks, harbour = told.job(".breaks"), told.job(".harbour")
    assert [event["eventType"] for event in breaks] == ["START", "FAIL"]
    assert "the mast is broken" in breaks[-1]["run"]["facets"]["errorMessage"]["message"]
    assert told.done.stderr.count("what they declare there cannot be seen") == 1
    assert told.done.stdout.split()[-2] == b"StreamingQueryException"
    kinds = [event["eventType"] for event in harbour]
    took = _at(harbour[-1]) - _at(harbour[0])
    assert kinds == ["START", *["RUNNING"] * (len(kinds) - 2), "COMPLETE"]
    assert 2 <= kinds.count("RUNNING") <= took / 1.5
    assert abs(float(told.done.stdout.split()[-1]) - took) < 3
    assert (names(harbour[-1], "inputs"), names(harbour[-1], "outputs")) == ({"b"}, {"port"})
    assert _at(breaks[-1]) - _at(breaks[0]) > 0.1
    assert harbour[0]["job"]["facets"]["jobType"]["processingType"] == "STREAMING"


def _python(scene: Scene) -> dict[str, str]:
    """What a plain `python` needs for the Spark of the scene."""
    path = str(Path(__file__).parents[2])
    if scene.spark != "4.2":
        home = Path(scene.clean_environ()["SPARK_HOME"])
        path += f":{home.parent}:{next((home / 'python' / 'lib').glob('py4j-*.zip'), '')}"
    return {"PYTHONPATH": path, "PYSPARK_PYTHON": sys.executable}


def _is_the_end(event: dict[str, Any]) -> bool:
    return ol.job_type(event) == "APPLICATION" and event["eventType"] in ol.TERMINAL


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).timestamp()
