"""`sparklineage submit` on top of plain spark-submit with the same properties."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from benchmarks.backends import BACKENDS
from benchmarks.measure import difference, interleaved, ratio, wall
from benchmarks.report import Report, times
from benchmarks.setting import JOBS
from sparklineage.journal import create_folder
from sparklineage.model.ids import new_run_id
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.setting import Setting

_ROUNDS, _FAKE_ROUNDS = 5, 11
_JOB = str(JOBS / "short.py")
_BOUND = 0.5
"""Seconds."""


def run(setting: Setting) -> Report:
    """Bound: the median of the paired differences ≤ 0.5 s, whatever the backend does."""
    report = Report(
        "overhead: submit on top of spark-submit", ("case", "n", "median", "fastest", "on top", "ratio", "bound", "")
    )
    fake = {**setting.environ, "SPARK_HOME": str(_fake_spark(setting.folder))}
    with ExitStack() as stack:
        urls = {}
        for name, backend in BACKENDS.items():
            receiver = stack.enter_context(Receiver())
            backend.spoil(receiver)
            urls[f"submit, the backend {name}"] = receiver.url
        _compare(report, _Subject(setting, "a script that exits", fake), urls, setting.rounds or _FAKE_ROUNDS)
        first = dict(list(urls.items())[:1])
        _compare(report, _Subject(setting, "the shortest job", setting.environ), first, setting.rounds or _ROUNDS)
    report.notes.append("spark-submit: the command that a dry run of submit prints, the agent and witness with it")
    report.notes.append("on top: the median of the differences of pairs; with a backend: --drain-timeout 0")
    return report


class _Subject:
    """One thing to run, alone and through submit; each time with a journal of its own."""

    def __init__(self, setting: Setting, name: str, environ: Mapping[str, str]) -> None:
        self.setting, self.name, self.environ = setting, name, environ
        self._root = Path(mkdtemp(prefix="journals-", dir=setting.folder))
        self._journals = count()
        run_id = new_run_id()
        journal = self._journal()
        create_folder(journal, run_id)
        self._planned = setting.planned(["--journal", str(journal), "--run-id", run_id, _JOB], environ)

    def alone(self) -> float:
        return wall(self._planned, environ=self.environ, folder=self.setting.folder)

    def submit(self, *own: str) -> float:
        argv = [*self.setting.command, "submit", "--drain-timeout", "0", "--journal", str(self._journal()), *own, _JOB]
        return wall(argv, environ=self.environ, folder=self.setting.folder)

    def _journal(self) -> Path:
        return self._root / str(next(self._journals))


def _compare(report: Report, subject: _Subject, urls: Mapping[str, str], rounds: int) -> None:
    subject.submit()  # fills caches; the JAR's digest is checked here
    found = interleaved(
        {
            "spark-submit": subject.alone,
            "submit": subject.submit,
            **{name: partial(subject.submit, "--backend", url) for name, url in urls.items()},
        },
        rounds,
    )
    base = found["spark-submit"]
    for case, values in found.items():
        name = f"{subject.name}: {case}"
        cells = name, str(len(values)), f"{median(values):.2f} s", f"{min(values):.2f} s"
        if values is base:
            report.row(*cells, "baseline", times(1), "", "")
            continue
        more = difference(values, base)
        sentence = f"{name} takes {more:.2f} s more than spark-submit; ≤ {_BOUND} s."
        noise = max(max(one) - min(one) for one in (values, base))
        verdict = report.within(_BOUND, typical=more, best=min(values) - min(base), noise=noise, sentence=sentence)
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
