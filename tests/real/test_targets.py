"""What local targets write, executed: the same events arrive, whichever way a Spark was told.

The files come from `conf TARGET`, as a user gets them; Spark 4.2, 4.0 and 3.5 read them, with the genuine agent.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from sparklineage.model import event as ol
from tests.real.submission import SPARKS, Ended, Scene, ended, spark_home
from tests.real.test_witness import agent_jar
from tests.support.receiver import Event, Receiver

pytestmark = pytest.mark.spark

NAME = 'Daily "flights", $HOME'
KEY = 'canary-2e77"\\'
WORK = """\
import sys
from pathlib import Path


def work(spark):
    here = Path(sys.argv[1]).as_uri()
    # Of a schema that Spark has to find itself, the agent tells the start alone, or the end too, or neither.
    flights = spark.read.schema("tail string, delay string").option("header", "true").csv(f"{here}/flights.csv")
    flights.createOrReplaceTempView("flights")
    planes = spark.read.schema("tail string, seats bigint").parquet(f"{here}/planes")
    planes.createOrReplaceTempView("planes")
    late = spark.sql("select f.tail, p.seats, f.delay from flights f join planes p on f.tail = p.tail")
    late.write.parquet(f"{here}/late")
    spark.sql("select tail, count(*) as often from flights group by tail").write.csv(f"{here}/often")
    spark.stop()
"""
SUBMITTED = """\
from pyspark.sql import SparkSession
from work import work

work(SparkSession.builder.getOrCreate())
"""
WRAPPED = """\
import json
import sys

from lineage import with_lineage
from pyspark.sql import SparkSession
from work import work

builder = SparkSession.builder
for key, value in json.loads(sys.argv[2]).items():
    builder = builder.config(key, value)
work(with_lineage(builder).getOrCreate())
"""
REMOTE = """\
import sys

from pyspark.sql import SparkSession
from work import work

work(SparkSession.builder.remote(sys.argv[2]).getOrCreate())
"""
START = """\
#!/usr/bin/env bash
# Spark's own script does the same in the background; pip brings none.
echo $$ >"$SPARK_HOME"/pid
exec "$SPARK_HOME"/bin/spark-submit --class org.apache.spark.sql.connect.service.SparkConnectServer "$@"
"""


class Bench:
    """One Spark, its input and a backend; each way of telling Spark gets a folder of its own."""

    def __init__(self, folder: Path, spark: str, receiver: Receiver) -> None:
        self.folder, self.spark, self.receiver = folder, spark, receiver
        self.home = spark_home(spark)
        self.scala = SPARKS[spark][1]
        self.jars = folder / "jars"
        self.jars.mkdir()
        jar = agent_jar(self.scala)
        shutil.copy(jar, self.jars / jar.name)

    def scene(self, way: str) -> Scene:
        """A folder with the input of the job and its parts."""
        scene = Scene(folder=self.folder / way, spark=self.spark)
        scene.folder.mkdir()
        for name, text in (("work", WORK), ("submitted", SUBMITTED), ("wrapped", WRAPPED), ("remote", REMOTE)):
            (scene.folder / f"{name}.py").write_text(text)
        data = scene.folder / "data"
        data.mkdir()
        (data / "flights.csv").write_text("tail,delay\nA1,3\nB2,40\n")
        shutil.copytree(self.planes, data / "planes")
        return scene

    @property
    def planes(self) -> Path:
        """Parquet, written without any Spark."""
        import pyarrow as pa  # type: ignore[import-untyped] # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415

        folder = self.folder / "planes"
        if not folder.exists():
            folder.mkdir()
            parquet.write_table(pa.table({"tail": ["A1", "B2"], "seats": [2, 180]}), folder / "part-0.parquet")
        return folder

    def rendered(self, scene: Scene, target: str, *words: str, **section: str) -> Path:
        """The folder with everything that `conf TARGET` writes."""
        keyed = {"auth": {"type": "api_key", "apiKey": "env:LINEAGE_KEY"}} if target.startswith(("spark", "py")) else {}
        document: dict[str, Any] = {
            "namespace": "prod.flights",
            "job": {"name": NAME},
            "transport": {"type": "http", "url": self.receiver.url, **keyed},
            "delivery": {"mode": "direct"},
            "agent": {"scala": self.scala},
            "platforms": {target: {"artifacts": str(self.jars), **section}},
        }
        config = scene.folder / "sparklineage.yml"
        config.write_text(yaml.safe_dump(document))
        done = scene.run_command(scene.command("conf", target, "--out", scene.folder / "out", *words))
        assert done.status == 0, done.stderr
        assert f"Agent {agent_jar(self.scala).stem.rpartition('-')[2]} for Scala {self.scala}" in done.stderr
        return scene.folder / "out"

    def submit(self, scene: Scene, *words: str | Path, **environ: str) -> Ended:
        """Start something with this Spark's spark-submit on PATH."""
        path = f"{self.home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environ = {"PATH": path, "LINEAGE_KEY": KEY, "PYSPARK_PYTHON": sys.executable, **environ}
        done = scene.run_command([*map(str, words)], **environ)
        assert done.status == 0, done.stderr[-8000:]
        return done

    def python_path(self, *folders: Path) -> str:
        """Where a program finds the pyspark of this Spark."""
        theirs = [self.home.parent, *(self.home / "python" / "lib").glob("py4j-*.zip")] if self.spark != "4.2" else []
        return ":".join(map(str, (*folders, *theirs)))

    def arrived(self, scene: Scene, *, key: str | None = KEY) -> list[Event]:
        """The events of the last way, and that each of them came with the key."""
        events, headers = list(self.receiver.events), list(self.receiver.seen_headers)
        self.receiver.events.clear()
        self.receiver.seen_headers.clear()
        assert {one.get("Authorization") for one in headers} == {f"Bearer {key}" if key else None}
        text = json.dumps(events).replace(str(scene.folder), "FOLDER")
        found: list[Event] = json.loads(text)
        return found


