"""`Watcher` round by round: which folders it takes, which it leaves alone, and what a round costs."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import DeliveryLock, RunFolder, RunLock, create_folder
from sparklineage.model.backend import Backend
from sparklineage.relay import HttpSink, read_events
from sparklineage.relay.alive import is_gone
from sparklineage.relay.drain import close_lost
from sparklineage.relay.retire import Keep
from sparklineage.relay.spool import Spool, check_plain
from sparklineage.relay.watch import Watcher
from tests.support.journal import T0, add, application, execution, folder, outcome, witnessed
from tests.support.receiver import Receiver

HOST = socket.gethostname()
GONE = 1 << 22
"""No process can have this id."""


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def spooled(root: Path, number: int = 1, *, pid: int = GONE, host: str = HOST, end: str = "") -> RunFolder:
    """An application that no `submit` started."""
    made = create_folder(root, run_id(number))
    add(made.witness, witnessed("application", 0, runId=made.run_id, pid=pid, host=host, applicationName="app"))
    add(made.agent, application("START", 0, made.run_id))
    if end:
        add(made.witness, witnessed("applicationEnd", 9))
        add(made.agent, application(end, 9, made.run_id))
    return made


def ended(root: Path, number: int, backend: str | None) -> RunFolder:
    """A run of a `submit` that has ended."""
    made = folder(root, run_id(number), backend=backend)
    add(made.agent, application("START", 1, made.run_id), application("COMPLETE", 5, made.run_id))
    outcome(made)
    return made


class Watching:
    """A watcher of `root`, whose lines are kept."""

    def __init__(self, root: Path, url: str, **options: Any) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        backend = Backend(url=url, timeout=30.0)
        self.watcher = Watcher(
            root,
            lambda until: HttpSink(backend, until=until),
            say=self.said.append,
            warn=self.warned.append,
            **options,
        )

    def rounds(self, seconds: float = 60) -> None:
        """Until nothing moves."""
        until = time.monotonic() + seconds
        while self.watcher.round():
            assert time.monotonic() < until
            time.sleep(0.005)


Start = Callable[..., Watching]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def watching(tmp_path: Path, receiver: Receiver) -> Iterator[Start]:
    started = []

    def start(**options: Any) -> Watching:
        started.append(Watching(tmp_path, receiver.url, **options))
        return started[-1]

    yield start
    for found in started:
        found.watcher.close(time.monotonic() + 5, lambda: True)


def test_runs_of_another_backend_are_left_alone_unless_all_are_asked_for(
    tmp_path: Path, receiver: Receiver, watching: Start
) -> None:
    ended(tmp_path, 1, Backend(url=receiver.url).key)
    ended(tmp_path, 2, Backend(url="http://elsewhere").key)
    first = watching()
    first.rounds()
    assert first.said == [f"{run_id(1)}  COMPLETE, 2 delivered"]
    second = watching(everything=True)
    second.rounds()
    assert second.said == [f"{run_id(2)}  COMPLETE, 2 delivered"]
    assert len(receiver.events) == 4


def test_a_round_over_a_thousand_finished_runs_looks_into_none(
    tmp_path: Path, receiver: Receiver, watching: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Backend(url=receiver.url).key
    for number in range(1000):
        made = folder(tmp_path, run_id(number), backend=key)
        made.settled.write_text('{"format": 1, "state": "COMPLETE"}')
        made.delivery(key).write_text('{"format": 1, "offset": 0}')
    found = watching()
    found.rounds()
    looked: list[Path] = []
    monkeypatch.setattr("sparklineage.relay.judge.check_run", lambda made: looked.append(made.path))
    began = time.process_time()
    for _ in range(10):
        found.watcher.round()
    assert looked == []
    assert time.process_time() - began < 1.0
    assert (found.said, found.warned) == ([], [])


def test_what_has_left_the_journal_is_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in range(3):
        spool.put_aside(create_folder(tmp_path, run_id(number)))
    assert spool.look() == []
    (tmp_path / run_id(0) / "outcome.json").touch()
    assert [made.run_id for made in spool.look()] == [run_id(0)]
    for number in range(3):
        subprocess.run(["rm", "-r", str(tmp_path / run_id(number))], check=True)
    assert spool.look() == []
    assert not spool._aside


def test_links_are_not_followed(tmp_path: Path, receiver: Receiver, watching: Start) -> None:
    """Somebody who may write into the spool must not choose what the watcher reads or where it writes."""
    root, outside = tmp_path, tmp_path / "outside"
    outside.mkdir()
    target = outside / "target"
    target.write_text("theirs\n")
    ended(outside, 9, Backend(url=receiver.url).key)
    (root / run_id(1)).symlink_to(outside / run_id(9))
    for number, name in enumerate(["events.ndjson", "agent.ndjson", "delivering", "lock", "settled.json"], 2):
        made = spooled(root, number)
        (made.path / name).unlink(missing_ok=True)
        (made.path / name).symlink_to(target)
    inner = spooled(root, 7)
    inner.delivery(Backend(url=receiver.url).key).symlink_to(target)
    found = watching()
    found.rounds()
    found.watcher.round()
    assert target.read_text() == "theirs\n"
    assert receiver.events == []
    assert len(found.warned) == 6
    assert all("such are not followed" in text for text in found.warned)


def test_a_pipe_stops_nobody(tmp_path: Path, watching: Start) -> None:
    made = spooled(tmp_path, 1)
    made.steps.unlink(missing_ok=True)
    os.mkfifo(made.steps)
    spooled(tmp_path, 2)
    found = watching()
    found.rounds()
    assert found.said == [f"{run_id(2)}  ABORT, 2 delivered"]
    assert len(found.warned) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_one_line(tmp_path: Path, watching: Start) -> None:
    made = spooled(tmp_path, 1)
    spooled(tmp_path, 2)
    made.path.chmod(0)
    found = watching()
    found.rounds()
    found.watcher._later.clear()
    found.rounds()
    made.path.chmod(0o700)
    assert found.warned == [f"{made.path}: cannot be read: Permission denied."]
    assert found.said == [f"{run_id(2)}  ABORT, 2 delivered"]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"type": {}, "time": []}', '{"eventType": 3, "run": 7}', "\0\0"])
def test_lines_of_any_shape_harm_no_other_run(tmp_path: Path, watching: Start, text: str) -> None:
    made = spooled(tmp_path, 1)
    for path in (made.witness, made.agent, made.steps):
        with path.open("a") as file:
            file.write(f"{text}\n")
    spooled(tmp_path, 2)
    found = watching()
    found.rounds()
    assert f"{run_id(2)}  ABORT, 2 delivered" in found.said


def test_a_newer_run_and_a_damaged_cursor_are_told_once(tmp_path: Path, receiver: Receiver, watching: Start) -> None:
    key = Backend(url=receiver.url).key
    newer, damaged = ended(tmp_path, 1, key), ended(tmp_path, 2, key)
    newer.settled.write_text('{"format": 9}')
    damaged.delivery(key).write_text("{")
    ended(tmp_path, 3, key)
    found = watching()
    found.rounds()
    found.watcher._later.clear()
    found.rounds()
    assert found.said == [f"{run_id(3)}  COMPLETE, 2 delivered"]
    assert len(found.warned) == 2
    assert "journal format 9" in found.warned[0]
    assert "is not JSON" in found.warned[1]


def test_dead_letters_are_told_with_the_run(tmp_path: Path, receiver: Receiver, watching: Start) -> None:
    receiver.answer = lambda number, _: 422 if number == 1 else 201
    spooled(tmp_path, 1)
    found = watching()
    found.rounds()
    assert found.said == [f"{run_id(1)}  ABORT, 1 delivered, 1 refused (dead letters)"]


def test_another_deliverer_is_waited_for(tmp_path: Path, receiver: Receiver, watching: Start) -> None:
    made = ended(tmp_path, 1, Backend(url=receiver.url).key)
    found = watching()
    with DeliveryLock(made):
        found.rounds()
        assert (found.said, found.warned) == ([], [])
    time.sleep(1.1)
    found.rounds()
    assert found.said == [f"{run_id(1)}  COMPLETE, 2 delivered"]


def test_finished_runs_leave_a_limited_journal(tmp_path: Path, receiver: Receiver, watching: Start) -> None:
    made = ended(tmp_path, 1, Backend(url=receiver.url).key)
    found = watching(keep=Keep(size=0))
    found.rounds()
    found.watcher._retired -= 60
    found.watcher.round()
    assert not made.path.exists()
    assert len(found.said) == 2
    assert "removed from the journal" in found.said[1]


def test_what_waits_for_its_turn_does_not_leave_a_limited_journal(
    tmp_path: Path, receiver: Receiver, watching: Start
) -> None:
    """Though it was closed where no backend was to be told, so that no cursor says that anything waits."""
    receiver.answer = lambda *_: 503
    runs = [ended(tmp_path, number, None) for number in range(1, 25)]
    for made in runs:
        close_lost(made)
    found = watching(everything=True, keep=Keep(size=0))
    found.watcher.round()
    assert all(made.path.exists() for made in runs)


def test_an_application_that_told_its_end_is_settled_when_its_listeners_are_silent(
    tmp_path: Path, receiver: Receiver, watching: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its process is not seen; a query's own end may come after its application's."""
    monkeypatch.setattr("sparklineage.relay.followed._QUIET", 3600.0)
    made = spooled(tmp_path, 1, host="another", end="COMPLETE")
    found = watching()
    found.rounds()
    assert not made.settled.exists()
    assert [item["eventType"] for item in receiver.events] == ["START"]
    monkeypatch.setattr("sparklineage.relay.followed._QUIET", 1.0)
    time.sleep(1.1)
    found.rounds()
    assert found.said == [f"{run_id(1)}  COMPLETE, 2 delivered"]
    assert [item["eventType"] for item in read_events(made)] == ["START", "COMPLETE"]


