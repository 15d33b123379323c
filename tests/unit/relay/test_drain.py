"""Leftovers: what `drain` tells of each run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sparklineage.journal import read_json
from sparklineage.model.backend import Backend
from sparklineage.relay import Drained, HttpSink, drain
from tests.support.journal import add, application, folder, outcome
from tests.support.receiver import Receiver


def drained(root: Path, state: str | None) -> tuple[Drained, list[str]]:
    made = folder(root)
    add(made.agent, application("START", 1))
    if state:
        outcome(made, state)
    with Receiver() as receiver:
        sink = HttpSink(Backend(url=receiver.url, timeout=5.0))
        try:
            found = drain(made, sink, until=time.monotonic() + 20)
        finally:
            sink.close()
    assert (read_json(made.settled) or {})["state"] == receiver.events[-1]["eventType"]
    return found, [item["eventType"] for item in receiver.events]


def test_a_run_whose_end_nobody_saw_is_closed_and_told_as_closed(tmp_path: Path) -> None:
    found, kinds = drained(tmp_path, None)
    assert (found.closed, found.delivered, kinds) == (True, 2, ["START", "ABORT"])


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL", "ABORT"])
def test_a_run_whose_end_is_known_is_not_told_as_closed(tmp_path: Path, state: str) -> None:
    found, kinds = drained(tmp_path, state)
    assert (found.closed, found.delivered, kinds) == (False, 2, ["START", state])
