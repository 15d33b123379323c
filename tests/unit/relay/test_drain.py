"""Leftovers: what `drain` tells of each run."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from sparklineage.journal import read_json
from sparklineage.model.backend import Backend
from sparklineage.relay import Drained, HttpSink, drain
from tests.support.journal import APP, add, application, folder, outcome, witnessed
from tests.support.receiver import Receiver


def drained(root: Path, state: str | None, *, pid: int | None = None) -> tuple[Drained, list[str]]:
    made = folder(root)
    if pid is not None:
        add(made.witness, witnessed("application", 0, runId=APP, pid=pid, host=socket.gethostname()))
    add(made.agent, application("START", 1))
    if state:
        outcome(made, state)
    with Receiver() as receiver:
        sink = HttpSink(Backend(url=receiver.url, timeout=30.0))
        try:
            found = drain(made, sink, until=time.monotonic() + 20)
        finally:
            sink.close()
    if not found.busy:
        assert (read_json(made.settled) or {})["state"] == receiver.events[-1]["eventType"]
    return found, [item["eventType"] for item in receiver.events]


def test_a_run_whose_end_nobody_saw_is_closed_and_told_as_closed(tmp_path: Path) -> None:
    found, kinds = drained(tmp_path, None)
    assert (found.closed, found.delivered, kinds) == (True, 2, ["START", "ABORT"])


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL", "ABORT"])
def test_a_run_whose_end_is_known_is_not_told_as_closed(tmp_path: Path, state: str) -> None:
    found, kinds = drained(tmp_path, state)
    assert (found.closed, found.delivered, kinds) == (False, 2, ["START", state])


def test_a_run_whose_driver_lives_is_left_alone(tmp_path: Path) -> None:
    """Also one that no `submit` started, whose driver holds no lock."""
    with subprocess.Popen(["sleep", "60"]) as driver:
        found, kinds = drained(tmp_path, None, pid=driver.pid)
        driver.kill()
    assert (found.busy, kinds) == (True, [])


def test_a_driver_that_is_gone_but_was_never_waited_for_is_gone(tmp_path: Path) -> None:
    """In a container whose first process collects no orphans, it stays in the list of processes for good."""
    driver = subprocess.Popen(["true"])
    os.waitid(os.P_PID, driver.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{driver.pid}").exists()
    found, kinds = drained(tmp_path, None, pid=driver.pid)
    driver.wait()
    assert (found.closed, kinds) == (True, ["START", "ABORT"])


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL"])
def test_without_a_submit_the_listeners_have_the_last_word(tmp_path: Path, state: str) -> None:
    made = folder(tmp_path)
    made.run.unlink()
    add(made.witness, witnessed("application", 0, runId=APP), witnessed("applicationEnd", 9))
    add(made.agent, application("START", 0), application(state, 9))
    with Receiver() as receiver:
        sink = HttpSink(Backend(url=receiver.url))
        found = drain(made, sink, until=time.monotonic() + 20)
        sink.close()
    assert not found.closed
    assert [item["eventType"] for item in receiver.events] == ["START", state]
    assert (read_json(made.settled) or {})["state"] == state
