"""Programs that nobody started through `submit`, with a real Spark, agent and witness."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sparklineage.model import event as ol
from tests.real.submission import Ended, Scene, by_run, names, state
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

PARENT = "0190a0a0-0000-7000-8000-000000000001"
SECRET = "canary-7c11-s3cret"
JOB = """\
import json, os, sys, time
import sparklineage
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

conf = json.loads(sys.argv[1])
def session():
    builder = SparkSession.builder.appName("Night Harbour").master("local[2]")
    for key, value in conf.items():
        builder = builder.config(key, value)
    return sparklineage.configure(builder).getOrCreate()
{begin}
print(json.dumps({{"check": str(sparklineage.check(spark)), "missing": sparklineage.check(spark).missing,
                   "way": app.way, "run": app.run_id}}), flush=True)

@sparklineage.reads("s3://rates/service")
def rate(number):
    return number

with sparklineage.step(spark, "load", inputs=["s3://rates/day"]) as step:
    spark.range(3).select(udf(rate, "long")("id").alias("id")).write.parquet("written")
    step.writes("s3://rates/copy")
with sparklineage.step(spark, "by hand", outputs=["s3://rates/report"]):
    pass
try:
    with sparklineage.step(spark, "fails", inputs=["s3://rates/feed"]) as step:
        step.writes("s3://rates/table")
        raise KeyError("rate")
except KeyError:
    pass
{end}
"""
DECLARED = {"day": "inputs", "service": "inputs", "copy": "outputs", "report": "outputs", "feed": "inputs",
            "table": "outputs"}  # fmt: skip
BEFORE = 'app = sparklineage.application(name="Night Harbour")\nspark = session()'
AFTER = "spark = session()\napp = sparklineage.application(spark)"


@dataclass(frozen=True, kw_only=True)
class Told:
    done: Ended
    events: list[dict[str, Any]]
    said: dict[str, Any]

    def job(self, *parts: str) -> list[dict[str, Any]]:
        """The events of the jobs whose names end so."""
        return [event for event in self.events if ol.job(event)[1].endswith(parts)]

    @property
    def application(self) -> list[dict[str, Any]]:
        return [event for event in self.events if ol.job_type(event) == "APPLICATION"]


def run(scene: Scene, begin: str, end: str, *, applications: int = 1, **environ: str) -> Told:
    """Run the job, and wait until as many applications have ended for the backend."""
    given = {key: value for key, _, value in (word.partition("=") for word in scene.quiet() if "=" in word)}
    (scene.folder / "job.py").write_text(JOB.format(begin=begin, end=end))
    environ |= {"PYTHONPATH": str(Path(__file__).parents[2]), "PYSPARK_PYTHON": sys.executable}
    if scene.spark != "4.2":
        home = Path(scene.clean_environ()["SPARK_HOME"])
        environ["PYTHONPATH"] += f":{home.parent}:{next((home / 'python' / 'lib').glob('py4j-*.zip'), '')}"
    with Receiver(marquez=False) as backend:
        done = scene.run_command(
            [sys.executable, "job.py", json.dumps(given)],
            OPENLINEAGE_URL=backend.url, OPENLINEAGE_PARENT_ID=f"airflow/dag.task/{PARENT}",
            DB_PASSWORD=SECRET, **environ,
        )  # fmt: skip
        until = time.monotonic() + 30
        while time.monotonic() < until and not _over(backend, applications):
            time.sleep(0.1)
        events = list(backend.events)
    assert done.stdout, done.stderr
    return Told(done=done, events=events, said=json.loads(done.stdout.splitlines()[0]))


def _over(backend: Receiver, applications: int = 1) -> bool:
    ended = [e for e in backend.events if ol.job_type(e) == "APPLICATION" and e["eventType"] in ol.TERMINAL]
    return len({ol.run_id(event) for event in ended}) >= applications


def whole(told: Told, end: str) -> None:
    """The run of the application, that of its query, and that of the step without one."""
    states = [event["eventType"] for event in told.application]
    assert (states[0], states[-1], states.count("START")) == ("START", end, 1)
    (run_id,) = {ol.run_id(event) for event in told.application}
    assert run_id == told.said["run"]
    assert told.application[0]["run"]["facets"]["parent"]["run"]["runId"] == PARENT
    writing = [event for event in told.events if any("written" in name for name in names(event, "outputs"))]
    assert state(writing) == "COMPLETE"
    assert "day" in names(writing[-1], "inputs")
    assert writing[-1]["run"]["facets"]["parent"]["run"]["runId"] == run_id
    for its, last in ((told.job(".by_hand"), "COMPLETE"), (told.job(".fails"), "FAIL")):
        assert [event["eventType"] for event in its] == ["START", last]
        assert its[0]["run"]["facets"]["parent"]["run"]["runId"] == run_id
    assert SECRET not in json.dumps(told.events)


def declared_once(told: Told, **more: str) -> None:
    """Each declared dataset is on one run, which has one start and one end, and that names it once."""
    for name, side in (DECLARED | more).items():
        (its,) = [its for its in by_run(told.events).values() if any(name in names(event, side) for event in its)]
        kinds = [event["eventType"] for event in its]
        assert kinds.count("START") == 1, name
        assert [kind in ol.TERMINAL for kind in kinds].index(True) == len(kinds) - 1, name
        assert [item["name"] for item in ol.datasets(its[-1], side)].count(name) == 1, name


def test_opened_before_the_session_it_reports_with_it(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene("raises")
    told = run(
        scene,
        BEFORE,
        'with sparklineage.step(spark, "last", inputs=["s3://rates/last"]):\n'
        "    raise ValueError(f\"login with {os.environ['DB_PASSWORD']} failed\")",
    )
    assert told.done.status == 1
    whole(told, "FAIL")
    declared_once(told, last="inputs")
    assert told.application[-1]["run"]["facets"]["errorMessage"]["message"] == "ValueError: login with ******** failed"
    assert told.said["missing"] == []
    shown = dict(line.split("  ", 1) for line in told.said["check"].splitlines())
    assert {name: value.strip() for name, value in shown.items() if name in ("agent", "witness")} == {
        "agent": "registered, 1.53.0", "witness": "registered"
    }  # fmt: skip


def test_opened_after_the_session_it_takes_over_its_journal(make_scene: Callable[..., Scene]) -> None:
    """Its exit is one of which Python itself is told nothing."""
    told = run(make_scene("exits"), AFTER, "raise SystemExit(3)", SPARKLINEAGE_DELIVERY_MODE="outbox")
    assert told.done.status == 3
    assert told.said["way"] == "journal"
    assert [event["eventType"] for event in told.application][-1] == "FAIL"
    message = told.application[-1]["run"]["facets"]["errorMessage"]["message"]
    assert message == "The application exited with status 3."
    declared_once(told)


def test_a_good_end_with_spark_3_5(make_scene: Callable[..., Scene]) -> None:
    told = run(make_scene("good", spark="3.5"), BEFORE, "spark.stop()")
    assert told.done.status == 0, told.done.stderr
    whole(told, "COMPLETE")
    declared_once(told)


def test_killed_right_after_a_declaration(make_scene: Callable[..., Scene]) -> None:
    killed = 'with sparklineage.step(spark, "last", inputs=["s3://rates/last"]):\n    os.kill(os.getpid(), 9)'
    told = run(make_scene("killed"), BEFORE, killed)
    assert told.done.status == -9
    whole(told, "ABORT")
    declared_once(told, last="inputs")
    assert [event["eventType"] for event in told.job(".last")] == ["START", "ABORT"]


STREAM = """
import pathlib, shutil
from sparklineage import facets
for number in range(6):
    pathlib.Path("masts", str(number) + ".json").write_text(json.dumps({"mast": number}))
