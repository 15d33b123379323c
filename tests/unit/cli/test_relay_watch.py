"""`relay watch` as a process, with drivers that are processes and a real receiver."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sparklineage.assemble.relay_process import RelayProcess
from sparklineage.cli.main import main
from sparklineage.journal import DeliveryLock, RunLock
from sparklineage.model.backend import Backend
from sparklineage.relay.handover import Handover
from sparklineage.relay.spool import WatchLock
from tests.support.journal import add, application, event, folder, outcome
from tests.support.receiver import Receiver
from tests.unit.cli.watched import Watch, driver, run_id, until


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


def told(receiver: Receiver, number: int = 1) -> list[tuple[str, str]]:
    """Type and time of what has arrived of one run."""
    events = [item for item in receiver.events if item["run"]["runId"] == run_id(number)]
    return [(item["eventType"], item["eventTime"]) for item in events]


def kinds(receiver: Receiver, number: int = 1) -> list[str]:
    return [kind for kind, _ in told(receiver, number)]


def test_an_application_is_delivered_while_it_runs_and_closed_when_it_has_ended(root: Path) -> None:
    with Receiver() as receiver, Watch(root, receiver.url) as watch:
        with driver(root, count=8, pause=0.3) as process:
            until(lambda: len(receiver.events) >= 2)
            assert process.poll() is None
            until(lambda: watch.out)
        assert kinds(receiver) == ["START", *["RUNNING"] * 8, "COMPLETE"]
        assert watch.out == [f"{run_id(1)}  COMPLETE, 10 delivered"]
        assert watch.end() == 0
        assert watch.err == []


def test_an_application_that_the_agent_calls_failed_has_failed(root: Path) -> None:
    with Receiver() as receiver, Watch(root, receiver.url) as watch, driver(root, end="FAIL"):
        until(lambda: watch.out)
        assert kinds(receiver)[-1] == "FAIL"
        assert watch.out == [f"{run_id(1)}  FAIL, 5 delivered"]


def test_a_driver_that_is_gone_without_a_word_is_aborted_and_a_silent_one_is_not(root: Path) -> None:
    with Receiver() as receiver, Watch(root, receiver.url) as watch:
        with driver(root, 1, end="wait"), driver(root, 2, end="wait") as other:
            until(lambda: (kinds(receiver, 1), kinds(receiver, 2)) == (["START", *["RUNNING"] * 3],) * 2)
            time.sleep(3)
            assert watch.out == []
            other.kill()
            other.wait()
            until(lambda: watch.out)
            assert watch.out == [f"{run_id(2)}  ABORT, 5 delivered"]
            assert kinds(receiver, 1)[-1] == "RUNNING"
            assert watch.end() == 0
        assert not (root / run_id(1) / "settled.json").exists()


def test_a_watcher_that_is_killed_loses_nothing_and_sends_one_event_twice_at_most(root: Path) -> None:
    with Receiver(delay=0.02) as receiver, driver(root, count=60, pause=0.02):
        for _ in range(3):
            before = len(receiver.events)
            with Watch(root, receiver.url) as watch:
                until(lambda before=before: len(receiver.events) > before + 5)  # type: ignore[misc]
                watch.process.kill()
        with Watch(root, receiver.url) as watch:
            until(lambda: watch.out)
    counts = Counter(told(receiver))
    first_time = list(dict.fromkeys(told(receiver)))
    assert [kind for kind, _ in first_time] == ["START", *["RUNNING"] * 60, "COMPLETE"]
    assert first_time == sorted(first_time, key=lambda item: item[1])
    assert sum(counts.values()) - len(counts) <= 3


def test_a_backend_that_is_down_is_told_once_and_gets_everything_later(root: Path) -> None:
    receiver = Receiver().start()
    receiver.stop()
    config = root.parent / "watch.yml"
    config.write_text("delivery: {retry: {firstWait: 100ms, longestWait: 300ms}}\n")
    with Watch(root, receiver.url, "--config", str(config)) as watch:
        with driver(root, 1), driver(root, 2):
            until(lambda: watch.err)
            time.sleep(1.5)
        receiver.start()
        until(lambda: len(watch.out) == 2 and len(watch.err) == 2)
        receiver.stop()
        assert watch.err == [
            f"sparklineage: {receiver.url}: connection refused; what waits is sent again.",
            f"sparklineage: {receiver.url} takes events again.",
        ]
    assert [kinds(receiver, number) for number in (1, 2)] == [["START", *["RUNNING"] * 3, "COMPLETE"]] * 2


def test_many_applications_at_once(root: Path) -> None:
    with Receiver(delay=0.01) as receiver, Watch(root, receiver.url) as watch:
        for number in range(60):
            made = folder(root, run_id(number), backend=Backend(url=receiver.url).key)
            add(made.agent, application("START", 1, run_id(number)), application("COMPLETE", 5, run_id(number)))
            outcome(made)
        until(lambda: len(watch.out) == 60)
        assert Counter(len(told(receiver, number)) for number in range(60)) == {2: 60}
        assert all(kinds(receiver, number) == ["START", "COMPLETE"] for number in range(60))


def test_an_event_that_the_backend_cannot_take_holds_up_its_own_run_alone(root: Path) -> None:
    bad = {run_id(number) for number in range(20)}
    with Receiver(answer=lambda _, event: 503 if event["run"]["runId"] in bad else 201) as receiver:
        for number in range(24):
            made = folder(root, run_id(number), backend=Backend(url=receiver.url).key)
            add(made.agent, application("START", 1, run_id(number)), application("COMPLETE", 5, run_id(number)))
            outcome(made)
        with Watch(root, receiver.url) as watch:
            until(lambda: len(watch.out) == 4)
            assert sorted(watch.out) == [f"{run_id(number)}  COMPLETE, 2 delivered" for number in range(20, 24)]
            assert watch.err == [f"sparklineage: {receiver.url}: 503 Service Unavailable; what waits is sent again."]


def test_it_ends_in_time_though_the_backend_is_silent(root: Path) -> None:
    with Receiver(silent=True) as receiver, Watch(root, receiver.url, "--drain-timeout", "1") as watch:
        with driver(root):
            until(lambda: receiver.posts)
        began = time.monotonic()
        assert watch.end() == 0
        assert time.monotonic() - began < 4


def test_a_second_signal_is_not_made_to_wait(root: Path) -> None:
    with Receiver(answer=lambda *_: 503) as receiver, driver(root) as process:
        process.wait()
        with Watch(root, receiver.url, "--sidecar", "--drain-timeout", "60") as watch:
            until(lambda: receiver.posts)
            watch.process.terminate()
            time.sleep(1)
            assert watch.process.poll() is None
            assert watch.end(5) == 0


def test_the_event_under_way_is_finished_and_remembered(root: Path) -> None:
    with Receiver(delay=1.0) as receiver, Watch(root, receiver.url) as watch, driver(root, count=0, end="wait"):
        until(lambda: receiver.posts)
        assert watch.end() == 0
        cursor = json.loads((root / run_id(1) / "delivery" / f"{Backend(url=receiver.url).key}.json").read_text())
        assert (len(receiver.events), cursor["delivered"]) == (1, 1)


def test_beside_a_driver_whose_process_is_not_seen_the_run_ends_with_the_watcher(root: Path) -> None:
    """The driver's process id is one of another container: nobody here has it, though the driver lives."""
    with Receiver() as receiver, Watch(root, receiver.url, "--sidecar") as watch:
        with driver(root, end="wait") as process:
            until(lambda: len(receiver.events) == 4)
            process.kill()
            process.wait()
            time.sleep(1.5)
            assert watch.out == []
        assert watch.end() == 0
        assert kinds(receiver) == ["START", *["RUNNING"] * 3, "ABORT"]
        assert watch.out == [f"{run_id(1)}  ABORT, 5 delivered"]


