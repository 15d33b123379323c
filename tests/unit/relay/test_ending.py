"""How an application ended that no `submit` waited for: its witness's records against what the agent says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder, create_folder, read_json
from sparklineage.model.backend import Backend
from sparklineage.relay import Follower, HttpSink, followed
from sparklineage.relay.watch import Watcher
from tests.support.journal import APP, add, application, witnessed
from tests.support.receiver import Receiver

KILLED = "The driver is gone and nothing recorded how it ended: it was killed"


def ended_at(made: RunFolder) -> dict[str, Any]:
    found = read_json(made.settled)
    assert found is not None
    return found


def begun(root: Path, main: str | None, **fields: Any) -> RunFolder:
    made = create_folder(root, APP)
    given = {"main": main} if main else {}
    add(made.witness, witnessed("application", 0, runId=APP, applicationName="app", **given, **fields))
    add(made.agent, application("START", 0))
    return made


def stopped(made: RunFolder, by: str | None) -> None:
    add(made.witness, witnessed("applicationEnd", 9, **({"stoppedBy": by} if by else {})))
    add(made.agent, application("COMPLETE", 9))


def exited(made: RunFolder, how: str, **fields: Any) -> None:
    add(made.witness, witnessed("exit", 12, how=how, **fields))


def finish(made: RunFolder) -> tuple[str, str | None]:
    """State and message of the application's one terminal event."""
    (*_, last) = Follower(made).finish()
    message = last["run"]["facets"].get("errorMessage", {}).get("message")
    assert last["eventType"] == ended_at(made)["state"]
    return last["eventType"], message


@pytest.mark.parametrize(
    ("main", "by", "exit_", "state", "said"),
    [
        ("python", "application", {"how": "returned"}, "COMPLETE", None),
        ("python", "shutdownHook", {"how": "returned"}, "COMPLETE", None),
        ("python", "application", {"how": "submitFailed", "exitStatus": 3}, "FAIL", "exited with status 3."),
        ("python", "application", {"how": "submitFailed", "exitStatus": None}, "FAIL", "exited with a failure."),
        ("python", "shutdownHook", {"how": "submitFailed", "exitStatus": 0}, "FAIL", "exited with a failure."),
        ("python", "application", {"how": "submitFailed", "exitStatus": 143}, "ABORT", "ended by SIGTERM."),
        ("python", "application", {"how": "submitFailed", "exitStatus": 137}, "FAIL", "status 137 (SIGKILL"),
        ("python", "application", {"how": "submitEnded", "exitStatus": 0}, "COMPLETE", None),
        ("python", "application", {"how": "submitEnded", "exitStatus": 3}, "FAIL", "exited with status 3."),
        ("python", "shutdownHook", {"how": "signal", "signal": "SIGTERM"}, "ABORT", "ended by SIGTERM."),
        ("python", "application", {"how": "signal", "signal": None}, "ABORT", "ended by a signal."),
        ("python", "application", {"how": "continued"}, "COMPLETE", None),
        ("python", "application", {"how": "unknown"}, "COMPLETE", None),
        ("python", "yarn", {"how": "returned"}, "ABORT", "YARN ended the application"),
        ("python", "yarn", None, "ABORT", "YARN ended the application"),
        ("java", "standalone", {"how": "returned"}, "ABORT", "The cluster's master ended"),
        ("java", "spark", {"how": "returned"}, "FAIL", "Spark stopped the SparkContext"),
        ("java", "application", {"how": "exception", "error": "boom"}, "FAIL", "boom"),
        ("java", "application", {"how": "exit", "caller": "App", "exitStatus": 5}, "FAIL", "exited with status 5."),
        ("java", "shutdownHook", {"how": "exit", "caller": "App", "exitStatus": 0}, "COMPLETE", None),
        ("java", "application", {"how": "exit", "caller": "App", "exitStatus": None}, "COMPLETE", None),
        (
            "java",
            "shutdownHook",
            {"how": "exit", "caller": "App", "exitStatus": None},
            "FAIL",
            "App called System.exit",
        ),
        ("yarn", "shutdownHook", {"how": "exit", "finalStatus": "SUCCEEDED", "exitStatus": 0}, "COMPLETE", None),
        (
            "yarn",
            "application",
            {"how": "exit", "finalStatus": "FAILED", "exitStatus": 3, "message": "User application exited with 3"},
            "FAIL",
            "User application exited with 3",
        ),
        (
            "yarn",
            "shutdownHook",
            {
                "how": "signal",
                "signal": "SIGTERM",
                "finalStatus": "FAILED",
                "exitStatus": 143,
                "message": "User application exited with status 143",
            },
            "ABORT",
            "ended by SIGTERM",
        ),
        ("yarn", "shutdownHook", {"how": "exit", "finalStatus": "KILLED"}, "ABORT", "ended with status None."),
        ("yarn", "shutdownHook", {"how": "signal", "signal": "SIGTERM"}, "ABORT", "ended by SIGTERM."),
        (
            "yarn",
            "shutdownHook",
            {"how": "signal", "signal": "SIGTERM", "finalStatus": "FAILED", "exitStatus": 16},
            "ABORT",
            "ended by SIGTERM.",
        ),
        (
            "yarn",
            "application",
            {"how": "signal", "signal": "SIGTERM", "finalStatus": "SUCCEEDED", "exitStatus": 0},
            "COMPLETE",
            None,
        ),
        ("yarn", "application", {"how": "exit", "caller": "App"}, "FAIL", "App called System.exit"),
        ("gateway", "application", {"how": "gateway"}, "COMPLETE", None),
        ("gateway", "shutdownHook", {"how": "gateway"}, "COMPLETE", None),
        ("gateway", "shutdownHook", {"how": "signal", "signal": "SIGTERM"}, "ABORT", "ended by SIGTERM."),
        # Without an exit record the process was killed, but for a JVM that goes with its container.
        ("gateway", "application", None, "COMPLETE", None),
        ("gateway", "shutdownHook", None, "COMPLETE", None),
        ("python", "application", None, "ABORT", KILLED),
        ("java", "shutdownHook", None, "ABORT", KILLED),
        ("yarn", None, None, "ABORT", KILLED),
        # A witness that writes no exit record.
        (None, None, None, "COMPLETE", None),
    ],
)
def test_the_state_is_that_of_the_process(
    tmp_path: Path, main: str | None, by: str | None, exit_: dict[str, Any] | None, state: str, said: str | None
) -> None:
    made = begun(tmp_path, main)
    stopped(made, by)
    if exit_ is not None:
        exited(made, **exit_)
    found, message = finish(made)
    assert found == state
    assert (message is None) == (said is None)
    assert (said or "") in (message or "")


