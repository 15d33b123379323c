"""A spool that is not mounted for a while: in its place lies another folder, with nothing of what was in it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.relay import HttpSink
from sparklineage.relay.removal import sweep
from sparklineage.relay.retire import Keep
from sparklineage.relay.watch import Watcher
from tests.support.journal import add, application, witnessed
from tests.support.receiver import Receiver


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


class Node:
    """A spool, which may be away, and its relay."""

    def __init__(self, base: Path, url: str) -> None:
        self.root, self.state, self._away = base / "spool", base / "state", base / "away"
        self.root.mkdir()
        self.state.mkdir()
        self.said: list[str] = []
        self.url = url

    def application(self, number: int, *, pid: int = 1 << 22) -> RunFolder:
        made = RunFolder(self.root / run_id(number), self.state / run_id(number))
        made.path.mkdir()
        add(made.witness, witnessed("application", 0, runId=made.run_id, pid=pid, host=os.uname().nodename))
        add(made.agent, application("START", 0, made.run_id))
        if pid == 1 << 22:
            add(made.witness, witnessed("applicationEnd", 9), witnessed("exit", 10, how="returned"))
            add(made.agent, application("COMPLETE", 9, made.run_id))
        return made

    def unmount(self) -> None:
        self.root.rename(self._away)
        self.root.mkdir()

    def mount(self) -> None:
        for path in self.root.iterdir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        self.root.rmdir()
        self._away.rename(self.root)

    def watcher(self) -> Watcher:
        backend = Backend(url=self.url)
        return Watcher(self.root, lambda until: HttpSink(backend, until=until), say=self.said.append,
                       warn=self.said.append, everything=True, state=self.state,
                       keep=Keep(size=1 << 40))  # fmt: skip

    def deliver(self) -> None:
        watcher = self.watcher()
        until = time.monotonic() + 30
        while watcher.round() and time.monotonic() < until:
            pass
        watcher._retired -= 60
        watcher.round()
        watcher.close(0, lambda: True)


@pytest.fixture
def node(tmp_path: Path, receiver: Receiver) -> Node:
    return Node(tmp_path, receiver.url)


def test_what_was_delivered_is_not_delivered_again_when_it_is_back(node: Node, receiver: Receiver) -> None:
    node.application(1)
    node.deliver()
    assert len(receiver.events) == 2
    node.unmount()
    node.deliver()
    node.application(2)  # writes where the spool is to be
    node.deliver()
    node.deliver()
    assert len(receiver.events) == 4
    node.mount()
    node.deliver()
    node.deliver()
    assert len(receiver.events) == 4
    assert sorted(path.name for path in node.state.iterdir()) == [run_id(1), run_id(2)]


def test_what_its_owner_removed_is_forgotten_once_it_is_back(node: Node) -> None:
    made = node.application(1)
    node.application(2)
    node.deliver()
    for file in made.path.iterdir():
        file.unlink()
    made.path.rmdir()
    node.unmount()
    node.deliver()
    assert made.state.exists()
    node.mount()
    node.deliver()
    assert [path.name for path in node.state.iterdir()] == [run_id(2)]


def test_a_spool_whose_device_has_another_number_is_the_same_one(node: Node) -> None:
    """As after a start of the machine: what is in it is known by what was seen in it."""
    made = node.application(1)
    node.deliver()
    link = made.state / "spool"
    assert str(link.readlink()) == f"{node.root.stat().st_dev:x}-{node.root.stat().st_ino:x}"
    link.unlink()
    link.symlink_to("123456-2")
    node.deliver()
    for file in made.path.iterdir():
        file.unlink()
    made.path.rmdir()
    node.deliver()
    assert list(node.state.iterdir()) == []


def test_without_a_word_of_where_it_was_a_run_is_forgotten(node: Node) -> None:
    """Of an earlier version, or of one that was killed meanwhile."""
    (node.state / run_id(1)).mkdir()
    sweep(node.root, node.state, time.monotonic() + 20)
    assert list(node.state.iterdir()) == []


def test_no_run_is_closed_because_its_folder_is_away(node: Node, receiver: Receiver) -> None:
    """Of many ended runs most wait for their turn, and the root is looked at seldom."""
    for number in range(40):
        node.application(number)
    watcher = node.watcher()
    watcher.round()
    assert watcher._waiting
    watcher._spool._next = math.inf
    node.unmount()
    until = time.monotonic() + 30
    while watcher._waiting and time.monotonic() < until:
        watcher.round()
    assert not watcher._waiting
    watcher.close(time.monotonic() + 1, lambda: False)
    node.mount()
    node.deliver()
    ends = [event["eventType"] for event in receiver.events if event["eventType"] != "START"]
    assert ends == ["COMPLETE"] * 40


def test_a_run_that_was_being_read_goes_on_where_it_was(node: Node) -> None:
    made = node.application(1, pid=os.getpid())
    watcher = node.watcher()
    watcher.round()
    node.unmount()
    until = time.monotonic() + 30
    while watcher._runs and time.monotonic() < until:
        watcher.round()
    assert not watcher._runs
    node.mount()
    watcher._later.clear()
    add(made.witness, witnessed("applicationEnd", 9), witnessed("exit", 10, how="returned"))
    add(made.agent, application("COMPLETE", 9, made.run_id))
    until = time.monotonic() + 30
    while not node.said and time.monotonic() < until:
        watcher.round()
    watcher.close(0, lambda: True)
    assert f"{made.run_id}  COMPLETE, 2 delivered" in node.said