def submitted(bench: Bench) -> list[Event]:
    """The script, with options of the user's own and the application behind it."""
    scene = bench.scene("submitted")
    out = bench.rendered(scene, "spark-submit")
    bench.submit(scene, out / "spark-submit.sh", *scene.quiet(), "submitted.py", scene.folder / "data")
    return bench.arrived(scene)


def by_arguments(bench: Bench) -> list[Event]:
    """The list, with the application in it, merged with one of the user's."""
    scene = bench.scene("by-arguments")
    mine = scene.folder / "mine.json"
    mine.write_text(json.dumps([*scene.quiet(), "--jars", str(next(bench.jars.iterdir())), "submitted.py",
                                str(scene.folder / "data")]))  # fmt: skip
    out = bench.rendered(scene, "spark-submit", "--into", str(mine))
    argv = json.loads((out / "mine.json").read_text())
    bench.submit(scene, "spark-submit", *argv, **_variables(KEY))
    return bench.arrived(scene)


def by_file(bench: Bench) -> list[Event]:
    """The file, behind lines of the user's own."""
    scene = bench.scene("by-file")
    mine = scene.folder / "mine.conf"
    mine.write_text("spark.ui.enabled  false\nspark.x C:\\\\dir\\\n")
    out = bench.rendered(scene, "spark-defaults", "--into", str(mine))
    bench.submit(
        scene, "spark-submit", "--properties-file", out / "mine.conf", *scene.quiet(), "submitted.py",
        scene.folder / "data", **_variables(KEY),
    )  # fmt: skip
    return bench.arrived(scene)


def wrapped(bench: Bench) -> list[Event]:
    """The module, imported by a program that plain python runs."""
    scene = bench.scene("wrapped")
    out = bench.rendered(scene, "pyspark")
    own = [word.partition("=") for word in scene.quiet() if "=" in word]
    options = {"spark.master": "local[2]", **{key: value for key, _, value in own}}
    bench.submit(scene, sys.executable, "wrapped.py", scene.folder / "data", json.dumps(options),
                 PYTHONPATH=bench.python_path(out), SPARK_HOME=str(bench.home))  # fmt: skip
    return bench.arrived(scene)


