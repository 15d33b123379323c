"""Targets: what the platforms are given, each in a process of its own and all of them in one."""

from __future__ import annotations

import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, ratio, wall
from benchmarks.report import Report, ms, times
from sparklineage.targets import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.setting import Setting

_ROUNDS = 5
_BOUND_MS = 1_000
_ARTIFACTS = {
    "databricks": "/Volumes/main/ops/lineage",
    "dataproc": "gs://lake/lineage",
    "kubernetes": "local:///opt/lineage",
    "airflow": "/opt/lineage",
    "livy": "hdfs:///lineage",
}
_RELEASES = {"emr": "emr-7.5.0", "emr-serverless": "emr-7.5.0", "emr-containers": "emr-7.5.0", "glue": '"5.0"',
             "dataproc": '"2.2"', "databricks": "16.4.x-scala2.12", "kubernetes": '"4.0"'}  # fmt: skip
_ALL = """
import sys
from sparklineage.cli import main
for name in sys.argv[3:]:
    status = main(["conf", name, "--config", sys.argv[1], "--out", f"{sys.argv[2]}/{name}"], {})
    assert status == 0, name
"""


def run(setting: Setting) -> Report:
    """Bounds: each target ≤ 1 s cold, and all together in one process too."""
    rounds = setting.rounds or _ROUNDS
    config = _config(setting.folder / "sparklineage.yml")
    out = setting.folder / "out"

    def seconds(*argv: str) -> float:
        return wall(list(argv), environ=setting.environ, folder=setting.folder)

    def one(name: str) -> float:
        return seconds(*setting.command, "conf", name, "--config", str(config), "--out", str(out / name))

    cases = {"python alone": lambda: seconds(sys.executable, "-c", "pass")}
    cases |= {f"conf {name}": lambda name=name: one(name) for name in NAMES}  # type: ignore[misc]
    cases["all targets in one process"] = lambda: seconds(sys.executable, "-c", _ALL, str(config), str(out), *NAMES)
    interleaved(cases, 1)  # compiles what is not compiled yet
    found = interleaved(cases, rounds)
    base = found["python alone"]
    report = Report("targets: conf TARGET from a cold start", ("case", "n", "median", "fastest", "ratio", "bound", ""))
    for name, values in found.items():
        bound = verdict = ""
        if values is not base:
            bound = f"≤ {_BOUND_MS} ms"
            sentence = f"`{name}` takes {ms(median(values))}; {bound}."
            verdict = report.within(
                _BOUND_MS, typical=median(values) * 1000, best=min(values) * 1000, sentence=sentence
            )
        report.row(
            name, str(len(values)), ms(median(values)), ms(min(values)), times(ratio(values, base)), bound, verdict
        )
    files = sum(1 for path in out.rglob("*") if path.is_file())
    report.notes.append(f"{files} files for {len(NAMES)} targets")
    return report


def _config(path: Path) -> Path:
    """A configuration for every target."""
    lines = ["namespace: prod.flights", "job: {name: Daily flights}", "delivery: {mode: direct}",
             "transport: {type: http, url: 'https://lineage.example.com'}", "platforms:"]  # fmt: skip
    for name in NAMES:
        release = f", release: {_RELEASES[name]}" if name in _RELEASES else ""
        lines.append(f"  {name}: {{artifacts: '{_ARTIFACTS.get(name, 's3://lake/lineage')}'{release}}}")
    path.write_text("\n".join(lines) + "\n")
    return path
