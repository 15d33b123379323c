"""The witness beside the genuine agent, on both Scala versions: what it writes is what Spark knows."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import LineReader, RunFolder, run_folders
from sparklineage.model.clock import from_iso
from sparklineage.model.ids import is_run_id
from sparklineage.witness import jar_path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
STEP = "018f3f3e-6d0c-7a51-9c0e-3f7a3f1f9a10"
RUN = "018f3f3e-0000-7000-8000-000000000001"
FAILING = {"fails in a later job", "fails in the first job", "path already exists", "table already exists"}

pytestmark = pytest.mark.spark


def spark_home(version: str) -> Path:
    if version == "3.5":
        return Path(
            os.environ.get("SPARKLINEAGE_TEST_SPARK35_HOME") or REPOSITORY / ".cache" / "spark-3.5.9" / "pyspark"
        )
    found = importlib.util.find_spec("pyspark")
    assert found
    assert found.origin
    return Path(found.origin).parent


def agent_jar(scala: str) -> Path:
    if given := os.environ.get(f"SPARKLINEAGE_TEST_AGENT_{scala.replace('.', '')}"):
        return Path(given)
    name = f"openlineage-spark_{scala}-*.jar"
    jars = [*(Path.home() / ".m2").rglob(name), *(REPOSITORY / ".cache" / "jars").rglob(name)]
    assert jars, f"no {name} in ~/.m2 or .cache/jars"
    return max(jars, key=lambda jar: jar.name)


@dataclass(frozen=True, kw_only=True)
class Launched:
    """What one launch of witness_job.py left behind."""

    folder: Path
    facts: dict[str, Any]
    home: Path

    @property
    def run(self) -> RunFolder:
        return RunFolder(self.folder / "journal" / RUN)

    def first_application(self) -> list[dict[str, Any]]:
        """The witness's records of the application with the failing queries."""
        records = complete(self.run.witness)
        second = [number for number, record in enumerate(records) if record["type"] == "application"][1]
        assert records[second - 1]["how"] == "continued"
        return records[: second - 1]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.first_application() if record["type"] == kind]

    def agent_runs(self) -> dict[str, list[dict[str, Any]]]:
        runs: dict[str, list[dict[str, Any]]] = {}
        for event in complete(self.run.agent):
            runs.setdefault(event["run"]["runId"], []).append(event)
        return runs


def complete(path: Path) -> list[dict[str, Any]]:
    reader = LineReader(path)
    records = list(reader.read())
    assert reader.corrupt == []
    assert reader.offset == path.stat().st_size
    return records


