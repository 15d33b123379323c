"""What a relay knows that begins early, late, or where another one was stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model import event as ol
from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, HttpSink, RunRecord, Settler, drain, process, read_events
from sparklineage.relay.deliver import Courier, deliver_all
from sparklineage.relay.drain import drain_leftovers
from sparklineage.relay.follow import Follower
from tests.support.journal import APP, T0, add, apart, application, event, folder, outcome, witnessed
from tests.support.receiver import Receiver
from tests.unit.relay import test_streams
from tests.unit.relay.test_streams import FOLDER, INSERT, STEP, Stream
from tests.unit.relay.test_streams import QUERY as STREAM

QUERY = "01900000-0000-7000-9000-000000000001"
EARLIER = "01900000-0000-7000-8000-00000000000e"


def later(number: int) -> str:
    return f"01900000-0000-7000-8000-0000000000{number:02d}"


@pytest.fixture
def made(tmp_path: Path) -> RunFolder:
    """A folder that a witness has just made."""
    found = apart(tmp_path)
    for path in (found.witness, found.agent, found.steps):
        path.touch()
    return found


def test_an_application_is_known_by_its_name_though_it_was_looked_at_too_early(made: RunFolder) -> None:
    """The files of a spool's run are made before anything is written to them."""
    follower = Follower(made)
    follower.poll()
    add(made.witness, witnessed("application", 7, runId=APP, pid=os.getpid(), applicationName="Nightly Load"))
    add(made.steps, {"type": "stepStart", "time": T0 + 8, "step": "s", "name": "part", "remote": True, "inputs": []})
    follower.poll()
    add(made.witness, witnessed("applicationEnd", 9))
    follower.finish()
    told = [(item["eventType"], item["job"]["name"], item["eventTime"]) for item in read_events(made)]
    assert told[0] == ("START", "nightly_load", "2027-01-15T08:00:00.007Z")
    assert told[-1][:2] == ("COMPLETE", "nightly_load")


def test_a_second_application_of_a_session_is_told_as_its_own_though_its_run_json_comes_late(made: RunFolder) -> None:
    follower = Follower(made)
    add(made.witness, witnessed("application", 7, runId=EARLIER, pid=os.getpid(), applicationName="first"))
    follower.poll()
    made.run.write_text(json.dumps({"job": {"namespace": "ns", "name": "second"}, "reportedAs": EARLIER}))
    parent = {"parent": {"run": {"runId": EARLIER}, "job": {"namespace": "ns", "name": "first"}}}
    add(made.agent, event("START", 8, QUERY, job="first.query", facets=parent))
    (found,) = follower.poll()
    assert (found["run"]["facets"]["parent"]["run"]["runId"], found["job"]["name"]) == (APP, "second.query")


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_cursor_beyond_the_events_waits_for_none(tmp_path: Path, lost: int) -> None:
    """A machine that stopped has kept the cursor, and lost the last events and what they were made of."""
    made = folder(tmp_path)
    with Receiver() as receiver:
        sink = HttpSink(Backend(url=receiver.url, timeout=5.0))
        add(made.agent, application("START", 1), event("START", 2, QUERY), event("RUNNING", 3, QUERY))
        Follower(made).poll()
        assert deliver_all(Delivery(made, sink), until=time.monotonic() + 20, give_up_after=3)
        for path in (made.agent, made.events):
            path.write_text("".join(path.read_text().splitlines(keepends=True)[: 3 - lost]))
        outcome(made, "ABORT", 4)
        assert drain(made, sink, until=time.monotonic() + 20).done
        sink.close()
    told = [item["eventType"] for item in read_events(made)]
    assert [item["eventType"] for item in receiver.events][3:] == told[3 - lost :]
    assert told[-1] == "ABORT"


