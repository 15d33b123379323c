"""Drivers and watchers as processes of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

DRIVER = """\
import json, os, socket, sys, time
folder, run_id, count, pause, end = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
sys.path.insert(0, sys.argv[6])
from tests.support.journal import application, event, witnessed
os.makedirs(folder, mode=0o700)
witness, agent = (open(f"{folder}/{name}.ndjson", "a") for name in ("witness", "agent"))
def say(file, record):
    text = json.dumps(record) + "\\n"
    file.write(text[:40]); file.flush(); time.sleep(pause / 4)
    file.write(text[40:]); file.flush()
say(witness, witnessed("application", 0, runId=run_id, pid=os.getpid(), host=socket.gethostname(),
                       applicationName="app"))
say(agent, application("START", 0, run_id))
for number in range(count):
    say(agent, event("RUNNING", number + 1, run_id, job_type="APPLICATION"))
    time.sleep(pause)
if end == "wait":
    time.sleep(600)
if end != "die":
    say(witness, witnessed("applicationEnd", 90_000))
    say(agent, application(end, 90_000, run_id))
"""


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


@contextlib.contextmanager
def driver(
    root: Path, number: int = 1, *, count: int = 3, pause: float = 0.05, end: str = "COMPLETE"
) -> Iterator[subprocess.Popen[bytes]]:
    """An application that writes START, `count` RUNNING and its end; `die` ends without a word, `wait` not at all."""
    folder = root / run_id(number)
    command = [sys.executable, "-c", DRIVER, str(folder), run_id(number), str(count), str(pause), end]
    with subprocess.Popen([*command, str(Path(__file__).parents[3])]) as process:
        try:
            yield process
        finally:
            process.kill()


class Watch:
    """`sparklineage relay watch` as a process; its lines are kept."""

    def __init__(self, root: Path, url: str, *options: str) -> None:
        repository = str(Path(__file__).parents[3])
        environ = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "PYTHONPATH": repository}
        command = [sys.executable, "-m", "sparklineage", "relay", "watch", "--journal", str(root), "--backend", url]
        self.process = subprocess.Popen(
            [*command, *options],
            env=environ,
            cwd=root.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._threads = [
            threading.Thread(target=self._keep, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.join()

    def _keep(self, stream: object, lines: list[str]) -> None:
        lines.extend(line.rstrip("\n") for line in stream)  # type: ignore[attr-defined]

    def join(self, timeout: float = 20) -> int:
        status = self.process.wait(timeout)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return status

    def end(self, timeout: float = 20) -> int:
        self.process.terminate()
        return self.join(timeout)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Waits until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
