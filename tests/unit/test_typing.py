"""What a type checker makes of a user's program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.service

# A line that is wrong says so.
PROGRAM = """
from __future__ import annotations

from pathlib import Path
from typing import Any

from typing_extensions import assert_type

import sparklineage
from sparklineage import Dataset, datasets, facets

one = Dataset.of(Path("/data/in"))


@sparklineage.reads("https://rates.example.com/v1", one)
@sparklineage.writes(Path("/data/out"), ("acme://erp", "orders"))
def rate(currency: str, *, day: int = 0) -> float:
    return 1.0


assert_type(rate("EUR", day=1), float)
rate(3)  # wrong


@sparklineage.reads(datasets.s3("b", "k"))
class Source:
    @staticmethod
    @sparklineage.reads("s3://b/k")
    def name() -> str:
        return "source"


assert_type(Source().name(), str)


@sparklineage.step(None, "load", inputs="s3://b/k")
def load(path: Path) -> int:
    return 1


assert_type(load(Path("x")), int)
load(3)  # wrong


@sparklineage.step(None, "ask")
async def ask(path: Path) -> int:
    return await ask(path)


@sparklineage.reads  # wrong
def bare() -> int:
    return 1


def save(batch: Any, number: int) -> None: ...


with sparklineage.step(None, "score", inputs=one, outputs=("acme://erp", "orders")) as step:
    step.reads("s3://b/k", one, Path("x"))
    step.facets(sparklineage.facets.mlflow(run_id="0f3c"))
    step.column_lineage({"a.b": ["c.d"], (one, "x"): [(Path("x"), "y"), "c.d"]})
    columns = {"a.b": ["c.d"]}
    step.column_lineage(columns)
    pairs = {(one, "x"): [(one, "y")]}
    step.column_lineage(pairs)
    step.column_lineage({"a.b": [5]})  # wrong
with sparklineage.step(None, "score", inputs=Path("x"), outputs=["s3://b/k", Path("y"), one, ("n", "m")]):
    sparklineage.current_step().writes(one)
sparklineage.step(None, "score", inputs=5)  # wrong
sparklineage.foreach_batch("ships", save, inputs=one, outputs="s3://b/k")
assert_type(sparklineage.tag([1], inputs=one, outputs=Path("x")), "list[int]")
assert_type(sparklineage.datasets.local(Path("x")).with_facets(facets.lineage(one)), Dataset)
assert_type(sparklineage.testing.spark_conf(), "dict[str, str]")
"""


def test_a_decorated_function_keeps_its_type_and_one_dataset_is_as_good_as_a_list(tmp_path: Path) -> None:
    file = tmp_path / "job.py"
    file.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", file.name]
    command += ["--cache-dir", str(ROOT / ".mypy_cache" / "typing"), "--no-error-summary"]
    environ = {"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environ, timeout=300
    )
    told = {int(line.split(":")[1]) for line in answer.stdout.splitlines() if ": error:" in line}
    wrong = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}
    assert told == wrong, answer.stdout + answer.stderr