def test_what_a_batch_has_read_is_told_though_the_relay_was_stopped_meanwhile() -> None:
    """It comes with the first word that is not told yet."""
    stream = Stream()
    stream.batch(1)
    stream.settler.steps.feed({"type": "stepProgress", "step": STEP, "time": 150})
    stream.batch(2)
    written = stream.events
    # Another one reads all again, and at once what has come since.
    again = Stream()
    again.settler = Settler(RunRecord(run_id=test_streams.APP, namespace="n", job="app"), already=written)
    again.settler.witnessed.feed({"type": "application", "time": 1})
    take, again._take = again._take, lambda: None  # type: ignore[method-assign]
    again.batch(1)
    again.settler.steps.feed({"type": "stepProgress", "step": STEP, "time": 150})
    again.batch(2)
    other = {"namespace": "s3://bucket", "name": "/seldom"}
    start, text = 300, f"ships\nid = {STREAM}\nrunId = {STEP}\nbatch = 3"
    again._spark("executionStart", start, executionId=6, rootExecutionId=6, description=text, command=INSERT)
    again._agent("START", start, "batch-3", inputs=[FOLDER])
    again._spark("executionEnd", start + 40, executionId=6)
    again._agent("COMPLETE", start + 40, "batch-3", inputs=[FOLDER], outputs=[other])
    take()
    again._take = take  # type: ignore[method-assign]
    again.end(400)
    named = {item["name"] for told in again.events if _is_stream(told) for item in told["outputs"]}
    assert "/seldom" in named
    assert [told["eventType"] for told in again.events if _is_stream(told)] == ["COMPLETE"]


def _is_stream(told: ol.Event) -> bool:
    return bool(told["job"]["name"] == "app.harbour")


@pytest.mark.parametrize("time_", [10**18, -5, 10**30])
def test_a_time_that_is_none_costs_no_event(tmp_path: Path, time_: int) -> None:
    made = folder(tmp_path)
    add(made.witness, witnessed("application", 0, runId=APP))
    add(made.witness, {"type": "executionStart", "time": time_, "executionId": 1})
    add(made.witness, {"type": "applicationEnd", "time": time_})
    add(made.steps, {"type": "stepStart", "step": "s", "time": time_, "name": "x", "inputs": [{"name": "a"}]})
    add(made.agent, application("START", 1), {**application("RUNNING", 2), "eventTime": "0001-01-01T00:00:00+05:00"})
    outcome(made, time=time_)
    Follower(made).finish()
    assert [item["eventType"] for item in read_events(made)][-1] == "COMPLETE"


def test_a_run_that_cannot_be_settled_keeps_no_other_from_its_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        backend = Backend(url=receiver.url, timeout=5.0)
        for number in (1, 2, 3):
            made = folder(tmp_path, later(number), backend=backend.key)
            add(made.agent, application("START", number, made.run_id))
            outcome(made)
        finish = Follower.finish

        def broken(self: Follower, *told: Any) -> Any:
            if self.folder.run_id == later(1):
                raise TypeError("a line of a shape that nobody thought of")
            return finish(self, *told)

        monkeypatch.setattr(Follower, "finish", broken)
        drain_leftovers(folder(tmp_path, later(9)), lambda: HttpSink(backend), threading.Event())
    assert {item["run"]["runId"] for item in receiver.events} == {later(2), later(3)}


_JVM = """
import os, sys, time
from pathlib import Path
from tests.support.journal import add, application, event, witnessed
folder = Path(sys.argv[1])
host = os.uname().nodename
add(folder / "witness.ndjson", witnessed("application", 0, runId=folder.name, pid=os.getpid(), host=host))
add(folder / "agent.ndjson", application("START", 0))
print(flush=True)
time.sleep(1)
add(folder / "agent.ndjson", event("START", 5, sys.argv[2]), event("COMPLETE", 6, sys.argv[2]))
"""


def test_what_the_jvm_says_after_its_python_has_ended_is_heard(tmp_path: Path) -> None:
    """As after a signal, of which Python itself has recorded the end."""
    made = folder(tmp_path)
    command = [sys.executable, "-c", _JVM, str(made.path), QUERY]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE) as jvm:
        assert jvm.stdout is not None
        jvm.stdout.readline()
        outcome(made, "ABORT")
        with Receiver() as receiver:
            courier = Courier(Delivery(made, HttpSink(Backend(url=receiver.url, timeout=5.0))))
            courier.start()
            process._close(process._Rounds(Follower(made), courier), 10.0, ended=False)
            courier.leave()
            courier.join(10)
    assert [item["eventType"] for item in receiver.events] == ["START", "START", "COMPLETE", "ABORT"]
