"""A relay whose own files lie apart from the run folders, which may be anybody's."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def spooled(root: Path, number: int, pid: int = 1 << 22) -> RunFolder:
    """An application of a user's whose driver is gone."""
    made = RunFolder(root / run_id(number))
    made.path.mkdir()
    add(made.witness, witnessed("application", 0, runId=made.run_id, pid=pid, host=os.uname().nodename))
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
    assert sorted(said) == [f"{run_id(1)}  ABORT, 2 delivered", f"{run_id(2)}  ABORT, 2 delivered"]
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


NAMES = ["run.json", "outcome.json", "witness.ndjson", "agent.ndjson", "steps.ndjson", "lock", "events.ndjson"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("\0"), st.just("../../x"),
    st.just("http://elsewhere"), st.just(10**400), st.just(-1), st.just("\ud800"),
)  # fmt: skip
KEYS = st.sampled_from(
    ["type", "time", "pid", "host", "runId", "backend", "format", "state", "endedAt", "job", "parent", "run",
     "eventType", "eventTime", "facets", "inputs", "outputs", "executionId", "rootExecutionId", "jobId", "step",
     "governance", "namespace", "name", "error", "parentStep", "startedAt", "message", "how", "stoppedBy", "main",
     "applicationName", "functions"]
)  # fmt: skip
KINDS = st.sampled_from(
    ["application", "executionStart", "executionEnd", "jobStart", "jobEnd", "applicationEnd", "exit", "stepStart",
     "stepEnd", "stepDatasets", "function", "START", "COMPLETE", "FAIL", "RUNNING"]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(SCALARS, KINDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=12,
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=10)
FILES = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        st.binary(max_size=300),
        st.lists(RECORDS, max_size=6).map(lambda items: "".join(json.dumps(item) + "\n" for item in items).encode()),
    ),
    max_size=len(NAMES),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_whatever_one_folder_holds_the_others_are_delivered(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, files: dict[str, bytes]
) -> None:
    """And nothing is written beside the relay's own folder, and nothing sent elsewhere."""
    base = tmp_path_factory.mktemp("any")
    root, state = base / "spool", base / "state"
    root.mkdir()
    state.mkdir()
    hostile = root / run_id(1)
    hostile.mkdir()
    for name, data in files.items():
        (hostile / name).write_bytes(data)
    spooled(root, 2)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    said: list[str] = []
    backend = Backend(url=receiver.url, timeout=30.0, marquez=True)
    watcher = Watcher(root, lambda until: HttpSink(backend, until=until), say=said.append, warn=said.append,
                      everything=True, state=state, keep=Keep(size=1 << 30, hard=1 << 30))  # fmt: skip
    until = time.monotonic() + 60
    while not (done := f"{run_id(2)}  ABORT, 2 delivered" in said) and time.monotonic() < until:
        watcher.round()
    for _ in range(5):
        watcher.round()
    watcher.close(time.monotonic() + 1, lambda: True)
    assert done, said
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert {path.name for path in state.iterdir()} <= {run_id(1), run_id(2)}
    assert sorted(path.name for path in base.iterdir()) == ["spool", "state"]
    assert all("\n" not in line and line.isprintable() for line in said)
    status(RunFolder(hostile, state / run_id(1)))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def test_a_run_that_its_submit_delivers_is_left_to_it(tmp_path: Path, receiver: Receiver) -> None:
    root, state = tmp_path / "spool", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    for number, backend in ((1, "0123456789ab"), (2, None)):
        made = spooled(root, number)
        made.run.write_text(json.dumps({"format": 1, "backend": backend, "job": {"namespace": "n", "name": "j"}}))
    said: list[str] = []
    target = Backend(url=receiver.url, marquez=True)
    watcher = Watcher(root, lambda until: HttpSink(target, until=until), say=said.append, warn=said.append,
                      everything=True, state=state)  # fmt: skip
    while watcher.round():
        time.sleep(0.01)
    watcher.close(0, lambda: True)
    assert said == [f"{run_id(2)}  ABORT, 2 delivered"]


def test_one_user_with_very_many_applications_leaves_room_for_others(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparklineage.relay.watch._FOLLOWED", 5)
    owners = {run_id(number): 1000 + (number == 9) for number in range(10)}
    monkeypatch.setattr(RunFolder, "owner", property(lambda folder: owners[folder.run_id]))
    root, state = tmp_path / "spool", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    said: list[str] = []
    target = Backend(url=receiver.url, marquez=True)
    watcher = Watcher(root, lambda until: HttpSink(target, until=until), say=said.append, warn=said.append,
                      everything=True, state=state)  # fmt: skip
    for number in range(9):
        spooled(root, number, pid=os.getpid())
    while watcher.round():
        time.sleep(0.01)
    assert len(watcher._runs) == 5
    spooled(root, 9, pid=os.getpid())
    for _ in range(5):
        watcher.round()
        time.sleep(0.05)
    assert len(watcher._runs) == 5
    assert run_id(9) in watcher._runs
    assert len([line for line in said if "more than 5 applications" in line]) == 1
    watcher.close(time.monotonic() + 1, lambda: True)


def test_who_goes_on_writing_after_the_end_holds_up_nobody(tmp_path: Path, receiver: Receiver) -> None:
    root, state = tmp_path / "spool", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    made = spooled(root, 1)
    target = Backend(url=receiver.url, marquez=True)
    said: list[str] = []
    watcher = Watcher(root, lambda until: HttpSink(target, until=until), say=said.append, warn=said.append,
                      everything=True, state=state)  # fmt: skip
    settled, over = state / run_id(1) / "settled.json", threading.Event()

    def write() -> None:
        with made.agent.open("a") as file:
            while not over.is_set():
                file.write('{"some": "thing"}\n' * 1000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until = time.monotonic() + 60
        while not settled.exists() and time.monotonic() < until:
            watcher.round()
    finally:
        over.set()
        writer.join()
        watcher.close(time.monotonic() + 1, lambda: True)
    assert settled.exists()
