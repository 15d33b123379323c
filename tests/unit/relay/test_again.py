"""A run id that comes again on a node after its run was settled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.relay import HttpSink, read_events, status
from sparklineage.relay.alive import is_gone
from sparklineage.relay.watch import Watcher
from tests.support.journal import add, application, event, execution, witnessed
from tests.support.receiver import Receiver

RUN = "01900000-0000-7000-8000-000000000001"
QUERY, SECOND = (f"01900000-0000-7000-8000-0000000000a{number}" for number in (1, 2))
HOST = os.uname().nodename
GONE = 1 << 22


class Node:
    """A spool and its relay."""

    def __init__(self, base: Path, url: str) -> None:
        self.run = RunFolder(base / "spool" / RUN, base / "state" / RUN)
        for path in (self.run.path.parent, self.run.state.parent):
            path.mkdir()
        self.url = url
        self.said: list[str] = []

    def attempt(self, at: int, query: str, end: str, *, pid: int = GONE, over: bool = True) -> None:
        """An application that begins at this time, executes a query, and ends."""
        made = self.run
        made.path.mkdir(exist_ok=True)
        add(
            made.witness, witnessed("application", at, runId=RUN, pid=pid, host=HOST, main="class", applicationName="a")
        )
        add(made.witness, *execution(1, at + 10, at + 20))
        add(made.agent, application("START", at, RUN))
        add(made.agent, event("START", at + 10, query), event("COMPLETE", at + 20, query))
        if over:
            add(made.witness, witnessed("applicationEnd", at + 30))
            add(made.witness, witnessed("exit", at + 31, how="exit", exitStatus=0 if end == "COMPLETE" else 1))
            add(made.agent, application("COMPLETE", at + 30, RUN))

    def watcher(self) -> Watcher:
        backend = Backend(url=self.url)
        return Watcher(self.run.path.parent, lambda until: HttpSink(backend, until=until), say=self.said.append,
                       warn=self.said.append, everything=True, state=self.run.state.parent)  # fmt: skip

    def deliver(self) -> list[str]:
        """What a relay says that has begun just now."""
        self.said.clear()
        watcher = self.watcher()
        rounds(watcher)
        watcher.close(0, lambda: True)
        return list(self.said)


def rounds(watcher: Watcher) -> None:
    until = time.monotonic() + 30
    while watcher.round() and time.monotonic() < until:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def node(tmp_path: Path, receiver: Receiver) -> Node:
    return Node(tmp_path, receiver.url)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    names = {RUN: "app", QUERY: "first", SECOND: "second"}
    return [(names[item["run"]["runId"]], item["eventType"]) for item in receiver.events]


FIRST = [("app", "START"), ("first", "START"), ("first", "COMPLETE"), ("app", "FAIL")]


def test_another_attempt_is_delivered_behind_the_first(node: Node, receiver: Receiver) -> None:
    node.attempt(0, QUERY, "FAIL")
    assert node.deliver() == [f"{RUN}  FAIL, 4 delivered"]
    node.attempt(1000, SECOND, "COMPLETE")
    assert node.deliver() == [f"{RUN}  begun again, after it was settled", f"{RUN}  COMPLETE, 8 delivered"]
    again = [("app", "RUNNING"), ("second", "START"), ("second", "COMPLETE"), ("app", "COMPLETE")]
    assert told(receiver) == FIRST + again
    assert node.deliver() == []
    assert len(receiver.events) == 8
    assert (status(node.run).state, status(node.run).events) == ("COMPLETE", 8)


def test_a_third_attempt_is_delivered_too(node: Node, receiver: Receiver) -> None:
    for number, query in enumerate((QUERY, SECOND, "01900000-0000-7000-8000-0000000000a3")):
        node.attempt(1000 * number, query, "FAIL")
        node.deliver()
    ends = [item for item in receiver.events if item["run"]["runId"] == RUN and item["eventType"] == "FAIL"]
    assert len(ends) == 3
    assert len(receiver.events) == len(list(read_events(node.run))) == 12


def test_it_is_found_without_a_new_file_and_waited_for(
    node: Node, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparklineage.relay.spool._GROWN", 0.2)
    node.attempt(0, QUERY, "FAIL")
    watcher = node.watcher()
    rounds(watcher)
    with subprocess.Popen(["sleep", "600"]) as process:
        node.attempt(1000, SECOND, "COMPLETE", pid=process.pid, over=False)
        until = time.monotonic() + 30
        while len(receiver.events) < 7 and time.monotonic() < until:
            watcher.round()
        assert told(receiver) == [*FIRST, ("app", "RUNNING"), ("second", "START"), ("second", "COMPLETE")]
        assert not is_gone(node.run)
        assert not node.run.settled.exists()
        process.kill()
    assert is_gone(node.run)
    until = time.monotonic() + 30
    while len(receiver.events) < 8 and time.monotonic() < until:
        watcher.round()
    assert told(receiver)[-1] == ("app", "ABORT")
    watcher.close(0, lambda: True)


def test_a_living_attempt_is_seen_behind_a_long_one(node: Node) -> None:
    node.attempt(0, QUERY, "FAIL")
    add(node.run.witness, *(witnessed("jobStart", 25, jobId=number, filler="x" * 100) for number in range(2000)))
    node.deliver()
    node.attempt(1000, SECOND, "COMPLETE", pid=os.getpid(), over=False)
    node.deliver()
    assert not node.run.settled.exists()


def test_a_relay_that_was_killed_behind_the_end_tells_it_once(node: Node, receiver: Receiver) -> None:
    node.attempt(0, QUERY, "FAIL")
    node.deliver()
    node.attempt(1000, SECOND, "COMPLETE")
    node.deliver()
    node.run.settled.unlink()
    assert node.deliver() == [f"{RUN}  COMPLETE, 8 delivered"]
    assert len(receiver.events) == 8


def test_a_folder_that_is_made_anew_is_another_application(node: Node, receiver: Receiver) -> None:
    node.attempt(0, QUERY, "FAIL")
    node.deliver()
    shutil.rmtree(node.run.path)
    node.attempt(5000, SECOND, "COMPLETE")  # as long as the first, byte by byte
    assert node.deliver() == [f"{RUN}  begun again, after it was settled", f"{RUN}  COMPLETE, 4 delivered"]
    second = [("app", "START"), ("second", "START"), ("second", "COMPLETE"), ("app", "COMPLETE")]
    assert told(receiver) == FIRST + second
    assert len(list(read_events(node.run))) == 4
    assert node.deliver() == []


def test_what_waits_of_the_one_before_is_delivered_first(node: Node, receiver: Receiver) -> None:
    node.attempt(0, QUERY, "FAIL")
    node.url, url = "http://127.0.0.1:9", node.url
    until, watcher = time.monotonic() + 30, node.watcher()
    while not node.run.settled.exists() and time.monotonic() < until:
        watcher.round()
    watcher.close(0, lambda: True)
    shutil.rmtree(node.run.path)
    node.attempt(5000, SECOND, "COMPLETE")
    node.url = url
    said = [f"{RUN}  FAIL, 4 delivered", f"{RUN}  begun again, after it was settled", f"{RUN}  COMPLETE, 4 delivered"]
    assert node.deliver() == said
    assert told(receiver)[:4] == FIRST
    assert len(receiver.events) == 8


def test_what_belongs_to_no_other_application_is_told_once_and_left(node: Node, receiver: Receiver) -> None:
    node.attempt(0, QUERY, "COMPLETE")
    node.deliver()
    add(node.run.agent, event("START", 40, SECOND))
    line = f"{node.run.agent}: events came after the run was settled, and they are not delivered."
    assert node.deliver() == [line]
    assert len(receiver.events) == 4
    assert json.loads(node.run.settled.read_text())["events"] == 4


def test_a_last_word_of_its_process_changes_nothing(node: Node) -> None:
    node.attempt(0, QUERY, "COMPLETE")
    node.deliver()
    add(node.run.witness, witnessed("exit", 90, how="gateway"))
    assert node.deliver() == []
