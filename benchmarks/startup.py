"""Start-up: the command at the prompt, and the imports that a job pays for."""

from __future__ import annotations

import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, printed, ratio, wall
from benchmarks.report import Report, ms, times
from benchmarks.synthetic import write_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.setting import Setting

_ROUNDS = 15
_RUNS = 100
_HELP_MS, _HELP_RATIO, _IMPORT_MS = 150, 12, 50


def run(setting: Setting) -> Report:
    """Bounds: --help ≤ 150 ms and ≤ 12 x `python -c pass`; an import in a job ≤ 50 ms on top of pyspark."""
    rounds = setting.rounds or _ROUNDS
    environ = setting.environ
    journal = setting.folder / "journal"
    for number in range(_RUNS):
        write_run(journal, number, queries=8, settled=True)

    def command(*argv: str) -> Callable[[], float]:
        return lambda: wall(list(argv), environ=environ, folder=setting.folder)

    def imported(statement: str) -> Callable[[], float]:
        code = f"import time, pyspark; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
        return lambda: float(printed([sys.executable, "-c", code], environ=environ, folder=setting.folder))

    statements = ("import sparklineage", "from sparklineage import step")
    cases = {
        "python -c pass": command(sys.executable, "-c", "pass"),
        "sparklineage --help": command(*setting.command, "--help"),
        "sparklineage submit --help": command(*setting.command, "submit", "--help"),
        f"sparklineage runs, of {_RUNS}": command(*setting.command, "runs", "--limit", "0", "--journal", str(journal)),
        **{statement: imported(statement) for statement in statements},
    }
    interleaved(cases, 1)  # compiles what is not compiled yet
    found = interleaved(cases, rounds)
    report = Report("startup: against `python -c pass`", ("case", "n", "median", "fastest", "ratio", "bound", ""))
    base = found["python -c pass"]
    for name, values in found.items():
        bound = verdict = ""
        middle, factor = median(values), ratio(values, base)
        if name == "sparklineage --help":
            bound = f"≤ {_HELP_MS} ms, ≤ {_HELP_RATIO} x"
            sentence = f"{name} takes {ms(middle)}, {times(factor)}; {bound}."
            # The ratio needs no allowance: the same machine slows both.
            verdict = (
                report.within(_HELP_MS, typical=middle * 1000, best=min(values) * 1000, sentence=sentence)
                if factor <= _HELP_RATIO
                else report.require(False, sentence)
            )
        elif name in statements:
            bound = f"≤ {_IMPORT_MS} ms"
            sentence = f"`{name}` takes {ms(middle)}; {bound}."
            verdict = report.within(_IMPORT_MS, typical=middle * 1000, best=min(values) * 1000, sentence=sentence)
        report.row(name, str(len(values)), ms(middle), ms(min(values)), times(factor), bound, verdict)
    report.notes.append("imports: on top of `import pyspark`, measured inside a fresh process each time")
    return report
