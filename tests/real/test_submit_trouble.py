"""When lineage is switched off or cannot be had: the job runs as it would, and --strict says no before it starts."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path

import pytest

import sparklineage
from sparklineage.agent.releases import choose
from tests.real.submission import JOBS, SPARKS, Ended, Scene, by_run, error_of
from tests.support.repository import CONTENT, Server, good, serve

pytestmark = pytest.mark.spark


def without_spark(scene: Scene, *options: str, **environ: str) -> tuple[Ended, bool]:
    """A job that ends with status 5, and whether it was started at all."""
    mark = scene.folder / "started"
    done = scene.submit(*options, JOBS / "without_spark.py", mark, **environ)
    return done, mark.exists()


def assert_bare(done: Ended) -> None:
    """Spark was given nothing of ours."""
    told = json.loads(done.stdout.splitlines()[-1])
    assert not [key for key in told["conf"] if "lineage" in key]
    assert not {"spark.extraListeners", "spark.jars", "spark.redaction.regex"} & set(told["conf"])
    assert told["conf"]["spark.ui.enabled"] == "false"
    assert told["variables"] == []


@pytest.mark.parametrize("how", ["--no-lineage", "OPENLINEAGE_DISABLED"])
def test_switched_off(scene: Scene, how: str) -> None:
    options = [how] if how.startswith("-") else []
    environ = {} if options else {how: "true"}
    done, started = without_spark(scene, *options, OPENLINEAGE_URL="http://127.0.0.1:9", **environ)
    assert (done.status, started) == (5, True), done.stderr
    assert_bare(done)
    assert "sparklineage" not in done.stderr
    assert not scene.journal.exists()


def test_an_unwritable_journal_costs_the_lineage_and_nothing_else(scene: Scene) -> None:
    (scene.folder / "journal").write_text("a file where the folder should be")
    done, started = without_spark(scene)
    assert (done.status, started) == (5, True), done.stderr
    assert_bare(done)
    (warning,) = done.warnings
    assert str(scene.journal) in warning
    assert warning.endswith("The job runs without lineage.")


def test_an_unwritable_journal_is_an_error_under_strict(scene: Scene) -> None:
    (scene.folder / "journal").write_text("a file where the folder should be")
    done, started = without_spark(scene, "--strict")
    assert (done.status, started) == (65, False)
    assert str(scene.journal) in done.stderr


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_without_an_agent_the_jobs_end_is_still_recorded(scene: Scene) -> None:
    done, started = without_spark(
        scene,
        *("--repository", f"http://127.0.0.1:{closed_port()}/maven2"),
        SPARKLINEAGE_CACHE=str(scene.folder / "cache"),
    )
    assert (done.status, started) == (5, True), done.stderr
    (warning,) = done.warnings
    assert warning.endswith("The job runs without the agent: only its start and end are recorded.")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["conf"]["spark.extraListeners"] == "io.sparklineage.Witness"
    start, end = scene.events()
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert "ended with exit status 5" in (error_of(end) or {})["message"]


def wrong(server: Server) -> None:
    """The agent's name over other bytes."""
    version, scala = SPARKS["4.2"]
    server.offer(choose(version, scala), good(CONTENT))


def test_an_agent_with_the_wrong_digest_is_not_used(scene: Scene) -> None:
    """A real Spark then runs with the witness alone: what the agent left out is told."""
    with serve() as server:
        wrong(server)
        done = scene.submit(
            *("--repository", server.url, JOBS / "ends_badly.py", scene.folder / "data", "0"),
            SPARKLINEAGE_CACHE=str(scene.folder / "cache"),
        )
        assert server.asked(".jar") == 2
    assert done.status == 0, done.stderr
    (warning,) = done.warnings
    assert "has the wrong SHA-512, twice" in warning
    assert not list((scene.folder / "cache").rglob("*.jar"))
    assert [event["eventType"] for event in scene.events()] == ["START", "COMPLETE"]
    assert set(by_run(scene.events())) == {scene.run.run_id}
    coverage = scene.record("settled")["coverage"]
    assert (coverage["queries"], coverage["reported"]) == (1, 0)
    assert "0 of 1 reported by the agent; it left out:" in done.stderr
    assert (scene.folder / "data" / "raw" / "_SUCCESS").exists()


def test_an_agent_with_the_wrong_digest_is_an_error_under_strict(scene: Scene) -> None:
    with serve() as server:
        wrong(server)
        done, started = without_spark(
            scene,
            *("--strict", "--repository", server.url),
            SPARKLINEAGE_CACHE=str(scene.folder / "cache"),
        )
    assert (done.status, started) == (74, False)
    assert "has the wrong SHA-512, twice" in done.stderr


@pytest.mark.parametrize("temporary", ["plain", "odd, too"])
def test_a_witness_at_an_odd_path_is_copied_or_left_out(scene: Scene, temporary: str) -> None:
    """Spark would take the comma for the end of a path, and a listener without its JAR fails the application."""
    odd = scene.folder / "a, b"
    shutil.copytree(Path(sparklineage.__file__).parent, odd / "sparklineage")
    (scene.folder / temporary).mkdir()
    code = f"import sys; sys.path.insert(0, {str(odd)!r}); from sparklineage.cli import main; sys.exit(main())"
    done = scene.run_command(
        [sys.executable, "-c", code, "submit", "--dry-run", *scene.quiet(), str(JOBS / "without_spark.py"), "x"],
        TMPDIR=str(scene.folder / temporary),
    )
    assert done.status == 0, done.stderr
    output = done.stdout.decode()
    if temporary == "plain":
        (jar,) = (scene.folder / temporary).rglob("*.jar")
        assert str(jar) in output
        assert "io.sparklineage.Witness" in output
        assert not done.warnings
    else:
        assert "io.sparklineage.Witness" not in output
        assert "OpenLineageSparkListener" in output
        assert str(odd) not in output
        assert str(odd) in done.warnings[0]