@pytest.mark.parametrize("main", ["python", "java", "yarn", "gateway", None])
def test_a_driver_that_was_killed_while_it_ran_is_lost(tmp_path: Path, main: str | None) -> None:
    state, message = finish(begun(tmp_path, main))
    assert state == "ABORT"
    assert (message or "").startswith(KILLED)


def test_an_exit_before_the_contexts_end_counts_as_well(tmp_path: Path) -> None:
    """Hooks run side by side, and Spark's own may not come to its end."""
    made = begun(tmp_path, "python")
    exited(made, "submitFailed", exitStatus=1)
    assert Follower(made, write=False).told() is None
    assert finish(made) == ("FAIL", "The application exited with status 1.")
    assert ended_at(made)["endedAt"] == witnessed("exit", 12)["time"]


def test_an_exception_brings_its_stack_trace(tmp_path: Path) -> None:
    made = begun(tmp_path, "java")
    stopped(made, "application")
    exited(made, "exception", error="java.lang.IllegalStateException: boom", stackTrace="at App.main(App.java:7)")
    (*_, last) = Follower(made).finish()
    facet = last["run"]["facets"]["errorMessage"]
    assert (facet["programmingLanguage"], facet["stackTrace"]) == ("JAVA", "at App.main(App.java:7)")


def test_a_second_context_of_the_journal_waits_for_an_exit_of_its_own(tmp_path: Path) -> None:
    made = begun(tmp_path, "python")
    stopped(made, "application")
    exited(made, "continued")
    add(made.witness, witnessed("application", 20, runId=APP, main="python"))
    follower = Follower(made)
    follower.poll()
    assert follower.told() is None
    add(made.witness, witnessed("applicationEnd", 30, stoppedBy="application"))
    add(made.witness, witnessed("exit", 31, how="submitFailed", exitStatus=2))
    follower.poll()
    told = follower.told()
    assert told is not None
    assert told.state == "FAIL"