def test_what_the_next_round_knows_is_told_though_that_comes_late(
    tmp_path: Path, receiver: Receiver, watching: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds are seldom where nothing has moved for long."""
    monkeypatch.setattr("sparklineage.relay.followed._QUIET", 0.0)
    made = spooled(tmp_path, 1, pid=os.getpid())
    found = watching()
    found.rounds()
    step = {"step": "s", "name": "download", "inputs": [{"namespace": "https://h", "name": "/x"}]}
    add(made.steps, {"type": "stepStart", "time": T0 + 5, **step}, {"type": "stepEnd", "time": T0 + 6, "step": "s"})
    add(made.witness, *execution(1, 7, 8))
    for _ in range(4):
        found.rounds()
    assert [item["job"]["name"] for item in receiver.events] == ["app", "app.download", "app.download"]


def test_a_second_context_keeps_the_application_open(tmp_path: Path, watching: Start) -> None:
    made = spooled(tmp_path, 1, pid=os.getpid(), end="COMPLETE")
    add(made.witness, witnessed("application", 20, runId=made.run_id, pid=os.getpid(), host=HOST))
    found = watching()
    found.rounds()
    time.sleep(2.1)
    found.rounds()
    assert found.said == []
    assert not made.settled.exists()


def test_what_nobody_here_can_tell_is_not_gone(tmp_path: Path) -> None:
    def is_gone_in(number: int, **fields: Any) -> bool:
        return is_gone(spooled(tmp_path, number, **fields))

    assert is_gone_in(1)
    assert not is_gone_in(2, pid=os.getpid())
    assert not is_gone_in(3, host="another")
    assert not is_gone(create_folder(tmp_path, run_id(4)))
    assert not is_gone(folder(tmp_path, run_id(5), host=HOST))


def test_a_submit_is_gone_when_its_lock_is_free_and_not_new(tmp_path: Path) -> None:
    made = folder(tmp_path, run_id(1), host=HOST)
    with RunLock(made):
        os.utime(made.lock, (1, 1))
        assert not is_gone(made)
    assert is_gone(made)
    os.utime(made.lock)
    assert not is_gone(made)
    os.utime(made.lock, (1, 1))
    made.run.write_text('{"host": "another"}')
    assert not is_gone(made)


def test_a_plain_folder_is_plain(tmp_path: Path) -> None:
    check_plain(spooled(tmp_path, 1))
