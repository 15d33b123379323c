"""A disk that is full for a while, and folders that go while their events are under way."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import JournalError
from sparklineage.journal import write
from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, HttpSink, follow, process, read_events
from sparklineage.relay.deliver import Courier, Waits, deliver_all
from sparklineage.relay.follow import Follower
from sparklineage.relay.sinks import Verdict
from tests.support.journal import add, application, event, folder, outcome
from tests.support.receiver import Receiver
from tests.unit.relay.test_watch import Watching, spooled

QUERY = "01900000-0000-7000-9000-000000000001"
QUICK = Waits(first=0.01, longest=0.01)


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size`; the write that does is cut short, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def no_room(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def until(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def kinds(receiver: Receiver) -> list[str]:
    return [item["eventType"] for item in receiver.events]


def test_the_relay_of_a_job_goes_on_when_the_disk_has_room_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = folder(tmp_path)
    add(made.agent, application("START", 1))
    with Receiver() as receiver:
        courier = Courier(Delivery(made, HttpSink(Backend(url=receiver.url, timeout=5.0)), QUICK))
        courier.start()
        rounds = process._Rounds(Follower(made), courier)
        with room(100):
            for _ in range(3):
                rounds.round()
        rounds.round()
        until(lambda: kinds(receiver) == ["START"])
        courier.leave()
        courier.join(10)
    assert capsys.readouterr().err.count("events.ndjson: cannot be written: File too large. It is tried again.") == 1


@pytest.mark.parametrize("size", [100, 500, 900])
def test_events_that_cannot_be_written_are_written_later(tmp_path: Path, size: int) -> None:
    """Whole, in order and once, wherever the first of them was cut."""
    made = folder(tmp_path)
    add(made.agent, application("START", 1), event("START", 2, QUERY), event("COMPLETE", 3, QUERY))
    follower = Follower(made)
    with room(size):
        for _ in range(3):
            with pytest.raises(JournalError, match="cannot be written"):
                follower.poll()
    add(made.agent, application("COMPLETE", 9))
    assert [item["eventType"] for item in follower.poll()] == ["START", "START", "COMPLETE"]
    outcome(made)
    follower.finish()
    assert [item["eventType"] for item in read_events(made)] == ["START", "START", "COMPLETE", "COMPLETE"]
    assert json.loads(made.settled.read_bytes())["events"] == 4


def test_what_is_accepted_is_sent_once_though_its_cursor_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1), application("COMPLETE", 2))
    with Receiver() as receiver:
        courier = Courier(Delivery(made, HttpSink(Backend(url=receiver.url, timeout=5.0)), QUICK))
        with monkeypatch.context() as patched:
            patched.setattr(write, "_replace", no_room)
            patched.setattr(write, "_overwrite", lambda *_: False)
            courier.start()
            until(lambda: courier.delivery.failures > 2)
            assert kinds(receiver) == ["START"]
            assert courier.delivery.last_error == "the journal cannot be written: No space left on device"
        until(lambda: courier.delivery.waiting() == 0)
        until(lambda: json.loads(made.delivery(courier.delivery.sink.key).read_bytes())["delivered"] == 2)
        courier.leave()
        courier.join(10)
        assert kinds(receiver) == ["START", "COMPLETE"]
    stored = json.loads(made.delivery(courier.delivery.sink.key).read_bytes())
    assert (stored["offset"], stored["lastError"]) == (made.events.stat().st_size, None)


def test_the_last_cursor_is_written_though_no_event_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1))
    with Receiver() as receiver:
        delivery = Delivery(made, HttpSink(Backend(url=receiver.url, timeout=5.0)))
        with monkeypatch.context() as patched:
            patched.setattr(write, "_replace", no_room)
            patched.setattr(write, "_overwrite", lambda *_: False)
            for _ in range(2):
                answer = delivery.send_next()
                assert answer is not None and answer.verdict is Verdict.RETRY
        assert deliver_all(delivery, until=time.monotonic() + 20, give_up_after=1)
        assert deliver_all(Delivery(made, delivery.sink), until=time.monotonic() + 20, give_up_after=1)
        delivery.sink.close()
        assert kinds(receiver) == ["START"]


def test_a_dead_letter_is_kept_before_the_event_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1), application("COMPLETE", 2))
    with Receiver(answer=lambda _, item: 422 if item["eventType"] == "START" else 201) as receiver:
        delivery = Delivery(made, HttpSink(Backend(url=receiver.url, timeout=5.0)), QUICK)
        with monkeypatch.context() as patched:
            patched.setattr("sparklineage.relay.deliver.append_line", no_room)
            answer = delivery.send_next()
            assert answer is not None and answer.verdict is Verdict.RETRY
        assert deliver_all(delivery, until=time.monotonic() + 20, give_up_after=3)
        delivery.sink.close()
    assert (delivery.delivered, delivery.refused) == (1, 1)
    assert len(made.refused(delivery.sink.key).read_text().splitlines()) == 1


class Held:
    """A receiver's answers, until they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, number: int, _: Any) -> int:
        if number == 1:
            self.go.wait(60)
        return 201


def test_a_run_that_is_removed_while_its_event_is_under_way_ends_no_relay(tmp_path: Path) -> None:
    held = Held()
    with Receiver(answer=held) as receiver:
        gone = spooled(tmp_path, 1, pid=os.getpid())
        found = Watching(tmp_path, receiver.url)
        until(lambda: found.watcher.round() and receiver.posts == 1)
        shutil.rmtree(gone.path)
        other = spooled(tmp_path, 2)
        end = time.monotonic() + 2
        while time.monotonic() < end:  # it is told that an answer takes long
            found.watcher.round()
            time.sleep(0.01)
        held.go.set()
        until(lambda: (found.watcher.round(), other.settled.exists() and len(receiver.events) == 3)[1])
        found.watcher.close(time.monotonic() + 5, lambda: True)


def test_what_is_half_changed_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an event of the run is under way when its others cannot be written."""
    held, keep = Held(), follow.Follower._keep
    full: list[bool] = []

    def kept(self: Follower, events: list[Any]) -> list[Any]:
        if events and not full:
            full.append(True)
            with self.folder.events.open("ab") as file:
                file.write(b'{"a part of')
            raise JournalError("full")
        return keep(self, events)

    with Receiver(answer=held) as receiver:
        made = spooled(tmp_path, 1, pid=os.getpid())
        found = Watching(tmp_path, receiver.url)
        until(lambda: found.watcher.round() and receiver.posts == 1)
        monkeypatch.setattr(follow.Follower, "_keep", kept)
        for time_, kind in ((5, "START"), (6, "RUNNING"), (7, "COMPLETE")):
            add(made.agent, event(kind, time_, QUERY))
            found.watcher.round()
        held.go.set()
        until(lambda: (found.watcher.round(), not found.watcher._runs)[1])
        found.watcher._later.clear()
        until(lambda: (found.watcher.round(), len(receiver.events) == 4)[1])
        found.watcher.close(time.monotonic() + 5, lambda: True)
    assert found.warned == ["full"]
    assert kinds(receiver) == ["START", "START", "RUNNING", "COMPLETE"]
