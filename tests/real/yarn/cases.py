"""How applications end on YARN: each case is one application on one node, and what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparklineage.journal import LineReader, RunFolder
from tests.real.yarn.daemons import Yarn
from tests.real.yarn.node import Node

JOB = Path(__file__).with_name("ends.py")
SECONDS = 240


@dataclass(frozen=True, kw_only=True)
class Case:
    """One application."""

    mode: str
    how: str
    """The argument of the job."""
    act: str = ""
    """What is done to it while it waits: `yarn` kills it through YARN, `kill` its driver's JVM."""
    attempts: int = 1
    wait: bool = True
    """Whether spark-submit waits for the end in cluster mode."""

    @property
    def name(self) -> str:
        """Of the application."""
        words = [self.mode, self.act or self.how]
        words += [f"{self.attempts}-attempts"] if self.attempts > 1 else []
        return "-".join(words if self.wait else [*words, "unwatched"])

    @property
    def words(self) -> list[str]:
        conf = {
            "spark.yarn.maxAppAttempts": str(self.attempts),
            "spark.yarn.submit.waitAppCompletion": str(self.wait).lower(),
        }
        pairs = (word for key, value in conf.items() for word in ("--conf", f"{key}={value}"))
        return ["--deploy-mode", self.mode, "--name", self.name, *pairs]


CASES = {
    "4.2": (
        Case(mode="client", how="stops"),
        Case(mode="client", how="exits"),
        Case(mode="client", how="raises"),
        Case(mode="client", how="waits", act="yarn"),
        Case(mode="client", how="waits", act="kill"),
        Case(mode="cluster", how="exits-first", attempts=2),
        Case(mode="cluster", how="leaves"),
        Case(mode="cluster", how="exits"),
        Case(mode="cluster", how="exits", wait=False),
        Case(mode="cluster", how="raises"),
        Case(mode="cluster", how="waits", act="yarn"),
        Case(mode="cluster", how="waits", act="kill"),
    ),
    "3.5": (
        Case(mode="cluster", how="exits-first", attempts=2),
        Case(mode="client", how="leaves"),
        Case(mode="client", how="exits"),
        Case(mode="client", how="waits", act="yarn"),
    ),
}
"""By Spark."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of it."""

    case: Case
    status: int
    """Of spark-submit."""
    application: dict[str, Any]
    """What YARN says of it."""
    runs: tuple[RunFolder, ...]
    """Its journals, the oldest first."""
    took: float
    """Seconds."""


def run(case: Case, node: Node, yarn: Yarn) -> Result:
    """Submit it, do to it what the case says, and wait for its end."""
    folder = node.folder / case.name
    folder.mkdir()
    began = time.monotonic()
    process = node.submit(folder, *case.words, str(JOB), case.how, str(folder))
    try:
        if case.act:
            wait_for(lambda: (folder / "waiting").exists() and _has_told(node, case), process)
            (driver,) = _runs(node, case)
            if case.act == "yarn":
                yarn.kill(yarn.application(case.name)["id"])
                wait_for(lambda: yarn.application(case.name)["state"] == "KILLED")
            else:
                os.kill(record(driver, "application")["pid"], signal.SIGKILL)
            if case.mode == "client" and case.act == "yarn":
                (folder / "go").touch()
        status = process.wait(SECONDS)
        wait_for(lambda: yarn.application(case.name)["finalStatus"] != "UNDEFINED")
    finally:
        (folder / "go").touch()
        process.kill()
        process.wait()
    return Result(
        case=case,
        status=status,
        application=yarn.application(case.name),
        runs=tuple(_runs(node, case)),
        took=time.monotonic() - began,
    )


def record(run: RunFolder, kind: str) -> dict[str, Any]:
    """The last record of this type that the witness wrote; empty where there is none."""
    found = [one for one in LineReader(run.witness).read() if one["type"] == kind]
    return found[-1] if found else {}


def _runs(node: Node, case: Case) -> list[RunFolder]:
    return [one for one in node.runs() if record(one, "application").get("applicationName") == case.name]


def _has_told(node: Node, case: Case) -> bool:
    """Whether the end of the query is written; the agent is asked after the witness."""
    runs = _runs(node, case)
    return bool(runs) and any(event.get("eventType") == "COMPLETE" for event in LineReader(runs[-1].agent).read())


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    """Until it is so; fails when it takes too long or the process has ended before."""
    until = time.monotonic() + SECONDS
    while not what():
        if process is not None and process.poll() is not None and not what():
            raise AssertionError(f"spark-submit has ended with {process.returncode}")
        assert time.monotonic() < until
        time.sleep(0.1)
