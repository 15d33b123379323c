"""`submit` from the outside, with a spark-submit that is a shell script: what it starts, keeps, tells and returns."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparklineage.journal import run_folders
from tests.support.receiver import Receiver
from tests.unit.cli.scripted import argv, environ, only_run, start, submit

CANARY = "canary-c0ffee-8841"


def test_the_job_runs_and_its_end_is_recorded(spark: Path) -> None:
    status, out, err = submit(spark, "--name", "Nightly Job", "job.py", "--name", "x y", JOB="echo hello; echo log >&2")
    assert (status, out) == (0, "hello\n")
    assert err.startswith("log\nsparklineage: COMPLETE after ")
    run = only_run(spark)
    assert [event["eventType"] for event in run["events"]] == ["START", "COMPLETE"]
    assert run["events"][0]["job"] == run["events"][1]["job"]
    assert (run["events"][0]["job"]["namespace"], run["events"][0]["job"]["name"]) == ("default", "nightly_job")
    assert argv(spark)[:2] == ["--name", "Nightly Job"]
    assert argv(spark)[-3:] == ["job.py", "--name", "x y"]
    assert f"spark.openlineage.applicationRunId={run['run']['runId']}" in argv(spark)


@pytest.mark.parametrize(("job", "status", "state"), [("exit 3", 3, "FAIL"), ("kill -9 $$", 137, "FAIL")])
def test_the_exit_status_is_the_jobs_own(spark: Path, job: str, status: int, state: str) -> None:
    found, _, err = submit(spark, "job.py", JOB=job)
    assert found == status
    assert f"sparklineage: {state} after" in err
    assert [event["eventType"] for event in only_run(spark)["events"]] == ["START", state]


def test_the_error_that_the_job_printed_is_its_message(spark: Path) -> None:
    trace = (
        'echo "Traceback (most recent call last):"; echo "  File x"; echo "ValueError: no token=' + CANARY + '"; exit 1'
    )
    status, _, _ = submit(spark, "job.py", JOB=trace)
    run = only_run(spark)
    assert status == 1
    facet = run["events"][-1]["run"]["facets"]["errorMessage"]
    assert facet["message"].startswith("ValueError: no token=***")
    assert CANARY not in run["folder"].events.read_text()
    assert CANARY not in run["folder"].outcome.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_aborts(spark: Path, number: signal.Signals) -> None:
    process = start(spark, "job.py", JOB='trap "exit 99" TERM INT; touch "$PROBE/up"; while :; do sleep 0.05; done')
    until = time.monotonic() + 20
    while not (spark.parent / "up").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 99
    assert [event["eventType"] for event in only_run(spark)["events"]] == ["START", "ABORT"]
    assert only_run(spark)["outcome"]["signal"] == number.name


def test_events_are_delivered_and_the_key_shows_nowhere(spark: Path) -> None:
    with Receiver() as receiver:
        status, out, err = submit(
            spark, "job.py", JOB="sleep 0.2", OPENLINEAGE_URL=receiver.url, OPENLINEAGE_API_KEY=CANARY
        )
    assert status == 0
    assert [event["eventType"] for event in receiver.events] == ["START", "COMPLETE"]
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {CANARY}"
    assert f"2 written, 2 delivered to {receiver.url}, 0 waiting" in err
    journal = "".join(path.read_text() for path in (spark.parent / "journal").rglob("*") if path.is_file())
    assert CANARY not in journal + out + err + "".join(argv(spark))


def test_a_backend_that_is_away_neither_delays_nor_fails_the_job(spark: Path) -> None:
    began = time.monotonic()
    status, _, err = submit(spark, "--drain-timeout", "0", "job.py", JOB="exit 5", OPENLINEAGE_URL="http://127.0.0.1:9")
    assert status == 5
    assert time.monotonic() - began < 20
    assert "2 written, 0 delivered to http://127.0.0.1:9, 2 waiting" in err
    assert "send them with: sparklineage relay drain" in err
    with Receiver() as receiver:
        again = subprocess.run(
            [sys.executable, "-m", "sparklineage", "relay", "drain", "--all"],
            env=environ(spark, OPENLINEAGE_URL=receiver.url), capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert [event["eventType"] for event in receiver.events] == ["START", "FAIL"]
    assert "2 delivered" in again.stdout


def test_the_next_submit_takes_leftovers_along(spark: Path) -> None:
    with Receiver() as receiver:
        port = receiver.port
    submit(spark, "--drain-timeout", "0", "job.py", OPENLINEAGE_URL=f"http://127.0.0.1:{port}")
    with Receiver(port=port) as receiver:
        submit(spark, "job.py", JOB="sleep 1", OPENLINEAGE_URL=receiver.url)
        until = time.monotonic() + 10
        while len(receiver.events) < 4 and time.monotonic() < until:
            time.sleep(0.05)
    assert len({event["run"]["runId"] for event in receiver.events}) == 2
    assert sorted(event["eventType"] for event in receiver.events) == ["COMPLETE", "COMPLETE", "START", "START"]


def test_a_submit_that_was_killed_is_closed_by_drain_when_the_driver_is_gone(spark: Path) -> None:
    with Receiver() as receiver:
        goes_on = 'touch "$PROBE/up"; while [ ! -e "$PROBE/stop" ]; do sleep 0.05; done'
        process = start(spark, "job.py", JOB=goes_on, OPENLINEAGE_URL=receiver.url)
        until = time.monotonic() + 20
        while not (spark.parent / "up").exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.kill()
        drain = [sys.executable, "-m", "sparklineage", "relay", "drain"]
        alive = subprocess.run(
            drain, env=environ(spark, OPENLINEAGE_URL=receiver.url), capture_output=True, text=True, check=False
        )
        assert "left alone" in alive.stdout
        assert receiver.events == []
        (spark.parent / "stop").touch()
        process.communicate()
        deadline = time.monotonic() + 20
        while not receiver.events and time.monotonic() < deadline:
            time.sleep(0.2)
            subprocess.run(drain, env=environ(spark, OPENLINEAGE_URL=receiver.url), capture_output=True, check=False)
    assert [event["eventType"] for event in receiver.events] == ["START", "ABORT"]
    assert "killed" in receiver.events[-1]["run"]["facets"]["errorMessage"]["message"]


def test_a_dry_run_starts_nothing_and_masks_secrets(spark: Path) -> None:
    status, out, err = submit(
        spark, "--dry-run", "--conf", f"spark.my.password={CANARY}", "job.py", "--token", CANARY,
        OPENLINEAGE_API_KEY=CANARY, OPENLINEAGE_URL=f"http://bob:{CANARY}@h",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert CANARY not in out
    assert "spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener" in out
    assert not (spark.parent / "argv").exists()
    assert not (spark.parent / "journal").exists()


@pytest.mark.parametrize("how", [("--no-lineage",), ()])
def test_without_lineage_the_bare_job_runs(spark: Path, how: tuple[str, ...]) -> None:
    more = {} if how else {"OPENLINEAGE_DISABLED": "true"}
    status, _, err = submit(spark, *how, "--name", "x", "job.py", "a", JOB="exit 4", **more)
    assert (status, err) == (4, "")
    assert argv(spark) == ["--name", "x", "job.py", "a"]
    assert not (spark.parent / "journal").exists()


@pytest.mark.parametrize(("strict", "status", "runs"), [((), 6, True), (("--strict",), 65, False)])
def test_an_unwritable_journal_is_a_warning_or_with_strict_an_error(
    spark: Path, strict: tuple[str, ...], status: int, runs: bool
) -> None:
    (spark.parent / "journal").write_text("in the way")
    found, _, err = submit(spark, *strict, "job.py", JOB="exit 6")
    assert found == status
    assert re.search(r"^sparklineage: .*journal: the journal cannot be written \(.*\); choose another place", err, re.M)
    assert len(err.splitlines()) == 1
    assert (spark.parent / "argv").exists() is runs


@pytest.mark.parametrize(("strict", "status"), [((), 0), (("--strict",), 73)])
def test_an_agent_that_cannot_be_had_is_a_warning_or_with_strict_an_error(
    spark: Path, strict: tuple[str, ...], status: int
) -> None:
    found, _, err = submit(
        spark, *strict, "--repository", "http://127.0.0.1:9", "job.py",
        SPARKLINEAGE_AGENT_JAR="", SPARKLINEAGE_CACHE=str(spark.parent / "cache"),
    )  # fmt: skip
    assert found == status
    if strict:
        assert not (spark.parent / "argv").exists()
        return
    assert "warning: io.openlineage:openlineage-spark_2.13:1.53.0 cannot be had" in err
    assert "spark.extraListeners=io.sparklineage.Witness" in argv(spark)
    assert [event["eventType"] for event in only_run(spark)["events"]] == ["START", "COMPLETE"]


def test_a_spark_that_no_agent_supports_is_refused_by_name(spark: Path) -> None:
    (spark / "jars" / "spark-core_2.13-4.2.0.jar").rename(spark / "jars" / "spark-core_2.13-4.9.0.jar")
    status, _, err = submit(spark, "job.py", SPARKLINEAGE_AGENT_JAR="")
    assert status == 72
    assert "Spark 4.9.0" in err
    assert not (spark.parent / "argv").exists()


@pytest.mark.parametrize(
    ("args", "more", "status", "message"),
    [
        (["--drian-timeout", "3", "job.py"], {}, 2, "unknown option --drian-timeout"),
        (["--drain-timeout", "soon", "job.py"], {}, 2, "--drain-timeout must be a number"),
        (["jbo.py"], {}, 69, "jbo.py: no such application file. Did you mean job.py?"),
        ([], {}, 2, "no application was given"),
        (["--config", "nowhere.yml", "job.py"], {}, 64, "nowhere.yml: cannot be read"),
        (["--agent-jar", "job.py", "job.py"], {}, 73, ""),
        (
            ["job.py"],
            {"OPENLINEAGE_URL": "marquez:5000"},
            64,
            "OPENLINEAGE_URL is 'marquez:5000', but an http or https URL",
        ),
        (["job.py"], {"SPARK_HOME": "/nowhere"}, 71, "SPARK_HOME is /nowhere"),
        (["job.py"], {"JAVA_HOME": "/nowhere"}, 70, "JAVA_HOME"),
    ],
)
def test_bad_input_is_one_sentence_with_a_code_of_its_own(
    spark: Path, args: list[str], more: dict[str, str], status: int, message: str
) -> None:
    strict = ["--strict"] if status == 73 else []
    found, out, err = submit(spark, *strict, *args, **more)
    assert (found, out) == (status, "")
    assert err.startswith("sparklineage: ")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (spark.parent / "argv").exists()


def test_a_run_id_that_was_used_before_is_left_alone(spark: Path) -> None:
    run_id = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
    assert submit(spark, "--run-id", run_id, "job.py")[0] == 0
    before = only_run(spark)["folder"].events.read_text()
    status, _, err = submit(spark, "--run-id", run_id, "job.py", JOB="exit 3")
    assert status == 3
    assert "this run id was used before" in err
    assert only_run(spark)["folder"].events.read_text() == before


def test_the_parent_in_the_environment_is_the_runs_parent(spark: Path) -> None:
    parent = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
    submit(spark, "job.py", JOB="exit 1", OPENLINEAGE_PARENT_ID=f"airflow/dag.task/{parent}")
    facet = only_run(spark)["events"][0]["run"]["facets"]["parent"]
    assert (facet["run"]["runId"], facet["job"]["name"]) == (parent, "dag.task")
    assert f"spark.openlineage.parentRunId={parent}" in argv(spark)


@pytest.mark.parametrize(
    "redirection", [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full", "2>&1 | head -1 >/dev/null"]
)
@pytest.mark.parametrize("status", [0, 6])
def test_the_exit_status_is_the_jobs_whatever_becomes_of_our_streams(
    spark: Path, redirection: str, status: int
) -> None:
    command = f'"{sys.executable}" -m sparklineage submit job.py {redirection}; exit "${{PIPESTATUS[0]}}"'
    # The malformed parent makes submit warn before it starts anything.
    # A job that writes to a reader that is gone dies of it, with us as without us.
    says = "" if "head" in redirection else "echo out; echo err >&2; "
    job = environ(spark, JOB=f"{says}exit {status}", OPENLINEAGE_PARENT_ID="malformed")
    found = subprocess.run(["bash", "-c", command], env=job, cwd=spark.parent, check=False, capture_output=True)
    assert found.returncode == status, found.stderr
    assert (spark.parent / "argv").exists()
    assert only_run(spark)["outcome"]["exitStatus"] == status
    assert b"bug" not in found.stderr


def test_a_job_never_writes_into_a_file_of_ours(spark: Path) -> None:
    """Where stdout is closed, its number goes to the next file that is opened."""
    command = f'exec "{sys.executable}" -m sparklineage submit job.py <&- >&- 2>&-'
    job = environ(spark, JOB="for n in {1..200}; do echo STRAY; echo STRAY >&2; done")
    assert subprocess.run(["bash", "-c", command], env=job, cwd=spark.parent, check=False).returncode == 0
    (folder,) = run_folders(spark.parent / "journal")
    assert "STRAY" not in "".join(path.read_text() for path in folder.path.rglob("*") if path.is_file())


def test_lines_of_both_streams_keep_their_order_where_they_go_to_one_place(spark: Path) -> None:
    command = f'"{sys.executable}" -m sparklineage submit job.py > both 2>&1'
    job = environ(spark, JOB="for n in {1..150}; do echo out $n; echo err $n >&2; done")
    subprocess.run(["bash", "-c", command], env=job, cwd=spark.parent, check=True)
    lines = (spark.parent / "both").read_text().splitlines()[:300]
    assert lines == [f"{stream} {n}" for n in range(1, 151) for stream in ("out", "err")]


def test_what_the_caller_ignores_the_job_ignores_too(spark: Path) -> None:
    """As under nohup."""
    command = f'trap "" HUP; exec "{sys.executable}" -m sparklineage submit job.py'
    job = environ(spark, JOB="kill -HUP $$; sleep 0.2; kill -HUP $PPID; sleep 0.2; exit 5")
    found = subprocess.run(["bash", "-c", command], env=job, cwd=spark.parent, check=False, capture_output=True)
    assert found.returncode == 5
    assert only_run(spark)["outcome"]["state"] == "FAIL"


def test_the_advice_to_drain_names_what_this_submit_was_told(spark: Path) -> None:
    other = spark.parent / "other journal"
    _, _, err = submit(
        spark, "--journal", str(other), "--backend", "http://127.0.0.1:9", "--drain-timeout", "0", "job.py"
    )
    assert f"sparklineage relay drain --journal '{other}' --backend http://127.0.0.1:9" in err


@pytest.mark.parametrize(
    "where",
    [
        ("--master", "yarn", "--deploy-mode", "cluster"),
        ("--conf", "spark.submit.deployMode=cluster", "--master", "k8s://h"),
        ("--remote", "sc://h:15002"),
    ],
)
@pytest.mark.parametrize(("job", "state"), [("exit 0", "COMPLETE"), ("exit 1", "FAIL")])
def test_of_a_driver_that_runs_elsewhere_start_and_end_are_recorded(
    spark: Path, where: tuple[str, ...], job: str, state: str
) -> None:
    status, _, err = submit(spark, *where, "job.py", JOB=job)
    assert status == int(job[-1])
    run = only_run(spark)
    assert [event["eventType"] for event in run["events"]] == ["START", state]
    assert not any("spark.extraListeners" in word or word == "--jars" for word in argv(spark))
    assert "start and end are recorded" in err or "start, end and steps are recorded" in err


def test_where_spark_submit_does_not_wait_no_end_is_claimed(spark: Path) -> None:
    """Its exit status says nothing about the application."""
    where = ("--master", "yarn", "--deploy-mode", "cluster", "--conf", "spark.yarn.submit.waitAppCompletion=false")
    status, _, err = submit(spark, *where, "job.py")
    assert status == 0
    assert "returns before the application has ended" in err
    assert not (spark.parent / "journal").exists()
