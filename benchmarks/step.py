"""What `with sparklineage.step(...)` costs per block, and a helper that declares per call."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import nullcontext
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, printed, ratio
from benchmarks.report import Report, spread, us
from benchmarks.setting import JOBS
from benchmarks.synthetic import run_id
from sparklineage.journal import create_folder
from sparklineage.sdk.session import JOURNAL_VARIABLE
from sparklineage.sdk.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from benchmarks.setting import Setting

_ROUNDS = 9
_BLOCKS = 500
_BOUND = 1e-3
"""Seconds that entering and leaving a step may take in a driver whose Spark is idle."""


def run(setting: Setting) -> Report:
    """What a block costs, and what the smallest Spark action takes beside it: 1 ms at most while Spark is idle."""
    rounds = setting.rounds or _ROUNDS
    folder = create_folder(setting.folder, run_id(0)).path
    recorded = {JOURNAL_VARIABLE: str(folder)}
    found = interleaved(
        {
            "an empty block": lambda: _per_block(nullcontext),
            "step, no lineage": lambda: _per_block(lambda: _step({})),
            "step, with a journal": lambda: _per_block(lambda: _step(recorded)),
        },
        rounds,
    )
    report = Report("step: seconds per block", ("case", "n", "median", "of the smallest Spark action"))
    alone, with_journal = _in_spark(setting, {}), _in_spark(setting, recorded)
    action = median(with_journal["action"])
    rows = [(name, f"{len(values)} x {_BLOCKS}", median(values)) for name, values in found.items()]
    rows += [
        ("in Spark: an empty block", "5 x 200", median(alone["empty"])),
        ("in Spark: step, no lineage", "5 x 200", median(alone["step"])),
        ("in Spark: step, with a journal", "5 x 200", median(with_journal["step"])),
        ("in Spark: spark.range(1).count()", "5 x 4", action),
        ("in Spark: a helper", "5 x 200", median(with_journal["bare call"])),
        ("in Spark: a helper that declares, in a step", "5 x 2000", median(with_journal["call in a step"])),
        ("in Spark: a helper that declares, in no step", "5 x 200", median(with_journal["call"])),
    ]
    for name, number, seconds in rows:
        report.row(name, number, us(seconds), f"{100 * seconds / action:.2f} %")
    empty = median(with_journal["empty"])
    typical, best = median(with_journal["step"]) - empty, min(with_journal["step"]) - empty
    told = f"Entering and leaving a step takes {us(typical)} more than an empty block; bound: {us(_BOUND)}."
    noise = spread(with_journal["step"]) * typical
    report.notes.append(f"{report.within(_BOUND, typical=typical, best=best, noise=noise, sentence=told)}: {told}")
    for name, where in (("call in a step", "in a step"), ("call", "in no step")):
        times, steps = (ratio(with_journal[name], with_journal[other]) for other in ("bare call", "step"))
        report.notes.append(
            f"a helper that declares, called {where}: {times:.0f} x its bare call, {steps:.2f} x a step"
        )
    report.notes.append("a step declares one input and one output; in Spark it also sets the thread's local property")
    return report


def _step(environ: Mapping[str, str]) -> AbstractContextManager[object]:
    return Step(None, "clean", inputs=["s3://bucket/in"], outputs=["s3://bucket/out"], environ=environ)


def _per_block(block: Callable[[], AbstractContextManager[object]]) -> float:
    began = time.perf_counter()
    for _ in range(_BLOCKS):
        with block():
            pass
    return (time.perf_counter() - began) / _BLOCKS


def _in_spark(setting: Setting, more: Mapping[str, str]) -> dict[str, list[float]]:
    environ = {**setting.environ, **more, "SPARK_LOCAL_DIRS": str(setting.folder)}
    text = printed([sys.executable, str(JOBS / "steps.py")], environ=environ, folder=setting.folder)
    found: dict[str, list[float]] = json.loads(text[text.index("{") :].partition(os.linesep)[0])
    return found
