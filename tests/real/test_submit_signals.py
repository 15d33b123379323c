"""Drivers and submits that are killed while a query runs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparklineage.journal.lock import is_held
from sparklineage.model import event as ol
from sparklineage.relay import arrivals
from tests.real.submission import (
    JOBS,
    SECONDS,
    Scene,
    assert_well_formed,
    by_run,
    ended,
    error_of,
    is_gone,
    lines,
    names,
    state,
    wait_for,
    writing,
)
from tests.support.receiver import Event, Receiver

pytestmark = pytest.mark.spark


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(scene: Scene) -> Iterator[Start]:
    """Starts a submit and returns when its second query runs and the agent has told of it."""
    data = scene.folder / "data"
    data.mkdir()
    processes: list[subprocess.Popen[bytes]] = []

    def running() -> bool:
        if not (data / "running").exists():
            return False
        return any("slow" in names(event, "outputs") for event in lines(scene.run.agent, final=False))

    def started(**environ: str) -> subprocess.Popen[bytes]:
        process = scene.start(scene.command("submit", *scene.quiet(), JOBS / "waits.py", data), **environ)
        processes.append(process)
        wait_for(running, process)
        return process

    yield started
    (data / "go").touch()
    for process in processes:
        process.kill()
        process.communicate()


def driver(scene: Scene) -> int:
    (first,) = scene.witnessed("application")
    pid: int = first["pid"]
    assert b"org.apache.spark.deploy.SparkSubmit" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return pid


def contents(scene: Scene) -> dict[str, bytes]:
    """Every file of the journal."""
    files = (path for path in scene.journal.rglob("*") if path.is_file())
    return {str(path.relative_to(scene.journal)): path.read_bytes() for path in files}


def relay_of(process: subprocess.Popen[bytes]) -> int:
    """The relay that a submit has started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (found,) = [pid for pid in children if b"sparklineage.cli.relay_boot" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(found)


def assert_closed(scene: Scene, events: list[Event], ended_as: str) -> None:
    """The first query as it ended; the open one and the application as they were ended."""
    assert_well_formed(events, scene.run.run_id)
    assert state(writing(events, "raw")) == "COMPLETE"
    assert state(writing(events, "slow")) == ended_as
    assert events[-1]["eventType"] == ended_as
    assert scene.record("settled")["closed"] >= 1


def message(events: list[Event]) -> str:
    error = error_of(events[-1])
    assert error is not None
    return str(error["message"])


def test_sigterm_is_passed_on_and_means_abort(scene: Scene, start: Start) -> None:
    with Receiver() as receiver:
        process = start(OPENLINEAGE_URL=receiver.url)
        pid = driver(scene)
        process.send_signal(signal.SIGTERM)
        done = ended(process)
    assert done.status == 128 + signal.SIGTERM
    assert is_gone(pid)
    assert receiver.events == scene.events()
    assert_closed(scene, receiver.events, "ABORT")
    assert message(receiver.events) == "the application was ended by SIGTERM"
    assert message(writing(receiver.events, "slow")) == "the application was ended by SIGTERM"
    assert scene.record("outcome")["signal"] == "SIGTERM"
    assert done.summary[0].startswith("sparklineage: ABORT after ")
    assert not (scene.folder / "data" / "done").exists()


def test_a_driver_killed_with_sigkill_has_failed(scene: Scene, start: Start) -> None:
    process = start()
    os.kill(driver(scene), signal.SIGKILL)
    done = ended(process)
    assert done.status == 128 + signal.SIGKILL
    assert_closed(scene, scene.events(), "FAIL")
    assert "killed by SIGKILL" in message(scene.events())
    assert "killed by SIGKILL" in message(writing(scene.events(), "slow"))
    assert scene.record("outcome")["signal"] == "SIGKILL"


def test_a_killed_relay_costs_the_job_nothing(scene: Scene, start: Start) -> None:
    """What it has not delivered waits; every event arrives once in the end."""
    with Receiver() as receiver:
        process = start(OPENLINEAGE_URL=receiver.url)

        def idle() -> bool:
            """Everything up to the hanging job is delivered, and remembered as delivered."""
            running = any(
                "slow" in names(event, "outputs") and state([event]) == "RUNNING" for event in receiver.events
            )
            return running and [item.delivered for item in arrivals(scene.run)] == [len(receiver.events)]

        wait_for(idle, process)
        os.kill(relay_of(process), signal.SIGKILL)
        (scene.folder / "data" / "go").touch()
        done = ended(process)
        assert done.status == 0, done.stderr
        assert b"went on after the query" in done.stdout
        (warning,) = done.warnings
        assert "the relay stopped early" in warning
        arrived = len(receiver.events)
        assert any(f"{len(scene.events()) - arrived} waiting" in line for line in done.summary)
        assert receiver.events == scene.events()[:arrived]
        drained = scene.drain(OPENLINEAGE_URL=receiver.url)
    assert drained.status == 0, drained.stderr
    assert receiver.events == scene.events()
    assert_closed(scene, receiver.events, "COMPLETE")


def test_a_killed_submit_leaves_its_driver_and_its_journal(scene: Scene, start: Start) -> None:
    """The driver goes on, and nobody touches its journal; once it has ended, drain closes and delivers it."""
    with Receiver() as receiver:
        process = start(OPENLINEAGE_URL=receiver.url)
        pid = driver(scene)
        relay = relay_of(process)
        process.kill()
        assert process.wait(SECONDS) == -signal.SIGKILL
        wait_for(lambda: is_gone(relay))
        assert not is_gone(pid)
        before = contents(scene)
        drained = scene.drain(OPENLINEAGE_URL=receiver.url)
        assert drained.status == 0, drained.stderr
        assert (
            drained.stdout.decode() == f"{scene.run.run_id}  alive or being delivered by another process; left alone\n"
        )
        assert contents(scene) == before
        assert not is_gone(pid)
        (scene.folder / "data" / "go").touch()
        wait_for(lambda: is_gone(pid) and not is_held(scene.run))
        assert (scene.folder / "data" / "done").exists()
        drained = scene.drain(OPENLINEAGE_URL=receiver.url)
        assert drained.status == 0, drained.stderr
        assert "closed as ABORT" in drained.stdout.decode()
    events = receiver.events
    assert events == scene.events()
    assert_well_formed(events, scene.run.run_id)
    assert {state(its) for its in by_run(events).values() if ol.job_type(its[0]) == "SQL_JOB"} == {"COMPLETE"}
    assert events[-1]["eventType"] == "ABORT"
    assert "nothing recorded how it ended" in message(events)
    assert scene.drain(OPENLINEAGE_URL=receiver.url).stdout.startswith(b"Nothing waits for ")
