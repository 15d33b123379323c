"""The relay of a node: what it takes while nothing happens, and how fast it delivers what has piled up."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, ratio
from benchmarks.receiving import post, receiver
from benchmarks.report import Report
from benchmarks.synthetic import PER_QUERY, write_run
from sparklineage.journal import RunFolder, run_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.setting import Setting

_FINISHED = 1_000
_BOUND_MB, _BOUND_CPU, _BOUND_RATE = 30.0, 1.0, 0.7
_WATCHED = 20.0
_QUIET = 35.0
"""Seconds after which a relay that has nothing to do looks more seldom."""
_ROUNDS = 5
_RUNS, _QUERIES = 8, 200
_LONGEST = 600.0
_EVENTS = _RUNS * (_QUERIES * PER_QUERY + 2)
_TICKS = os.sysconf("SC_CLK_TCK")


def run(setting: Setting) -> Report:
    """Bounds: ≤ 30 MB and ≤ 1 % of a processor beside 1,000 finished applications; ≥ 0.7 times a bare POST loop."""
    report = Report(
        f"spool: {_FINISHED:,} finished applications, then {_EVENTS:,} events in {_RUNS} applications that wait",
        ("case", "n", "measured", "bound", ""),
    )
    with receiver() as port:
        idle = setting.folder / "idle"
        _finished(idle, port)
        for case in ("idle", "idle, begun anew"):
            megabytes, percent = _idle(idle, port)
            bound = f"≤ {_BOUND_MB:g} MB"
            verdict = report.require(megabytes <= _BOUND_MB, f"{case}: {megabytes:.1f} MB resident; {bound}.")
            report.row(f"{case}: resident", "1", f"{megabytes:.1f} MB", bound, verdict)
            bound = f"≤ {_BOUND_CPU:g} %"
            verdict = report.require(percent <= _BOUND_CPU, f"{case}: {percent:.2f} % of a processor; {bound}.")
            report.row(f"{case}: processor over {_WATCHED:g} s", "1", f"{percent:.2f} %", bound, verdict)
        _catch_up(setting, report, port)
    return report


def _catch_up(setting: Setting, report: Report, port: int) -> None:
    rounds = setting.rounds or _ROUNDS
    sent = write_run(setting.folder / "sent", 0, queries=_RUNS * _QUERIES, settled=True)
    numbers = iter(range(10_000))
    found = interleaved(
        {
            "http.client": lambda: post(sent, port),
            "after": lambda: _deliver(setting.folder / f"wait-{next(numbers)}", port, settled=True),
            "new": lambda: _deliver(setting.folder / f"wait-{next(numbers)}", port, settled=False),
        },
        rounds,
    )
    bare = [(_RUNS * _QUERIES * PER_QUERY + 2) / value for value in found["http.client"]]
    report.row("http.client, one connection", str(rounds), f"{median(bare):,.0f} events/s", "", "")
    for case, name in (("after", "delivered after an outage"), ("new", "settled and delivered")):
        rates = [_EVENTS / value for value in found[case]]
        typical = ratio(rates, bare)
        bound = verdict = ""
        if case == "after":
            bound = f"≥ {_BOUND_RATE:g} x"
            sentence = f"the relay delivers what waits {typical:.2f} x as fast as a bare loop posts; {bound}."
            best = max(mine / other for mine, other in zip(rates, bare, strict=True))
            # The bound is one for rates; `within` knows times.
            verdict = report.within(1 / _BOUND_RATE, typical=1 / typical, best=1 / best, sentence=sentence)
        report.row(name, str(rounds), f"{median(rates):,.0f} events/s, {typical:.2f} x", bound, verdict)
    report.notes.append("from the start of the relay's process; it writes a cursor down after every answer")


def _finished(root: Path, port: int) -> None:
    """Applications that have ended and been delivered."""
    (root / "spool").mkdir(parents=True)
    (root / "state").mkdir()
    for number in range(_FINISHED):
        _application(root, number, queries=1)
    with _relay(root, port):
        _until(root, _FINISHED, _is_delivered)


def _application(root: Path, number: int, *, queries: int) -> None:
    """As an application of the node leaves it, without a `submit`: its driver is gone."""
    made = write_run(root / "spool", number, queries=queries)
    for path in (made.run, made.outcome):
        path.unlink()
    made.deliveries.rmdir()


def _idle(root: Path, port: int) -> tuple[float, float]:
    """Megabytes resident, and percent of a processor, once it has been idle for a while."""
    with _relay(root, port) as process:
        time.sleep(_QUIET)
        before, began = _seconds(process.pid), time.monotonic()
        time.sleep(_WATCHED)
        percent = 100 * (_seconds(process.pid) - before) / (time.monotonic() - began)
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(resident) / 1024, percent


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _deliver(root: Path, port: int, *, settled: bool) -> float:
    """Seconds from the relay's first line to the last answer; where `settled`, it found no backend before."""
    (root / "spool").mkdir(parents=True)
    (root / "state").mkdir()
    for number in range(_RUNS):
        _application(root, number, queries=_QUERIES)
    if settled:
        with _relay(root, _free_port()):
            _until(root, _RUNS, lambda folder: folder.settled.exists())
    with _relay(root, port):
        began = time.perf_counter()
        _until(root, _RUNS, _is_delivered)
        return time.perf_counter() - began


def _free_port() -> int:
    """Where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _relay(root: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A node's relay that has begun."""
    config, log = root / "relay.json", root / "relay.log"
    config.write_text(json.dumps({
        "format": 1, "platform": "machine", "spool": str(root / "spool"), "state": str(root / "state"),
        "log": {"file": str(log), "size": 1 << 24, "files": 1},
        "backend": {"url": f"http://127.0.0.1:{port}", "marquez": True},
    }))  # fmt: skip
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sparklineage.relay.node", "watch", "--config", str(config)]
    with (root / "output").open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            while not log.exists():
                if process.poll() is not None:
                    raise RuntimeError((root / "output").read_text())
                time.sleep(0.005)
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)


def _until(root: Path, runs: int, done: Callable[[RunFolder], bool]) -> None:
    until = time.monotonic() + _LONGEST
    left = run_folders(root / "spool", root / "state")
    if len(left) != runs:
        raise RuntimeError(f"{len(left)} runs are there, not {runs}")
    while left:
        left = [folder for folder in left if not done(folder)]
        if time.monotonic() > until:
            raise RuntimeError(f"{len(left)} of {runs} runs wait after {_LONGEST:g} s")
        time.sleep(0.02)


def _is_delivered(folder: RunFolder) -> bool:
    try:
        events = json.loads(folder.settled.read_bytes())["events"]
        cursor = next(folder.deliveries.glob("*.json"))
        return bool(json.loads(cursor.read_bytes())["delivered"] == events)
    except (OSError, StopIteration):
        return False