def query(name, save):
    read = spark.readStream.schema("mast int").option("maxFilesPerTrigger", 1).json("masts").writeStream
    return read.foreachBatch(save).option("checkpointLocation", name).trigger(availableNow=True).start()
def save(batch, number):
    sparklineage.current_step().writes(sparklineage.Dataset.of("s3://rates/masts").with_facets(
        facets.output_statistics(rows=batch.count() + number)))
    if pathlib.Path("breaks").exists():
        shutil.rmtree("breaks/commits")
        pathlib.Path("breaks/commits").write_text("no folder")
shared = sparklineage.foreach_batch("harbour", save, inputs=["s3://rates/register"])
query("works", shared).awaitTermination(120)
try:
    query("breaks", shared).awaitTermination(120)
except Exception as error:
    print(type(error).__name__)
time.sleep(1)
spark.stop()
"""


def test_an_agent_that_sends_by_itself_has_steps_and_streams_beside_it(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene("direct")
    (scene.folder / "masts").mkdir()
    told = run(scene, AFTER, STREAM)
    assert told.done.status == 0, told.done.stderr
    assert told.said["way"] == "agent"
    application = {ol.run_id(event) for event in told.application}
    declared_once(told)
    for step, kinds in (
        (told.job(".load"), ["START", "RUNNING", "RUNNING", "COMPLETE"]),
        (told.job(".by_hand"), ["START", "COMPLETE"]),
        (told.job(".fails"), ["START", "RUNNING", "FAIL"]),
    ):
        assert [event["eventType"] for event in step] == kinds
        assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in step} == application
    assert "steps      direct: there is no journal, so openlineage-python sends them" in told.said["check"]
    works, breaks = by_run(told.job(".harbour")).values()
    assert [event["eventType"] for event in works] == ["START", "COMPLETE"]
    assert names(works[-1], "inputs") == {"register"}
    assert ol.datasets(works[-1], "outputs")[0]["outputFacets"]["outputStatistics"]["rowCount"] == 6
    assert [event["eventType"] for event in breaks] == ["START", "FAIL"]
    assert "commits" in breaks[-1]["run"]["facets"]["errorMessage"]["message"]
    # Nothing is between the agent and the backend: its runs of all the batches are there.
    assert len(by_run(told.job(".scan_json"))) == 7
