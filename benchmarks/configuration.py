"""Configuration: lint of a thousand files, explain from a cold start, against PyYAML reading the same."""

from __future__ import annotations

import json
import shutil
import sys
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved, ratio, wall
from benchmarks.report import Report, ms, times

if TYPE_CHECKING:
    from benchmarks.setting import Setting

_ROUNDS = 5
_FILES = 1_000
_LINT_MS, _EXPLAIN_MS = 3_000, 400
_OTHERS = {"module.py": 250, "deployment.yaml": 100, "package.json": 50}
"""Files of a repository that have nothing to do with Spark, and how many of the thousand they are."""
_ROOT = Path(__file__).resolve().parents[1]
_SAMPLES = _ROOT / "tests" / "golden" / "lint"
_READ_ALL = """
import sys, yaml
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob('*')):
    if path.is_file():
        text = path.read_text()
        if path.suffix in ('.yml', '.yaml', '.json'):
            list(yaml.safe_load_all(text))
"""
_READ_ONE = "import sys, yaml; yaml.safe_load(open(sys.argv[1]))"


def run(setting: Setting) -> Report:
    """Bounds: `lint` of 1,000 files ≤ 3 s, `explain` ≤ 0.4 s cold."""
    rounds = setting.rounds or _ROUNDS
    files = setting.folder / "files"
    kinds = _copies(files)
    example = _ROOT / "conf" / "sparklineage.yml"
    environ = {**setting.environ, "OPENLINEAGE_API_KEY": "not-used"}

    def seconds(*argv: str) -> float:
        return wall(list(argv), environ=environ, folder=setting.folder, status=(0, 1, 2))

    cases = {
        "PyYAML reads the 1,000": lambda: seconds(sys.executable, "-c", _READ_ALL, str(files)),
        "sparklineage lint, of 1,000": lambda: seconds(*setting.command, "lint", str(files), "--format", "json"),
        "PyYAML reads the example": lambda: seconds(sys.executable, "-c", _READ_ONE, str(example)),
        "sparklineage explain": lambda: seconds(*setting.command, "explain", "--config", str(example)),
    }
    bounds = {"sparklineage lint, of 1,000": _LINT_MS, "sparklineage explain": _EXPLAIN_MS}
    interleaved(cases, 1)  # compiles what is not compiled yet
    found = interleaved(cases, rounds)
    report = Report("configuration: against PyYAML alone", ("case", "n", "median", "fastest", "ratio", "bound", ""))
    base: list[float] = []
    for name, values in found.items():
        base = values if name.startswith("PyYAML") else base
        bound = verdict = ""
        if limit := bounds.get(name):
            bound = f"≤ {limit} ms"
            sentence = f"`{name}` takes {ms(median(values))}; {bound}."
            verdict = report.within(limit, typical=median(values) * 1000, best=min(values) * 1000, sentence=sentence)
        report.row(
            name, str(len(values)), ms(median(values)), ms(min(values)), times(ratio(values, base)), bound, verdict
        )
    report.notes.append(f"files: {', '.join(f'{count} {suffix}' for suffix, count in sorted(kinds.items()))}")
    return report


def _copies(target: Path) -> dict[str, int]:
    """A thousand files: the inputs of lint's golden tests, each many times, and what lies beside them in a repository.

    Returns how many there are of each ending.
    """
    samples = cycle(
        sorted(
            path
            for path in _SAMPLES.glob("*/*")
            if path.is_file() and not path.name.startswith(("expected", "fixed", "options", "source"))
        )
    )
    modules = cycle(sorted((_ROOT / "sparklineage").rglob("*.py")))
    others = [name for name, count in _OTHERS.items() for _ in range(count)]
    kinds: dict[str, int] = {}
    for number in range(_FILES):
        folder = target / f"part{number // 50:02}" / f"{number:04}"
        folder.mkdir(parents=True)
        name = others[number] if number < len(others) else None
        if name is None:
            sample = next(samples)
            shutil.copyfile(sample, folder / sample.name)
        elif name == "module.py":
            shutil.copyfile(next(modules), folder / name)
        else:
            (folder / name).write_text(_deployment(number) if name.endswith("yaml") else _package(number))
        suffix = Path(name or sample.name).suffix or "without an ending"
        kinds[suffix] = kinds.get(suffix, 0) + 1
    return kinds


def _deployment(number: int) -> str:
    """A Kubernetes manifest of two hundred lines."""
    container = "".join(
        f"        - name: part{part}\n          image: registry.example.com/part{part}:1.{number}\n"
        f"          env:\n            - name: PART\n              value: '{part}'\n"
        "          resources: {limits: {cpu: 500m, memory: 256Mi}}\n"
        for part in range(30)
    )
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app{number}\nspec:\n  replicas: 2\n"
        f"  template:\n    spec:\n      containers:\n{container}"
    )


def _package(number: int) -> str:
    versions = {f"package-{part}": f"^{part}.{number}.0" for part in range(60)}
    return json.dumps({"name": f"app{number}", "dependencies": versions}, indent=2)
