"""What is left when the machine loses its power: names may be there whose content is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder, create_folder, read_json
from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, Follower, HttpSink
from sparklineage.relay.watch import Watcher
from tests.support.journal import add, application, witnessed
from tests.support.receiver import Receiver

RUN = "01900000-0000-7000-8000-000000000001"


class Disk:
    """What has been put onto it of each file; the names are there at once, as a journaling file system may have it."""

    def __init__(self) -> None:
        self._kept: dict[int, bytes] = {}
        self._open: list[int] = []

    def keep(self, fd: int) -> None:
        self._kept[os.fstat(fd).st_ino] = Path(f"/proc/self/fd/{fd}").read_bytes()
        self._open.append(os.dup(fd))  # so that no other file gets its number

    def close(self) -> None:
        for fd in self._open:
            os.close(fd)

    def fail(self, folder: Path) -> None:
        """The power goes, and comes again."""
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(self._kept.get(path.stat().st_ino, b""))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk()

    def keeping(sync: Callable[[int], None]) -> Callable[[int], None]:
        def both(fd: int) -> None:
            sync(fd)
            if Path(f"/proc/self/fd/{fd}").is_file():
                found.keep(fd)

        return both

    monkeypatch.setattr(os, "fsync", keeping(os.fsync))
    monkeypatch.setattr(os, "fdatasync", keeping(os.fdatasync))
    yield found
    found.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run whose driver is gone; the relay's files of it lie apart."""
    (tmp_path / "state").mkdir()
    made = create_folder(tmp_path / "spool", RUN)
    add(made.witness, witnessed("application", 0, runId=RUN, pid=1 << 22, host=os.uname().nodename))
    add(made.agent, application("START", 0, RUN))
    found = RunFolder(made.path, tmp_path / "state" / RUN)
    found.deliveries.mkdir(parents=True)
    return found


def watch(run: RunFolder, receiver: Receiver) -> list[str]:
    """What a relay says that delivers everything."""
    said: list[str] = []
    backend = Backend(url=receiver.url)
    watcher = Watcher(run.path.parent, lambda until: HttpSink(backend, until=until), say=said.append,
                      warn=said.append, state=run.state.parent)  # fmt: skip
    while watcher.round():
        pass
    watcher.close(0, lambda: True)
    return said


def test_a_run_that_is_settled_is_delivered_after_it(run: RunFolder, disk: Disk, receiver: Receiver) -> None:
    Follower(run).finish()
    disk.fail(run.state)
    assert watch(run, receiver) == [f"{RUN}  ABORT, 2 delivered"]
    assert [event["eventType"] for event in receiver.events] == ["START", "ABORT"]


def test_a_cursor_is_there_after_it(run: RunFolder, disk: Disk, receiver: Receiver) -> None:
    Follower(run).finish()
    sink = HttpSink(Backend(url=receiver.url))
    Delivery(run, sink)
    disk.fail(run.state)
    assert read_json(run.delivery(sink.key)) is not None
    sink.close()
    assert watch(run, receiver) == [f"{RUN}  ABORT, 2 delivered"]


def test_a_cursor_that_was_put_back_is_there_after_it(run: RunFolder, disk: Disk, receiver: Receiver) -> None:
    sink = HttpSink(Backend(url=receiver.url))
    delivery = Delivery(run, sink)
    delivery.offset = 1 << 20
    delivery._remember()  # beyond events that the last failure has taken
    sink.close()
    Follower(run).poll()
    disk.fail(run.state)
    assert (read_json(run.delivery(sink.key)) or {})["offset"] == 0
    assert watch(run, receiver) == [f"{RUN}  ABORT, 2 delivered"]
