"""Golden files that several processes of a test run write and claim."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sparklineage.testing.golden import Golden, GoldenError
from sparklineage.testing.values import Datasets
from sparklineage.testing.view import Run

ROUNDS = 300
WORKER = """
import sys
from pathlib import Path
from tests.unit.testing.test_golden import golden, run
from sparklineage.testing.golden import GoldenError
root, number, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for at in range(rounds):
    try:
        # The first one runs again and again, and finds something else each time.
        made = golden(root, f"test_{number or 'one'}")
        made.check("delays", [run(at % 2 if number == 0 else 2)], ())
    except GoldenError as error:
        assert "have this golden file for different lineages" in str(error), error
"""


def run(number: int) -> Run:
    """One that is another lineage for each number; the name is long, so that writing it takes more than a moment."""
    job = f"app.{'délais' * 2_000}{number}"
    return Run(
        id="0", job=job, name=job, kind="SQL_JOB", state="FAIL", inputs=Datasets(()), outputs=Datasets(()),
        error=None, steps=frozenset(), events=({},),
    )  # fmt: skip


def golden(root: Path, test: str) -> Golden:
    return Golden(folder=root / "golden", update=True, places={}, test=test, claims=root / "claims")


def test_a_process_never_reads_a_half_of_what_another_writes(tmp_path: Path) -> None:
    golden(tmp_path, "test_one").check("delays", [run(0)], ())
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), str(number), str(ROUNDS)],
                         stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
        for number in range(4)
    ]  # fmt: skip
    told = [worker.communicate(timeout=120)[1] for worker in workers]
    assert told == [""] * len(workers)
    (found,) = json.loads((tmp_path / "golden" / "delays.json").read_text(encoding="utf-8"))
    assert found["state"] == "FAIL"
    assert [path.name for path in (tmp_path / "golden").iterdir()] == ["delays.json"]
    assert len(list((tmp_path / "claims").iterdir())) == 1


def test_a_test_that_runs_again_may_find_something_else(tmp_path: Path) -> None:
    golden(tmp_path, "test_one").check("delays", [run(0)], ())
    golden(tmp_path, "test_one").check("delays", [run(1)], ())
    with pytest.raises(GoldenError, match="test_one and test_two have this golden file for different lineages"):
        golden(tmp_path, "test_two").check("delays", [run(0)], ())
    golden(tmp_path, "test_two").check("delays", [run(1)], ())


def test_a_golden_file_behind_a_link_stays_there(tmp_path: Path) -> None:
    (tmp_path / "golden").mkdir()
    (tmp_path / "shared.json").write_text("[]\n")
    (tmp_path / "golden" / "delays.json").symlink_to(tmp_path / "shared.json")
    golden(tmp_path, "test_one").check("delays", [run(0)], ())
    assert (tmp_path / "golden" / "delays.json").is_symlink()
    assert json.loads((tmp_path / "shared.json").read_text(encoding="utf-8"))
