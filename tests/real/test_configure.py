"""Properties that other ways than `submit` hand to a real Spark: a builder in plain Python, a file, options."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sparklineage.model import event as ol
from tests.real.submission import Ended, Scene, by_run, lines, names, spark_home, state
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

CANARY = "canary-5b20c6d4"
STATS = "org.apache.spark.scheduler.StatsReportListener"
JOB = """\
import json
import sys
from pathlib import Path

import sparklineage
from pyspark.sql import SparkSession

builder = SparkSession.builder.appName("harbour").master("local[2]")
for key, value in json.loads(sys.argv[1]).items():
    builder = builder.config(key, value)
spark = sparklineage.configure(builder).getOrCreate()
spark.range(3).write.parquet("written")
try:
    sparklineage.configure(SparkSession.builder)
except Exception as error:
    print(json.dumps({"refused": f"{type(error).__name__}: {error}"}))
print(json.dumps({
    "conf": dict(spark.sparkContext.getConf().getAll()),
    "listeners": spark.sparkContext._jsc.sc().listenerBus().listeners().toString(),
    "resource": str(spark._jvm.Thread.currentThread().getContextClassLoader().getResource("harbour.txt")),
    "commands": [path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline")
                 if b"org.apache.spark.deploy" in path.read_bytes()],
}))
spark.stop()
"""
BARE = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("bare").getOrCreate()
spark.range(3).write.parquet("written")
spark.stop()
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    scene: Scene
    done: Ended
    refused: str
    conf: dict[str, str]
    listeners: str
    resource: str
    commands: list[str]


def _run(scene: Scene, options: dict[str, str], **environ: str) -> Told:
    quiet = [word.partition("=") for word in scene.quiet() if "=" in word]
    given = {key: value for key, _, value in quiet} | options
    (scene.folder / "job.py").write_text(JOB)
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = scene.run_command([sys.executable, "job.py", json.dumps(given)], **environ)
    assert done.status == 0, done.stderr
    told: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        told |= json.loads(line)
    return Told(scene=scene, done=done, **told)


@pytest.fixture(scope="module")
def outbox(make_scene: Callable[..., Scene]) -> Told:
    """Without a backend, with listeners and JARs of the user's own in the builder and in spark-defaults.conf."""
    scene = make_scene("outbox")
    jar = scene.folder / "harbour.jar"
    with ZipFile(jar, "w") as file:
        file.writestr("harbour.txt", "ships")
    (scene.folder / "conf").mkdir()
    (scene.folder / "conf" / "spark-defaults.conf").write_text(
        f"spark.extraListeners {STATS}\nspark.openlineage.namespace the-north\n"
    )
    (scene.folder / "sparklineage.yml").write_text("namespace: ours\nfilter: {rddEventsDisabled: true}\n")
    return _run(scene, {"spark.jars": str(jar)}, SPARK_CONF_DIR=str(scene.folder / "conf"))


def test_the_run_is_in_the_journal(outbox: Told) -> None:
    """As each application with the properties makes its own folder, `runs` knows it by the witness's word."""
    events = lines(outbox.scene.run.agent)
    assert {ol.job(event)[0] for event in events} == {"the-north"}
    (writing,) = [its for its in by_run(events).values() if any("written" in names(event, "outputs") for event in its)]
    assert state(writing) == "COMPLETE"
    listed = outbox.scene.run_command(outbox.scene.command("runs"))
    assert listed.status == 0, listed.stderr
    assert b"harbour" in listed.stdout


def test_the_users_own_stays_and_is_joined(outbox: Told) -> None:
    assert outbox.conf["spark.extraListeners"].split(",") == [
        "io.sparklineage.Witness",
        STATS,
        "io.openlineage.spark.agent.OpenLineageSparkListener",
    ]
    for listener in ("Witness@", "StatsReportListener@", "OpenLineageSparkListener@"):
        assert outbox.listeners.count(listener) == 1
    assert outbox.conf["spark.jars"].split(",")[0].endswith("/harbour.jar")
    assert outbox.resource.endswith("harbour.jar!/harbour.txt")
    assert outbox.conf["spark.openlineage.namespace"] == "the-north"


def test_a_second_call_is_refused_while_the_session_runs(outbox: Told) -> None:
    assert outbox.refused.startswith(
        "SessionRunsError: A Spark session already runs: spark.extraListeners and spark.jars"
    )


def test_the_agent_sends_with_key_header_path_and_parameter(make_scene: Callable[..., Scene]) -> None:
    """And nothing that Spark writes or shows holds the key, nor does any command line."""
    scene = make_scene("direct")
    (scene.folder / "log").mkdir()
    with Receiver() as backend:
        (scene.folder / "sparklineage.yml").write_text(
            f"transport:\n  url: {backend.url}/prefix?team=a\n"
            "  auth: {apiKey: env:CANARY}\n  headers: {X-Team: data, X-Key: env:CANARY_TOO}\n"
        )
        log = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false",
               "spark.eventLog.dir": (scene.folder / "log").as_uri()}  # fmt: skip
        told = _run(scene, log, CANARY=f"{CANARY}-a", CANARY_TOO=f"{CANARY}-b")
    assert {event["eventType"] for event in backend.events} >= {"START", "COMPLETE"}
    assert set(backend.paths) == {"/prefix/api/v1/lineage?team=a"}
    sent = {
        tuple(headers.get(name) for name in ("Authorization", "X-Team", "X-Key")) for headers in backend.seen_headers
    }
    assert sent == {(f"Bearer {CANARY}-a", "data", f"{CANARY}-b")}
    assert told.conf["spark.openlineage.transport.url"] == backend.url
    (command,) = {command for command in told.commands if backend.url in command}
    assert "spark.openlineage.transport.url" in command
    assert CANARY not in f"{told.commands} {told.conf} {told.done.stderr}"
    written = [path for path in scene.folder.rglob("*") if path.is_file()]
    assert [path for path in written if b"spark.openlineage.transport.url" in path.read_bytes()]
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(("spark", "form"), [("4.2", "properties"), ("3.5", "args")])
def test_a_bare_spark_submit_takes_what_conf_shows(tmp_path: Path, spark: str, form: str) -> None:
    """As a file, and as a shell's words: the agent and the witness write into the journal."""
    scene = Scene(folder=tmp_path, spark=spark)
    (tmp_path / "job.py").write_text(BARE)
    (tmp_path / "sparklineage.yml").write_text(
        'namespace: "it\'s $HOME \\\\ é"\nspark: {spark.extraListeners: ' + STATS + "}\n"
    )
    home = spark_home(spark)
    fetched = scene.run_command(scene.command("jar", "fetch", "--spark-home", home))
    assert fetched.status == 0, fetched.stderr
    shown = scene.run_command(scene.command("conf", "show", "--format", form, "--spark-home", home))
    assert (shown.status, shown.stderr) == (0, "")
    if form == "properties":
        (tmp_path / "lineage.conf").write_bytes(shown.stdout)
        options = ["--properties-file", "lineage.conf"]
    else:
        options = shlex.split(shown.stdout.decode().replace(" \\\n", " "))
    done = scene.run_command([str(home / "bin" / "spark-submit"), *scene.quiet(), *options, "job.py"])
    assert done.status == 0, done.stderr
    events = lines(scene.run.agent)
    assert {ol.job(event)[0] for event in events} == {"it's $HOME \\ é"}
    assert any("written" in names(event, "outputs") for event in events)
    assert [record["type"] for record in lines(scene.run.witness)][0::1]
    assert scene.witnessed("applicationEnd")
