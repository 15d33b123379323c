"""Timing that a noisy machine disturbs as little as possible: interleaved rounds, medians, pairs."""

from __future__ import annotations

import os
import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_TAIL = 2000
_LIMIT = 600


def interleaved(cases: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every case once a round, in turning order, so that a slow minute of the machine meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(cases[name]())
    return found


def ratio(values: Sequence[float], baseline: Sequence[float]) -> float:
    """Median of the ratios of pairs measured in the same round."""
    return median(value / base for value, base in zip(values, baseline, strict=False))


def difference(values: Sequence[float], baseline: Sequence[float]) -> float:
    """Median of the differences of pairs measured in the same round."""
    return median(value - base for value, base in zip(values, baseline, strict=False))


def wall(argv: Sequence[str], *, environ: Mapping[str, str], folder: Path, status: int | Sequence[int] = 0) -> float:
    """Seconds from the start of a process to its end. Raises RuntimeError with its last words for another status."""
    log = folder / "output.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        done = subprocess.run(
            list(argv), env=dict(environ), cwd=folder, check=False, timeout=_LIMIT,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        took = time.perf_counter() - began
    if done.returncode not in ((status,) if isinstance(status, int) else status):
        said = log.read_text("utf-8", "replace")[-_TAIL:]
        raise RuntimeError(f"exit status {done.returncode}: {' '.join(argv)[:500]}\n{said}")
    return took


def printed(argv: Sequence[str], *, environ: Mapping[str, str], folder: Path) -> str:
    """What a process prints on standard output."""
    return subprocess.run(
        list(argv), env=dict(environ), cwd=folder, check=True, timeout=_LIMIT, capture_output=True, text=True
    ).stdout


def quiet_environ() -> dict[str, str]:
    """This process's environment without anything that configures lineage."""
    ours = ("OPENLINEAGE", "MARQUEZ", "SPARKLINEAGE", "SPARK_", "NAMESPACE", "JOB_NAME")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
