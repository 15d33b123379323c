"""An application that runs for weeks: what is sent is given back, and a new relay goes on where one was killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import LineReader, RunFolder
from sparklineage.model.backend import Backend
from sparklineage.relay import read_events, status
from sparklineage.relay.follow import Follower
from sparklineage.relay.past import LIMITS
from sparklineage.relay.sinks.http import HttpSink
from sparklineage.relay.status import _before
from sparklineage.relay.watch import Watcher
from tests.support.journal import APP, add, apart, application, event, execution, witnessed
from tests.support.receiver import Receiver
from tests.unit.relay.test_past import FEW, journal

HOST = os.uname().nodename


def run_id(number: int) -> str:
    return f"01900000-0000-7000-9000-{number:012d}"


@pytest.fixture
def made(tmp_path: Path) -> RunFolder:
    return apart(tmp_path)


def begin(made: RunFolder, pid: int = 1 << 22) -> None:
    add(made.witness, witnessed("application", 0, runId=APP, pid=pid, host=HOST, applicationName="app"))
    add(made.agent, application("START", 0))


def query(made: RunFolder, number: int, filler: str = "") -> None:
    at = 10 + number * 50
    add(made.witness, *execution(number, at, at + 30))
    facets = {"filler": {"text": filler}}
    add(
        made.agent,
        event("START", at, run_id(number), facets=facets),
        event("COMPLETE", at + 30, run_id(number), outputs=("/o",)),
    )


def write(made: RunFolder, records: list[tuple[str, dict[str, Any]]]) -> None:
    for name in ("witness", "steps", "agent"):
        add(getattr(made, name), *(record for kind, record in records if kind == name))


@pytest.mark.parametrize("seed", range(4))
def test_a_relay_that_goes_on_from_a_checkpoint_tells_the_same(made: RunFolder, tmp_path: Path, seed: int) -> None:
    """Wherever it stopped: after the checkpoint, or before what it had settled was all written."""
    rounds = list(journal(seed, 150))
    whole = apart(tmp_path / "whole")
    other = Follower(whole)
    for records in rounds:
        write(whole, records)
        other.poll()
    other.finish()
    chance = random.Random(seed)  # noqa: S311 - the same every time
    follower = Follower(made, limits=FEW)
    taken = 0
    for records in rounds:
        write(made, records)
        follower.poll()
        if chance.random() < 0.1 and follower.checkpoint is not None and not follower.settler.is_repeating:
            follower.checkpoint.take(follower.settler, follower._hider, follower.written)
            taken += 1
        if chance.random() < 0.15:
            follower = Follower(made, limits=FEW)  # the other one was killed
    follower.finish()
    assert taken > 5
    expected = read_events(whole)
    assert Counter(map(_key, read_events(made))) == Counter(map(_key, expected))
    ours, theirs = (json.loads(folder.settled.read_bytes()) for folder in (made, whole))
    for item in (ours, theirs):
        item["settledAt"] = 0
        item["coverage"]["leftOut"].sort(key=str)
    assert ours == theirs


def _key(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)


def settle_a_query(made: RunFolder) -> None:
    """As a relay that has taken a checkpoint behind it."""
    begin(made)
    query(made, 0)
    follower = Follower(made)
    follower.poll()
    assert follower.checkpoint is not None
    follower.checkpoint.take(follower.settler, follower._hider, follower.written)


def test_a_checkpoint_that_cannot_be_read_is_none(made: RunFolder) -> None:
    settle_a_query(made)
    path = made.state / "checkpoint.json"
    for text in ("{", "{}", '{"format": 9}', json.dumps({**json.loads(path.read_text()), "events": 10**9})):
        path.write_text(text)
        assert Follower(made, write=False).before == 0


def test_a_run_that_leaves_while_it_is_looked_at_holds_up_nobody(made: RunFolder) -> None:
    settle_a_query(made)
    reading = Follower(made, write=False)
    made.events.unlink()
    assert _before(made, reading) == []


def test_no_secret_lies_in_a_checkpoint(made: RunFolder) -> None:
    begin(made)
    add(made.agent, event("START", 5, run_id(1), facets={"sql": {"query": "select 'hunter-2-hunter-2'"}}))
    follower = Follower(made, secrets=["hunter-2-hunter-2"])
    follower.poll()
    assert follower.checkpoint is not None
    follower.checkpoint.take(follower.settler, follower._hider, follower.written)
    assert "hunter-2" not in (made.state / "checkpoint.json").read_text()
    assert made.state.joinpath("checkpoint.json").stat().st_mode & 0o777 == 0o600


def on_disk(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_what_is_delivered_is_given_back_to_the_disk(made: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    every = 1 << 19
    for place in ("checkpoint", "followed"):
        monkeypatch.setattr(f"sparklineage.relay.{place}.EVERY", every)
    begin(made, os.getpid())
    with Receiver() as receiver:
        watcher = watching(made, receiver.url)
        for number in range(3000):
            query(made, number, "x" * 3000)
            if number % 50 == 0:
                rounds(watcher)
        rounds(watcher)
        watcher.close(time.monotonic() + 60, lambda: True)
        size = made.agent.stat().st_size
        assert size > 10 << 20
        if on_disk(made.agent) >= size:
            pytest.skip("this file system makes no holes")
        for path in (made.agent, made.events):
            assert on_disk(path) < 4 << 20, path
        assert status(made).events == 6001
        assert LineReader(made.agent).offset == 0
        kept = read_events(made)
        assert {item["run"]["runId"] for item in kept} >= {APP, run_id(0), run_id(2999)}
        add(made.agent, application("COMPLETE", 10**6))
        watcher = watching(made, receiver.url)
        add(made.witness, witnessed("applicationEnd", 10**6))
        until = time.monotonic() + 60
        while not made.settled.exists() and time.monotonic() < until:
            watcher.round()
            time.sleep(0.002)
        rounds(watcher)
        watcher.close(time.monotonic() + 60, lambda: True)
        found = Counter((item["run"]["runId"], item["eventType"]) for item in receiver.events)
    assert len(found) == 6002
    assert set(found.values()) == {1}
    assert json.loads(made.settled.read_bytes())["coverage"] == {"queries": 3000, "reported": 3000, "leftOut": []}


def watching(made: RunFolder, url: str) -> Watcher:
    backend = Backend(url=url, timeout=60.0, marquez=True)
    said: list[str] = []
    return Watcher(made.path.parent, lambda until: HttpSink(backend, until=until), say=said.append,
                   warn=pytest.fail, state=made.state.parent)  # fmt: skip


def rounds(watcher: Watcher) -> None:
    """Until nothing moves."""
    while watcher.round():
        time.sleep(0.002)


_RELAY = """
import sys, time
from pathlib import Path
import sparklineage.relay.checkpoint, sparklineage.relay.followed
from sparklineage.model.backend import Backend
from sparklineage.relay.sinks.http import HttpSink
from sparklineage.relay.status import _before
from sparklineage.relay.watch import Watcher
sparklineage.relay.checkpoint.EVERY = sparklineage.relay.followed.EVERY = 1 << 17
backend = Backend(url=sys.argv[1], timeout=60.0, marquez=True)
watcher = Watcher(Path(sys.argv[2]), lambda until: HttpSink(backend, until=until), say=print, warn=print,
                  state=Path(sys.argv[3]))