def test_beside_a_driver_it_goes_on_trying_to_its_last_second(root: Path) -> None:
    receiver = Receiver(answer=lambda number, _: 503 if number < 6 else 201)
    with receiver, driver(root) as process:
        process.wait()
        with Watch(root, receiver.url, "--sidecar", "--drain-timeout", "20") as watch:
            until(lambda: receiver.posts)
            assert watch.end(25) == 0
    assert kinds(receiver) == ["START", *["RUNNING"] * 3, "COMPLETE"]
    assert watch.out == [f"{run_id(1)}  COMPLETE, 5 delivered"]


def test_a_journal_has_one_watcher(root: Path) -> None:
    lock = WatchLock(root)
    with Watch(root, "http://localhost:1") as watch:
        assert watch.join() == 67
        assert watch.err == [f"sparklineage: {root}: another `sparklineage relay watch` delivers this journal."]
    lock.close()
    with Watch(root, "http://localhost:1", "--once") as watch:
        assert watch.join() == 0


def test_what_submit_delivers_is_left_to_its_own_relay(root: Path) -> None:
    with Receiver() as receiver, Watch(root, receiver.url) as watch:
        made = folder(root, run_id(1), backend=Backend(url=receiver.url).key)
        with RunLock(made) as lock:
            handover = Handover(backend=Backend(url=receiver.url))
            relay = RelayProcess(made, handover, environ={"PATH": "/usr/bin"}, lock_fd=lock.fd)
            add(made.agent, application("START", 1, run_id(1)), event("RUNNING", 2, run_id(1)))
            time.sleep(3)
            add(made.agent, application("COMPLETE", 5, run_id(1)))
            outcome(made)
            assert relay.ended()
            relay.drain(10, lambda: False)
            relay.leave()
        DeliveryLock(made, wait=15).close()
        assert watch.end() == 0
        assert (watch.out, watch.err) == ([], [])
    assert kinds(receiver) == ["START", "RUNNING", "COMPLETE"]


def test_once_ends_when_nothing_moves(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Receiver() as receiver:
        with driver(root, end="die") as process:
            process.wait()
        repository = str(Path(__file__).parents[3])
        command = ["relay", "watch", "--once", "--journal", str(root), "--backend", receiver.url]
        environ = {"PYTHONPATH": repository, "HOME": str(root)}
        ended = subprocess.run([sys.executable, "-m", "sparklineage", *command], env=environ, timeout=30, check=False)
        assert ended.returncode == 0
        assert kinds(receiver) == ["START", *["RUNNING"] * 3, "ABORT"]
    assert capfd.readouterr() == (f"{run_id(1)}  ABORT, 5 delivered\n", "")


@pytest.mark.parametrize(
    ("options", "says", "status"),
    [
        ([], "No backend is configured", 64),
        (["--backend", "http://localhost:1", "--drain-timeout", "0"], "--drain-timeout is 0; write seconds", 2),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    root: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str, status: int
) -> None:
    environ: dict[str, Any] = {"HOME": str(root)}
    assert main(["relay", "watch", "--once", "--journal", str(root), *options], environ) == status
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1
