"""Applications that no `submit` waits for, under a static conf: the relay tells the state of the process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder, read_json, run_folders
from sparklineage.witness import ABSENT_NAME, absent_jar_path, jar_path
from tests.real.test_witness import REPOSITORY, agent_jar, complete, spark_home
from tests.support.receiver import Receiver

JOBS = Path(__file__).parent / "jobs"
LISTENERS = "io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener"

pytestmark = pytest.mark.spark


@dataclass
class Cluster:
    """A Spark whose conf names the witness, the agent and a spool that is shared by a group."""

    version: str
    folder: Path
    statuses: dict[str, int] = field(default_factory=dict)
    """Exit statuses by the application's name."""

    def __post_init__(self) -> None:
        self.home = spark_home(self.version)
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        self.spool.chmod(0o3773)
        self.jars = self.folder / "jars"
        self.jars.mkdir()
        for jar, name in ((jar_path(), "witness.jar"), (absent_jar_path(), ABSENT_NAME)):
            shutil.copy(jar, self.jars / name)
        conf = {
            "spark.master": "local[2]",
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": f"{self.folder}/w",
            "spark.driver.extraClassPath": f"{self.jars}/*",
            "spark.extraListeners": LISTENERS,
            "spark.sparklineage.spool": str(self.spool),
        }
        (self.folder / "conf").mkdir()
        text = "".join(f"{key} {value}\n" for key, value in conf.items())
        (self.folder / "conf" / "spark-defaults.conf").write_text(text)
        python = shutil.which("python3", path=REPOSITORY / ".venv" / "bin") or sys.executable
        self.python = python
        self.environ = {**os.environ, "SPARK_HOME": str(self.home), "SPARK_CONF_DIR": f"{self.folder}/conf",
                        "PYSPARK_PYTHON": python, "PYTHONWARNINGS": "ignore",
                        "SPARK_SUBMIT_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}  # fmt: skip
        self.environ.pop("PYTHONPATH", None)

    def use_the_agent(self) -> None:
        """As a node does whose agent has arrived: the agent first, then the stand-in goes."""
        shutil.copy(agent_jar("2.12" if self.version == "3.5" else "2.13"), self.jars)
        (self.jars / ABSENT_NAME).unlink()

    def run(self, stop: str, how: str, *, kill: signal.Signals | None = None, app: str = "end.py") -> str:
        """Run one application to its end; its output."""
        name = f"{stop} {how}"
        arguments: list[str | Path] = [self.folder / "out", stop, how]
        command: list[str | Path] = [self.home / "bin" / "spark-submit", JOBS / "end.py", *arguments]
        environ = dict(self.environ)
        if app == "End":
            jar = self.folder / "end.jar"
            command = [self.home / "bin" / "spark-submit", "--class", "End", jar, *arguments]
        elif app == "gateway":
            environ["PYTHONPATH"] = os.pathsep.join(map(str, (self.home / "python" / "lib").glob("py*.zip")))
            command = [self.python, JOBS / "end.py", *arguments]
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environ, stdout=output, stderr=output, start_new_session=True, umask=0o077
            )
        try:
            if kill is not None:
                until = time.monotonic() + 240
                while "waiting" not in log.read_text().split():
                    assert time.monotonic() < until and process.poll() is None, log.read_text()[-4000:]
                    time.sleep(0.1)
                process.send_signal(kill)  # to the JVM: spark-submit has become it
            self.statuses[name] = process.wait(timeout=300)
        finally:
            if app != "gateway" or process.poll() is None:  # that JVM ends by itself, a little later
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # what a killed JVM leaves behind
        return log.read_text()

    def compile(self) -> None:
        classes = self.folder / "classes"
        subprocess.run(["javac", "-cp", f"{self.home}/jars/*", "-d", classes, JOBS / "End.java"], check=True)
        subprocess.run(["jar", "cf", self.folder / "end.jar", "-C", classes, "."], check=True)

    def runs(self) -> dict[str, RunFolder]:
        """Every run by its application's name."""
        return {complete(run.witness)[0]["applicationName"]: run for run in run_folders(self.spool)}