@pytest.fixture(scope="module", params=["4.2", "3.5"])
def launched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Launched:
    version: str = request.param
    home = spark_home(version)
    folder = tmp_path_factory.mktemp("witness")
    jars = f"{jar_path()},{agent_jar('2.12' if version == '3.5' else '2.13')}"
    command: list[str | Path] = [home / "bin" / "spark-submit", "--master", "local[2]", "--jars", jars]
    command += ["--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=1"]
    command += ["--conf", f"spark.sql.warehouse.dir={folder}/w"]
    # Spark 4.2.0 waits for ever for a Python function that fails over columnar batches.
    command += ["--conf", "spark.sql.parquet.enableVectorizedReader=false"]
    python = shutil.which("python3", path=REPOSITORY / ".venv" / "bin") or "python3"
    environ = {**os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": python, "PYTHONWARNINGS": "ignore"}
    environ.pop("PYTHONPATH", None)
    done = subprocess.run(
        [*command, HERE / "witness_job.py", folder],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
    assert "sparklineage" not in "".join(line for line in done.stderr.splitlines() if "WARN" in line or "ERROR" in line)
    return Launched(folder=folder, facts=json.loads((folder / "facts.json").read_text()), home=home)


def test_first_record_says_who_the_application_is(launched: Launched) -> None:
    first = complete(launched.run.witness)[0]
    assert first["type"] == "application"
    assert first["format"] == 1
    assert first["runId"] == RUN
    assert first["applicationName"] == "Failing Queries"
    assert first["applicationId"] == launched.facts["applicationId"]
    assert first["sparkVersion"] == launched.facts["version"]
    assert first["pid"] == launched.facts["pid"]
    assert first["host"] == os.uname().nodename
    assert first["user"]
    assert first["workingDirectory"] == str(launched.folder)
    assert not {"containerId", "clusterId", "stepId", "jobId"} & set(first)


def test_application_has_the_agents_own_times(launched: Launched) -> None:
    first, *_, last = launched.first_application()
    assert last["type"] == "applicationEnd"
    # The second application of this journal has the same run id; the first START and terminal event are the first's.
    own = launched.agent_runs()[RUN]
    assert from_iso(own[0]["eventTime"]) == first["time"]
    assert from_iso(next(event["eventTime"] for event in own if event["eventType"] == "COMPLETE")) == last["time"]


def test_errors_are_recorded_for_exactly_the_failed_queries(launched: Launched) -> None:
    assert {name for name, failed in launched.facts["failed"].items() if failed} == FAILING
    names = {start["executionId"]: start["description"] for start in launched.of_type("executionStart")}
    ends = launched.of_type("executionEnd")
    assert {end["executionId"] for end in ends} == set(names)
    failed = {names[end["executionId"]]: end for end in ends if end["error"] is not None}
    assert set(failed) == FAILING
    assert "ValueError: boom" in failed["fails in the first job"]["error"]
    assert "ValueError: boom" in failed["fails in a later job"]["error"]
    assert "already exists" in failed["path already exists"]["error"]
    assert "`t`" in failed["table already exists"]["error"]
    for name, end in failed.items():
        assert "\n\tat org.apache.spark." in end["stackTrace"], name
        assert len(end["stackTrace"]) <= 16_384
        assert not end["error"].lstrip().startswith("{")
    assert all(end["stackTrace"] is None for end in ends if end["error"] is None)


def test_failed_jobs_have_their_error_too(launched: Launched) -> None:
    jobs = {start["jobId"]: start["executionId"] for start in launched.of_type("jobStart")}
    names = {start["executionId"]: start["description"] for start in launched.of_type("executionStart")}
    ends = launched.of_type("jobEnd")
    assert {end["jobId"] for end in ends} == set(jobs)
    failed = {names[jobs[end["jobId"]]]: end["error"] for end in ends if end["error"] is not None}
    assert set(failed) == {"fails in a later job", "fails in the first job"}
    assert all("ValueError: boom" in error for error in failed.values())


def test_times_are_those_of_the_agents_events(launched: Launched) -> None:
    starts = {start["description"]: start for start in launched.of_type("executionStart")}
    ends = {end["executionId"]: end["time"] for end in launched.of_type("executionEnd")}
    runs = [events for run, events in launched.agent_runs().items() if run != RUN]
    reported = {(from_iso(events[0]["eventTime"]), from_iso(events[-1]["eventTime"])) for events in runs}
    for name in launched.facts["failed"]:
        start, end = starts[name]["time"], ends[starts[name]["executionId"]]
        # For a query this short the agent may come too late for START and send COMPLETE alone.
        alone = name == "table already exists" and (end, end) in reported
        assert (start, end) in reported or alone, name


def test_job_ids_are_those_of_the_agents_events(launched: Launched) -> None:
    jobs = {start["jobId"]: start for start in launched.of_type("jobStart")}
    names = {start["executionId"]: start for start in launched.of_type("executionStart")}
    told = 0
    for run, events in launched.agent_runs().items():
        for event in events:
            details = event["run"]["facets"].get("spark_jobDetails")
            if run != RUN and details and events[0]["eventType"] == "START" and details["jobId"] in jobs:
                execution = jobs[details["jobId"]]["executionId"]
                if execution is not None:
                    told += names[execution]["time"] == from_iso(events[0]["eventTime"])
    assert told >= 4


def test_jobs_carry_their_step_and_queries_their_root(launched: Launched) -> None:
    steps = {start["executionId"]: start["step"] for start in launched.of_type("jobStart")}
    starts = launched.of_type("executionStart")
    for start in starts:
        assert start["rootExecutionId"] in {other["executionId"] for other in starts}
    declared = {start["description"] for start in starts if steps.get(start["executionId"]) == STEP}
    assert len(declared) == 2
    assert "good" in declared
    assert any(description.startswith("toPandas at ") for description in declared)
    assert (
        steps[next(start["executionId"] for start in starts if start["description"].startswith("parquet at"))] is None
    )


def test_commands_say_what_the_queries_do(launched: Launched) -> None:
    commands = {start["description"]: start["command"] for start in launched.of_type("executionStart")}
    assert commands["good"].startswith("Execute InsertIntoHadoopFsRelationCommand")
    assert commands["path already exists"].startswith("Execute InsertIntoHadoopFsRelationCommand")
    assert "CreateDataSourceTableCommand" in commands["creates a table"]


def test_obvious_secrets_stay_out_of_the_file(launched: Launched) -> None:
    text = launched.run.witness.read_text()
    assert "canary-4711" not in text
    assert "hunter2" not in text
    assert "https://********@db/x password=********" in text


def test_a_second_application_goes_on_in_the_same_journal(launched: Launched) -> None:
    records = complete(launched.run.witness)
    names = [record["applicationName"] for record in records if record["type"] == "application"]
    assert names == ["Failing Queries", "The Same Journal Again"]
    assert [record["type"] for record in records[-2:]] == ["applicationEnd", "exit"]
    # Jobs count from 0 in every application, executions go on as long as the JVM lives.
    assert [record["jobId"] for record in records if record["type"] == "jobStart"].count(0) == 2
    executions = [record["executionId"] for record in records if record["type"] == "executionStart"]
    assert executions == list(range(len(executions)))


def test_files_and_folders_belong_to_their_owner_alone(launched: Launched) -> None:
    assert launched.run.witness.stat().st_mode & 0o777 == 0o600
    for folder in run_folders(launched.folder / "spool"):
        assert folder.path.stat().st_mode & 0o777 == 0o700


def test_spool_gives_every_application_a_folder_and_the_agent_writes_there(launched: Launched) -> None:
    folders = run_folders(launched.folder / "spool")
    assert len(folders) == 3
    found = {}
    for folder in folders:
        first = complete(folder.witness)[0]
        assert is_run_id(folder.run_id)
        assert folder.run_id[14] == "7"
        assert first["runId"] == folder.run_id
        found[first["applicationName"]] = folder
    for number in (1, 2):
        folder = found[f"Spooled {number}"]
        events = complete(folder.agent)
        assert {event["run"]["runId"] for event in events if event["eventType"] == "START"} >= {folder.run_id}
        outputs = {output["name"] for event in events for output in event.get("outputs", [])}
        assert outputs == {f"{launched.folder}/spooled{number}"}
    assert not found["Own Transport"].agent.exists()


def test_spool_keeps_a_transport_of_the_users_own(launched: Launched) -> None:
    own = launched.facts["own"]
    assert own["spark.openlineage.transport.type"] == "console"
    assert "spark.openlineage.transport.location" not in own
    assert own["spark.sparklineage.journal"] == f"{launched.folder}/spool/{own['spark.openlineage.applicationRunId']}"


@pytest.mark.parametrize("key", ["spark.sparklineage.journal", "spark.sparklineage.spool"])
def test_an_unwritable_folder_costs_the_application_nothing(launched: Launched, key: str) -> None:
    count, conf = launched.facts[f"unwritable {key}"]
    assert count == 7
    assert not any(name.startswith("spark.openlineage.") for name in conf)


def test_nothing_is_written_without_a_place_to_write_to(launched: Launched) -> None:
    assert launched.facts["without"] == 8
    assert not (launched.folder / "relative").exists()
    assert len(list(launched.folder.rglob("witness.ndjson"))) == 4  # one journal, three spooled


@pytest.mark.parametrize("version", ["4.2", "3.5"])
def test_texts_of_any_kind_become_whole_lines(version: str, tmp_path: Path) -> None:
    if not shutil.which("javac"):
        pytest.skip("the harness is Java source, which takes a JDK")
    path = f"{jar_path()}{os.pathsep}{spark_home(version)}/jars/*"
    began = time.monotonic()
    subprocess.run(["java", "-cp", path, HERE / "WitnessRecords.java", tmp_path], check=True, timeout=120)
    assert time.monotonic() - began < 60
    records = complete(tmp_path / "witness.ndjson")
    errors = [record["error"] for record in records if record["type"] == "jobEnd"]
    prefix = "java.lang.Exception: "
    expected = 'half \ufffd and \ufffd, whole \U0001f600, quote " slash \\ line\nfeed\r\t\0\x01\x1f\x7f\u2028'
    assert errors[0] == prefix + expected
    assert all(len(error) <= 16_384 for error in errors)
    assert errors[1] == prefix + "x" * (16_384 - len(prefix))
    masked = "at Token.decode(Token.java:12) Token: ******** https://********@h/ Bearer ******** ********"
    assert errors[4] == prefix + masked
    assert errors[5] == "java.lang.Exception"
    starts = [record for record in records if record["type"] == "executionStart"]
    assert [start["command"] for start in starts][:-1] == [
        None,
        None,
        "AdaptiveSparkPlan (5)",
        "Execute InsertIntoHadoopFsRelationCommand (6)",
        "Project [id#0L]",
        "Execute X",
    ]
    assert starts[-1]["command"] == "Execute " + "y" * 192
    # The limit would cut the emoji in two.
    assert starts[0]["description"] == "d" * 499


def test_values_of_secret_variables_stay_out_of_the_file(tmp_path: Path) -> None:
    if not shutil.which("javac"):
        pytest.skip("the harness is Java source, which takes a JDK")
    path = f"{jar_path()}{os.pathsep}{spark_home('3.5')}/jars/*"
    secrets = {
        "OPENLINEAGE_API_KEY": "slash \\ line\n",
        "A_TOKEN": "slash \\",
        "DB_PASSWORD": "dddddd",
        "PLAIN": "quote",
    }
    command: list[str | Path] = ["java", "-cp", path, HERE / "WitnessRecords.java", tmp_path]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, **secrets})
    records = complete(tmp_path / "witness.ndjson")
    (error, *_) = [record["error"] for record in records if record["type"] == "jobEnd"]
    assert 'quote " ********\nfeed' in error
    starts = [record for record in records if record["type"] == "executionStart"]
    assert set(starts[0]["description"]) <= {"*", "d"}
    assert "dddddd" not in starts[0]["description"]