def connected(bench: Bench) -> list[Event]:
    """The server, started by the script; a client of it sets nothing."""
    scene = bench.scene("connected")
    out = bench.rendered(scene, "spark-connect")
    home = scene.folder / "spark"
    home.mkdir()
    for entry in bench.home.iterdir():
        if entry.name != "sbin":
            (home / entry.name).symlink_to(entry)
    (home / "sbin").mkdir()
    start = home / "sbin" / "start-connect-server.sh"
    start.write_text(START)
    start.chmod(0o755)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [
        str(out / "start-connect-server.sh"),
        *scene.quiet(),
        "--conf",
        f"spark.connect.grpc.binding.port={port}",
    ]
    server = scene.start(command, SPARK_HOME=str(home), LINEAGE_KEY=KEY)
    try:
        _wait_for(port, server)
        bench.submit(scene, sys.executable, "remote.py", scene.folder / "data", f"sc://127.0.0.1:{port}",
                     PYTHONPATH=bench.python_path())  # fmt: skip
    finally:
        os.kill(int((home / "pid").read_text()), signal.SIGTERM)
        ended(server)
    return bench.arrived(scene)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, ended(server)
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def _variables(key: str) -> dict[str, str]:
    """What the notes tell the user to set."""
    prefix = "OPENLINEAGE__TRANSPORT__"
    return {f"{prefix}TYPE": "http", f"{prefix}AUTH__TYPE": "api_key", f"{prefix}AUTH__API_KEY": json.dumps(key)}


class Told(NamedTuple):
    """What the events of one way say, without what differs from run to run."""

    events: set[tuple[str, str, tuple[str, ...], tuple[str, ...]]]
    """Type, job, inputs and outputs of each that starts or ends something."""
    facets: set[tuple[str, tuple[str, ...]]]
    """Job and the columns of its outputs."""


def told(events: list[Event]) -> Told:
    kinds = {"START", *ol.TERMINAL}
    chosen = [event for event in events if event["eventType"] in kinds]
    return Told(
        {(event["eventType"], ol.job(event)[1], _names(event, "inputs"), _names(event, "outputs")) for event in chosen},
        {(ol.job(event)[1], _columns(event)) for event in chosen if event["eventType"] == "COMPLETE"},
    )


def assert_same(found: Told, plain: Told) -> None:
    """Also counted from each side: what is there more, and what less."""
    assert (found.events - plain.events, plain.events - found.events) == (set(), set())
    assert found.facets == plain.facets


def _names(event: Event, side: str) -> tuple[str, ...]:
    return tuple(sorted(item["name"] for item in ol.datasets(event, side)))


def _columns(event: Event) -> tuple[str, ...]:
    fields = (item.get("facets", {}).get("schema", {}).get("fields", ()) for item in ol.datasets(event, "outputs"))
    return tuple(sorted(field["name"] for some in fields for field in some))


@pytest.fixture(scope="module", params=["4.2", "4.0", "3.5"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Receiver() as receiver:
        yield Bench(tmp_path_factory.mktemp(f"spark-{request.param}"), request.param, receiver)


@pytest.fixture(scope="module")
def plain(bench: Bench) -> Told:
    """The events of `spark-submit`, which the other ways are compared with; and that they are whole."""
    found = told(submitted(bench))
    work = {(kind, inputs, outputs) for kind, _, inputs, outputs in found.events if outputs and kind == "COMPLETE"}
    data = "FOLDER/data"
    assert work == {
        ("COMPLETE", (f"{data}/flights.csv", f"{data}/planes"), (f"{data}/late",)),
        ("COMPLETE", (f"{data}/flights.csv",), (f"{data}/often",)),
    }
    assert {columns for _, columns in found.facets if columns} == {("delay", "seats", "tail"), ("often", "tail")}
    return found


@pytest.mark.parametrize("way", [by_file, wrapped], ids=lambda way: way.__name__)
def test_each_way_tells_the_same(bench: Bench, plain: Told, way: Callable[[Bench], list[Event]]) -> None:
    assert_same(told(way(bench)), plain)


@pytest.mark.parametrize("bench", ["4.2"], indirect=True)
def test_arguments_merged_with_the_users_tell_the_same(bench: Bench, plain: Told) -> None:
    assert_same(told(by_arguments(bench)), plain)


@pytest.mark.parametrize("bench", ["4.2", "4.0"], indirect=True)
def test_a_server_of_connect_tells_the_same(bench: Bench, plain: Told) -> None:
    """Spark 3.5 brings no server on board."""
    assert_same(told(connected(bench)), plain)