class Rounds:
    """A watcher whose waits are short."""

    def __init__(self, root: Path, receiver: Receiver) -> None:
        self.said: list[str] = []
        backend = Backend(url=receiver.url, timeout=30.0)
        self.watcher = Watcher(
            root, lambda until: HttpSink(backend, until=until), say=self.said.append, warn=self.said.append
        )

    def go_on(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.watcher.round()
            time.sleep(0.01)

    def go_on_until_said(self, seconds: float = 30) -> None:
        """Also long after that, for what must not come then."""
        until = time.monotonic() + seconds
        while not self.said and time.monotonic() < until:
            self.go_on(0.1)
        self.go_on(0.5)


@pytest.fixture
def living(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """An application that has stopped its SparkContext and whose process, this one, lives on."""
    monkeypatch.setattr(followed, "_QUIET", 0.1)
    made = begun(tmp_path, "python", pid=os.getpid(), host=socket.gethostname())
    stopped(made, "application")
    return made


def test_a_living_process_is_waited_for_and_its_exit_is_the_state(tmp_path: Path, living: RunFolder) -> None:
    with Receiver() as receiver:
        found = Rounds(tmp_path, receiver)
        found.go_on(0.6)
        assert not living.settled.exists()
        exited(living, "submitFailed", exitStatus=3)
        found.go_on_until_said()
        found.watcher.close(time.monotonic() + 5, lambda: True)
    assert found.said == [f"{APP}  FAIL, 2 delivered"]
    assert [item["eventType"] for item in receiver.events] == ["START", "FAIL"]


def test_after_a_long_silence_the_contexts_end_is_the_state_and_stays_it(
    tmp_path: Path, living: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "_LINGER", 0.4)
    with Receiver() as receiver:
        found = Rounds(tmp_path, receiver)
        found.go_on_until_said()
        assert found.said == [f"{APP}  COMPLETE, 2 delivered"]
        exited(living, "submitFailed", exitStatus=3)
        found.go_on(0.5)
        found.watcher.close(time.monotonic() + 5, lambda: True)
    assert ended_at(living)["state"] == "COMPLETE"
    assert [item["eventType"] for item in receiver.events] == ["START", "COMPLETE"]


def test_a_notebooks_context_is_over_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "_QUIET", 0.1)
    stopped(begun(tmp_path, "gateway", pid=os.getpid(), host=socket.gethostname()), "application")
    with Receiver() as receiver:
        found = Rounds(tmp_path, receiver)
        found.go_on_until_said()
        found.watcher.close(time.monotonic() + 5, lambda: True)
    assert found.said == [f"{APP}  COMPLETE, 2 delivered"]


def test_a_driver_that_leaves_its_status_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may do much after it has stopped its SparkContext, and fail at that."""
    monkeypatch.setattr(followed, "_QUIET", 0.1)
    monkeypatch.setattr(followed, "_ASK", 0.1)
    with subprocess.Popen([sys.executable, "-c", LIVES_ON, str(tmp_path / APP)], stdin=subprocess.PIPE) as driver:
        made = begun(tmp_path, "gateway", pid=driver.pid, host=socket.gethostname())
        stopped(made, "application")
        assert driver.stdin is not None
        driver.stdin.write(b"begin\n")
        driver.stdin.flush()
        while not made.exit_status.exists():
            time.sleep(0.02)
        with Receiver() as receiver:
            found = Rounds(tmp_path, receiver)
            found.go_on(0.8)
            assert found.said == []
            driver.stdin.close()
            driver.wait()
            found.go_on_until_said()
            found.watcher.close(time.monotonic() + 5, lambda: True)
    assert found.said == [f"{APP}  FAIL, 2 delivered"]
    assert receiver.events[-1]["run"]["facets"]["errorMessage"]["message"] == "The application exited with status 3."


LIVES_ON = """\
import pathlib, sys
from sparklineage.journal import RunFolder, exit_status
sys.stdin.readline()
assert exit_status.record(RunFolder(pathlib.Path(sys.argv[1])))
sys.stdin.readline()
raise SystemExit(3)
"""
