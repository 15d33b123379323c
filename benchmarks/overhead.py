"""`sparklineage submit` on top of plain spark-submit with the same properties."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import difference, interleaved, ratio, wall
from benchmarks.report import Report, times
from benchmarks.setting import JOBS
from sparklineage.journal import create_folder
from sparklineage.model.ids import new_run_id
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.setting import Setting

_ROUNDS, _FAKE_ROUNDS = 5, 11
_BOUND = 0.5
"""Seconds."""


def run(setting: Setting) -> Report:
    """Bound: the median of the paired differences ≤ 0.5 s."""
    report = Report(
        "overhead: submit on top of spark-submit", ("case", "n", "median", "best", "on top", "ratio", "bound", "")
    )
    fake = {**setting.environ, "SPARK_HOME": str(_fake_spark(setting.folder))}
    with Receiver() as receiver:
        _compare(
            report,
            setting,
            "a script that exits",
            environ=fake,
            rounds=setting.rounds or _FAKE_ROUNDS,
            receiver=receiver,
        )
        _compare(
            report,
            setting,
            "the shortest job",
            environ=setting.environ,
            rounds=setting.rounds or _ROUNDS,
            receiver=receiver,
        )
    report.notes.append("spark-submit: the command that a dry run of submit prints, the agent and witness with it")
    report.notes.append("on top: the median of the differences of pairs; backend: answers at once, --drain-timeout 0")
    return report


def _compare(
    report: Report, setting: Setting, what: str, *, environ: Mapping[str, str], rounds: int, receiver: Receiver
) -> None:
    journal = setting.folder / "journal"
    job = str(JOBS / "short.py")
    own = ["--journal", str(journal), "--drain-timeout", "0"]
    run_id = new_run_id()
    create_folder(journal, run_id)
    plain = setting.planned([*own, "--run-id", run_id, job], environ)
    submit = [*setting.command, "submit", *own, job]
    backend = [*submit[:-1], "--backend", receiver.url, job]
    cases = {
        f"{what}: spark-submit": lambda: wall(plain, environ=environ, folder=setting.folder),
        f"{what}: submit": lambda: wall(submit, environ=environ, folder=setting.folder),
        f"{what}: submit, with a backend": lambda: wall(backend, environ=environ, folder=setting.folder),
    }
    interleaved(dict(list(cases.items())[1:2]), 1)  # fills caches; the JAR's digest is checked here
    found = interleaved(cases, rounds)
    base = next(iter(found.values()))
    for name, values in found.items():
        cells = [name, str(len(values)), f"{median(values):.2f} s", f"{min(values):.2f} s"]
        if values is base:
            report.row(*cells, "baseline", times(1), "", "")
            continue
        more = difference(values, base)
        verdict = report.require(more <= _BOUND, f"{name} takes {more:.2f} s more than spark-submit; ≤ {_BOUND} s.")
        report.row(*cells, f"{more:+.2f} s", times(ratio(values, base)), f"≤ {_BOUND} s", verdict)


def _fake_spark(folder: Path) -> Path:
    """A Spark whose spark-submit ends at once, which leaves nothing but our own cost."""
    home = folder / "spark"
    (home / "bin").mkdir(parents=True)
    (home / "jars").mkdir()
    (home / "jars" / "spark-core_2.13-4.2.0.jar").touch()
    script = home / "bin" / "spark-submit"
    script.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    script.chmod(0o755)
    return home
