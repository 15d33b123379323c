"""`sparklineage submit` run for real: a folder and a clean environment for each scene, and what a run left behind."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparklineage.journal import LineReader, RunFolder, run_folders
from sparklineage.model import event as ol
from tests.support.receiver import Event

REPOSITORY = Path(__file__).parents[2]
JOBS = Path(__file__).parent / "jobs"
SPARKS = {"4.2": ("4.2.0", "2.13"), "4.0": ("4.0.5", "2.13"), "3.5": ("3.5.9", "2.12")}
SECONDS = 300
"""How long one run may take on a busy machine."""

_QUIET = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""
_FOREIGN = ("OPENLINEAGE", "SPARK", "PYSPARK", "MARQUEZ_URL", "NAMESPACE", "JOB_NAME", "PYTHONPATH", "XDG_STATE_HOME")
# The second compiler of the JVM never pays off in a job of seconds.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def spark_home(spark: str) -> Path:
    """The installed pyspark, or the Spark 3.5 or 4.0 that lies beside the environment."""
    if spark != "4.2":
        given = os.environ.get(f"SPARKLINEAGE_TEST_SPARK{spark.replace('.', '')}_HOME")
        return Path(given or REPOSITORY / ".cache" / f"spark-{SPARKS[spark][0]}" / "pyspark")
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one run of a command left behind."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def summary(self) -> list[str]:
        """The lines of the summary that `submit` ends with."""
        lines = self.stderr.splitlines()
        begin = max(at for at, line in enumerate(lines) if line.startswith("sparklineage: ") and " after " in line)
        return lines[begin:]

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line.startswith("sparklineage: warning: ")]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A folder with a journal of its own, and the Spark to use there."""

    folder: Path
    spark: str = "4.2"
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def run(self) -> RunFolder:
        """The only run in the journal."""
        (found,) = run_folders(self.journal)
        return found

    def clean_environ(self, **more: str) -> dict[str, str]:
        """This process's environment without anything that Spark, the agent or submit would listen to."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        if cache := os.environ.get("SPARKLINEAGE_CACHE"):
            kept["SPARKLINEAGE_CACHE"] = cache
        if self.spark != "4.2":
            kept |= {"SPARK_HOME": str(spark_home(self.spark)), "PYSPARK_PYTHON": sys.executable}
        return kept | {"SPARKLINEAGE_JOURNAL": str(self.journal), **self.environ, **more}

    def quiet(self) -> list[str]:
        """spark-submit options for a small Spark that logs errors alone."""
        log4j = self.folder / "log4j2.properties"
        log4j.write_text(_QUIET)
        conf = {
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log4j} {_JAVA}",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            # Spark 4.2.0 waits for ever for a Python function that fails over columnar batches.
            "spark.sql.parquet.enableVectorizedReader": "false",
        }
        return ["--master", "local[2]", *(word for key, value in conf.items() for word in ("--conf", f"{key}={value}"))]

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "sparklineage", *map(str, words)]

    def start(self, command: list[str], **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.clean_environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run_command(self, command: list[str], **environ: str) -> Ended:
        return ended(self.start(command, **environ))

    def submit(self, *words: str | Path, **environ: str) -> Ended:
        """Submit with the quiet options, the given ones, the application and its arguments."""
        return self.run_command(self.command("submit", *self.quiet(), *words), **environ)

    def drain(self, *words: str, **environ: str) -> Ended:
        return self.run_command(self.command("relay", "drain", *words), **environ)

    def record(self, name: str) -> dict[str, Any]:
        """One of the run's small JSON files, such as `settled`."""
        found: dict[str, Any] = json.loads((self.run.path / f"{name}.json").read_text())
        return found

    def events(self) -> list[Event]:
        return lines(self.run.events)

    def witnessed(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in lines(self.run.witness) if record["type"] == kind]


def ended(process: subprocess.Popen[bytes]) -> Ended:
    """Wait for a started command."""
    try:
        stdout, stderr = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        stdout, stderr = process.communicate(timeout=SECONDS)
        raise AssertionError((stdout + stderr).decode(errors="replace")[-8000:]) from None
    return Ended(status=process.returncode, stdout=stdout, stderr=stderr.decode())


def lines(path: Path, *, final: bool = True) -> list[dict[str, Any]]:
    """The records of a file without one damaged line; none where there is no file.

    Not `final`: somebody writes it at the moment, and may be in the middle of a line.
    """
    reader = LineReader(path)
    found: list[dict[str, Any]] = []
    while more := list(reader.read(final=final)):
        found += more
    assert reader.corrupt == []
    return found


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    """Until `what()` is true; fails when it takes too long or the process has ended before."""
    until = time.monotonic() + SECONDS
    while not what():
        if process is not None and process.poll() is not None and not what():
            raise AssertionError(ended(process))
        assert time.monotonic() < until
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, also where nobody has collected its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


def by_run(events: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[ol.run_id(event)].append(event)
    return dict(found)


def state(events: list[Event]) -> str:
    """The last event type of one run."""
    return str(events[-1]["eventType"])


def names(event: Event, side: str) -> set[str]:
    """The last parts of the datasets' names on one side."""
    return {item["name"].rstrip("/").rpartition("/")[2] for item in ol.datasets(event, side)}


def error_of(event: Event) -> dict[str, Any] | None:
    found = ol.run_facets(event).get("errorMessage")
    return found if isinstance(found, dict) else None


def writing(events: list[Event], output: str) -> list[Event]:
    """The events of the one run that wrote the dataset of that last name."""
    found = [run for run in by_run(events).values() if any(output in names(event, "outputs") for event in run)]
    assert len(found) == 1, f"{len(found)} runs write {output}"
    return found[0]


def assert_well_formed(events: list[Event], application: str) -> None:
    """Every run ends once and with its last event, nothing is there twice, and the application ends last of all."""
    for run, its in by_run(events).items():
        kinds = [event["eventType"] for event in its]
        assert kinds[-1] in ol.TERMINAL, (run, kinds)
        assert not ol.TERMINAL & set(kinds[:-1]), (run, kinds)
        assert kinds.count("START") <= 1, (run, kinds)
        assert "START" not in kinds[1:], (run, kinds)
        if run != application:
            assert {ol.run_facets(event)["parent"]["run"]["runId"] for event in its} == {application}
    keys = [(ol.run_id(event), event["eventType"], event["eventTime"]) for event in events]
    assert sorted(set(keys)) == sorted(keys)
    assert [ol.run_id(events[0]), ol.run_id(events[-1])] == [application, application]
    assert events[0]["eventType"] == "START"
