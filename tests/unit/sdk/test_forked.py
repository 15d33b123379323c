"""What a forked child declares is sent, where there is no journal."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sparklineage.sdk.sending import emit, forked
from tests.support.receiver import Receiver

REPOSITORY = Path(__file__).parents[3]
JOB = """
import multiprocessing, os, sys, threading, time, warnings
from concurrent.futures import ProcessPoolExecutor
import sparklineage

warnings.simplefilter("ignore", DeprecationWarning)  # since Python 3.12, of fork beside threads

class Session:
    class conf:
        get = staticmethod(lambda key, default=None: default)

spark = Session()

def work(name):
    with sparklineage.step(spark, name, outputs=["s3://b/k"]):
        pass

def late():
    time.sleep(0.5)
    work("late")

def work_twice():
    work("early")
    threading.Thread(target=late).start()

fork = multiprocessing.get_context("fork")
{body}
"""
PROCESSES = """
children = [fork.Process(target=work, args=[name]) for name in "ab"]
[child.start() for child in children]
[child.join() for child in children]
"""


def run(body: str, receiver: Receiver) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENLINEAGE", "SPARKLINEAGE"))}
    return subprocess.run(
        [sys.executable, "-c", JOB.format(body=body)],
        env=kept | {"OPENLINEAGE_URL": receiver.url, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.service
@pytest.mark.parametrize(
    ("body", "steps"),
    [
        (PROCESSES, ["a", "b"]),
        # The parent's thread imports the client while it forks.
        (f"work('parent')\n{PROCESSES}", ["a", "b", "parent"]),
        ("with ProcessPoolExecutor(1, fork) as pool: pool.submit(work, 'a').result()", ["a"]),
        # It goes on in a thread of its own, which it waits for.
        ("child = fork.Process(target=work_twice)\nchild.start()\nchild.join()", ["early", "late"]),
        ("work('parent')\nif not os.fork():\n    work('child')\n    sys.exit()\nos.wait()", ["child", "parent"]),
    ],
)
def test_what_a_child_declares_is_sent(body: str, steps: list[str]) -> None:
    with Receiver() as receiver:
        done = run(body, receiver)
    assert (done.returncode, done.stderr) == (0, "")
    found = sorted((event["job"]["name"].rpartition(".")[2], event["eventType"]) for event in receiver.events)
    assert found == [(step, kind) for step in steps for kind in ("COMPLETE", "START")]


@pytest.mark.service
def test_a_child_waits_for_a_backend_that_never_answers_no_longer_than_its_parent() -> None:
    with Receiver() as receiver:
        receiver.silent = True
        before = time.monotonic()
        done = run(PROCESSES, receiver)
        assert time.monotonic() - before < emit.FLUSH + 10
    assert done.returncode == 0
    assert done.stderr.count("could not be sent within 5 seconds") == len(done.stderr.splitlines()) == 2


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # since Python 3.12, of fork beside threads
@pytest.mark.parametrize(("most", "is_whole"), [(20.0, True), (0.01, False)])
def test_a_fork_waits_for_an_import_but_not_for_ever(
    most: float, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked, "_LONGEST", most)
    begun, made = threading.Event(), []

    def load() -> None:
        with forked.whole():
            begun.set()
            time.sleep(0.5)
            made.append("client")

    thread = threading.Thread(target=load)
    thread.start()
    begun.wait(20)
    if (child := os.fork()) == 0:
        with forked.whole():
            os._exit(len(made))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == int(is_whole)
    thread.join()
    with forked.whole():  # nobody has kept it
        assert made == ["client"]