while True:
    watcher.round()
    time.sleep(0.002)
"""


def relay(made: RunFolder, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _RELAY, url, str(made.path.parent), str(made.state.parent)])


@pytest.mark.service
def test_relays_that_are_killed_again_and_again_lose_nothing(made: RunFolder) -> None:
    """And send an event twice at most where one was killed while it waited for its answer."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    begin(made, os.getpid())
    kills, number = 12, 0
    with Receiver() as receiver:
        for _ in range(kills):
            process = relay(made, receiver.url)
            until = time.monotonic() + 0.5 + chance.random()
            while time.monotonic() < until:
                for _ in range(20):
                    query(made, number, "x" * 3000)
                    number += 1
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = relay(made, receiver.url)
        count, moved = -1, time.monotonic()
        while len({_identity(item) for item in list(receiver.events)}) < 2 * number + 1:
            if len(receiver.events) != count:
                count, moved = len(receiver.events), time.monotonic()
            assert time.monotonic() - moved < 120, "the last relay sends no more"
            time.sleep(0.1)
        process.kill()
        process.wait()
    found = Counter(map(_identity, receiver.events))
    assert len(found) == 2 * number + 1
    assert sum(found.values()) - len(found) <= kills
    order = [item for item in receiver.events if item["run"]["runId"] == run_id(5)]
    assert [item["eventType"] for item in order][:1] == ["START"]


def _identity(item: dict[str, Any]) -> tuple[str, str]:
    return item["run"]["runId"], item["eventType"]


def rss() -> float:
    text = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS"))) / 1024


_LONG = """
import sys
from pathlib import Path
from sparklineage.journal import RunFolder
from sparklineage.relay.follow import Follower
from tests.unit.relay.test_checkpoint import long_one, rss
made = RunFolder(Path(sys.argv[1]), Path(sys.argv[2]))
print(*long_one(made, int(sys.argv[3])))
"""


def long_one(made: RunFolder, queries: int) -> Iterator[float]:
    """Megabytes resident, now and then, while the queries come slowly."""
    begin(made, os.getpid())
    follower = Follower(made)
    with made.agent.open("a") as agent, made.witness.open("a") as spark:
        for number in range(queries):
            at = 10 + number * 50
            start, end = execution(number, at, at + 30)
            job = [
                witnessed("jobStart", at, jobId=number, executionId=number),
                witnessed("jobEnd", at + 9, jobId=number),
            ]
            for record in (start, *job, end):
                spark.write(json.dumps(record) + "\n")
            if number % 10:  # one in ten is left out
                for item in (event("START", at, run_id(number)), event("COMPLETE", at + 30, run_id(number))):
                    agent.write(json.dumps(item) + "\n")
            if number % 200 == 199:
                spark.flush()
                agent.flush()
                follower.poll()
            if number % 10_000 == 9_999:
                yield rss()


@pytest.mark.service
def test_a_hundred_thousand_queries_take_no_more_memory_than_ten_thousand(made: RunFolder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LONG, str(made.path), str(made.state), "100000"],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True,
    )  # fmt: skip
    megabytes = [float(item) for item in done.stdout.split()]
    assert len(megabytes) == 10
    assert max(megabytes) < 80
    assert megabytes[-1] - megabytes[1] < 8
    assert LIMITS.recent < 10_000
