"""The relay alone: settling a long journal, and delivering it over a kept connection."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, ratio
from benchmarks.receiving import post, receiver
from benchmarks.report import Report, times
from benchmarks.synthetic import PER_QUERY, write_run
from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, Follower, HttpSink
from sparklineage.relay.deliver import deliver_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.setting import Setting

_ROUNDS = 5
_SETTLED, _DELIVERED, _STEPS = 20_000, 3_000, 1_000


def run(setting: Setting) -> Report:
    """No bound is stated: ratios against decoding and encoding the same lines, and against posting them plainly."""
    rounds = setting.rounds or _ROUNDS
    long = write_run(setting.folder / "long", 0, queries=_SETTLED // PER_QUERY)
    steps = write_run(setting.folder / "steps", 0, queries=_SETTLED // PER_QUERY, steps=_STEPS)
    short = write_run(setting.folder / "short", 0, queries=_DELIVERED // PER_QUERY, settled=True)
    report = Report(
        f"relay: journals of {_SETTLED} and {_DELIVERED} events", ("case", "n", "events/s", "time against baseline")
    )
    with receiver() as port:
        found = interleaved(
            {
                "decode, encode and write": lambda: _recode(long),
                "settle": lambda: _settle(long),
                "settle, 1,000 steps": lambda: _settle(steps),
                "http.client": lambda: post(short, port),
                "deliver": lambda: _deliver(short, port),
            },
            rounds,
        )
    for name, values in found.items():
        baseline = "http.client" if name in ("http.client", "deliver") else "decode, encode and write"
        events = _DELIVERED if baseline == "http.client" else _SETTLED
        against = "baseline" if name == baseline else times(ratio(values, found[baseline]))
        report.row(name, str(rounds), f"{events / median(values):,.0f}", against)
    report.notes.append(
        "deliver writes its cursor down after every answer: a killed relay sends one event twice at most"
    )
    return report


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _recode(folder: RunFolder) -> float:
    """The least that anything can do that reads events and writes them anew."""
    copy = folder.path / "copy.ndjson"

    def action() -> None:
        with folder.agent.open("rb") as lines, copy.open("wb") as out:
            for line in lines:
                out.write(json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    try:
        return _timed(action)
    finally:
        copy.unlink()


def _settle(folder: RunFolder) -> float:
    fresh = RunFolder(Path(shutil.copytree(folder.path, folder.path.with_name("fresh"))))
    try:
        seconds = _timed(lambda: Follower(fresh).finish())
        written = json.loads(fresh.settled.read_bytes())["events"]
        if written != _SETTLED + 2:
            raise RuntimeError(f"{written} events were settled, not {_SETTLED + 2}")
        return seconds
    finally:
        shutil.rmtree(fresh.path)


def _deliver(folder: RunFolder, port: int) -> float:
    sink = HttpSink(Backend(url=f"http://127.0.0.1:{port}"))
    delivery = Delivery(folder, sink)
    delivery.start_over()
    seconds = _timed(lambda: deliver_all(delivery, until=time.monotonic() + 600, give_up_after=1))
    sink.close()
    if delivery.delivered != _DELIVERED + 2:
        raise RuntimeError(f"{delivery.delivered} events were delivered, not {_DELIVERED + 2}: {delivery.last_error}")
    return seconds
