"""A relay whose own files lie apart from the run folders, which may be anybody's."""

from __future__ import annotations

import os
from pathlib import Path

from sparklineage.journal import RunFolder, create_folder, run_folders
from sparklineage.model.backend import Backend
from sparklineage.relay import HttpSink, read_events, status
from sparklineage.relay.drain import drain, folders_for
from sparklineage.relay.retire import Keep, retire
from sparklineage.relay.watch import Watcher
from tests.support.journal import add, application, witnessed
from tests.support.receiver import Receiver


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def spooled(root: Path, number: int) -> RunFolder:
    """An application of a user's whose driver is gone."""
    made = RunFolder(root / run_id(number))
    made.path.mkdir()
    add(made.witness, witnessed("application", 0, runId=made.run_id, pid=1 << 22, host=os.uname().nodename))
    add(made.agent, application("START", 0, made.run_id))
    return made


def test_nothing_is_written_into_the_runs_folder(tmp_path: Path) -> None:
    root, state = tmp_path / "spool", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    for number in (1, 2):
        spooled(root, number)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    said: list[str] = []
    with Receiver() as receiver:
        backend = Backend(url=receiver.url)
        watcher = Watcher(root, lambda until: HttpSink(backend, until=until), say=said.append, warn=said.append,
                          state=state)  # fmt: skip
        while watcher.round():
            pass
        watcher.close(0, lambda: True)
        assert len(receiver.events) == 4
        third = RunFolder(spooled(root, 3).path, state / run_id(3))
        sink = HttpSink(backend)
        assert folders_for(root, sink.key, state) == []
        assert drain(third, sink, until=1e12).delivered == 2
        sink.close()
    assert said == [f"{run_id(1)}  ABORT, 2 delivered", f"{run_id(2)}  ABORT, 2 delivered"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert sorted(path.name for path in root.rglob("*")) == sorted(
        [*map(run_id, (1, 2, 3)), *["agent.ndjson", "witness.ndjson"] * 3]
    )
    folder = RunFolder(root / run_id(1), state / run_id(1))
    assert [item["eventType"] for item in read_events(folder)] == ["START", "ABORT"]
    found = status(folder)
    assert (found.state, found.deliveries[0].delivered) == ("ABORT", 2)
    assert (state / run_id(1)).stat().st_mode & 0o777 == 0o700
    assert len(list(retire(root, Keep(size=0), until=1e12, state=state))) == 3
    assert list(root.iterdir()) == list(state.iterdir()) == []


def test_without_a_state_root_all_lies_in_one_folder(tmp_path: Path) -> None:
    made = create_folder(tmp_path, run_id(1))
    assert run_folders(tmp_path) == [made]
    assert (made.state, made.is_apart) == (made.path, False)
    assert made.events.parent == made.settled.parent == made.delivering.parent == made.path