@dataclass(frozen=True)
class Seen:
    """What the relay made of the cluster's spool."""

    cluster: Cluster
    ends: dict[str, dict[str, Any]]
    """The application's terminal event as a backend got it, by run id."""

    def told(self, name: str) -> tuple[str, str]:
        """State and message of this application."""
        run = self.cluster.runs()[name]
        event = self.ends[run.run_id]
        assert (read_json(run.settled) or {})["state"] == event["eventType"]
        return event["eventType"], event["run"]["facets"].get("errorMessage", {}).get("message", "")


@pytest.fixture(scope="module", params=["4.2", "3.5"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    if not shutil.which("javac"):
        pytest.skip("the application is Java source, which takes a JDK")
    cluster = Cluster(request.param, tmp_path_factory.mktemp("end"))
    said = cluster.run("stop", "without an agent")
    assert "Extension io.openlineage.spark.agent.OpenLineageSparkListener not being initialized" in said
    cluster.use_the_agent()
    cluster.compile()
    cluster.run("stop", "returns")
    cluster.run("stop", "exits 3")
    cluster.run("open", "raises")
    cluster.run("open", "waits for TERM", kill=signal.SIGTERM)
    cluster.run("stop", "waits for KILL", kill=signal.SIGKILL)
    cluster.run("stop", "notebook", app="gateway")
    cluster.run("stop", "java", app="End")
    cluster.run("open", "exits java", app="End")
    cluster.run("stop", "throws java", app="End")
    with Receiver() as receiver:
        command = [sys.executable, "-m", "sparklineage", "relay", "watch", "--once", "--journal", str(cluster.spool)]
        done = subprocess.run(
            [*command, "--backend", receiver.url], cwd=cluster.folder, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    ends = {
        event["run"]["runId"]: event
        for event in receiver.events
        if event["eventType"] in ("COMPLETE", "FAIL", "ABORT")
        and event["job"]["facets"]["jobType"]["jobType"] == "APPLICATION"
    }
    return Seen(cluster, ends)


@pytest.mark.parametrize(
    ("name", "status", "state", "message"),
    [
        ("stop without an agent", 0, "COMPLETE", ""),
        ("stop returns", 0, "COMPLETE", ""),
        ("stop exits 3", 3, "FAIL", "The application exited with status 3."),
        ("open raises", 1, "FAIL", "The application exited with status 1."),
        ("open waits for TERM", 143, "ABORT", "The driver was ended by SIGTERM."),
        ("stop waits for KILL", -9, "ABORT", "The driver is gone and nothing recorded how it ended: it was killed"),
        ("stop notebook", 0, "COMPLETE", ""),
        ("stop java", 0, "COMPLETE", ""),
        ("open exits java", 5, "FAIL", ""),
        ("stop throws java", 1, "FAIL", "java.lang.IllegalStateException: the harvest failed"),
    ],
)
def test_state_is_how_the_process_ended(seen: Seen, name: str, status: int, state: str, message: str) -> None:
    assert seen.cluster.statuses[name] == status
    found, said = seen.told(name)
    assert found == state
    assert said.startswith(message)
    assert bool(said) == (state != "COMPLETE")


def test_every_application_has_one_run(seen: Seen) -> None:
    assert len(run_folders(seen.cluster.spool)) == len(seen.cluster.statuses) == len(seen.ends) == 10


def test_what_runs_in_the_main_thread_is_told(seen: Seen) -> None:
    mains = {name: complete(run.witness)[0]["main"] for name, run in seen.cluster.runs().items()}
    assert {name for name, main in mains.items() if main == "java"} == {
        "stop java",
        "open exits java",
        "stop throws java",
    }
    assert [name for name, main in mains.items() if main == "gateway"] == ["stop notebook"]
    assert mains["stop returns"] == "python"


def test_run_folders_belong_to_the_spools_group_whatever_the_umask(seen: Seen) -> None:
    """The relay reads them by that group, and no one else does."""
    for name, run in seen.cluster.runs().items():
        assert run.path.stat().st_mode & 0o7777 == 0o2770, name
        for path in (run.witness, run.agent, run.steps):
            assert path.stat().st_mode & 0o777 == 0o660, (name, path.name)
            assert path.stat().st_gid == seen.cluster.spool.stat().st_gid


def test_the_agent_writes_once_it_is_there(seen: Seen) -> None:
    runs = seen.cluster.runs()
    assert runs["stop without an agent"].agent.stat().st_size == 0
    outputs = {output["name"] for event in complete(runs["stop returns"].agent) for output in event.get("outputs", [])}
    assert outputs == {f"{seen.cluster.folder}/out/stop-returns"}
