"""docs/applications.md: its examples run, and it shows what the code shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import sparklineage
from sparklineage.sdk.check import Check

REPOSITORY = Path(__file__).parents[3]
TEXT = (REPOSITORY / "docs" / "applications.md").read_text(encoding="utf-8")


def test_the_examples_name_what_is_there() -> None:
    used = {name for block in _blocks("python") for name in re.findall(r"sparklineage\.(\w+)", block)}
    assert used == {"application", "check", "configure", "step"}
    assert used <= set(sparklineage.__all__)
    for block in _blocks("python"):
        compile(block, "applications.md", "exec")


def test_the_example_of_a_notebook_runs(tmp_path: Path) -> None:
    (block,) = [block for block in _blocks("python") if "app.end()" in block]
    code = f"import sparklineage\nspark = None\n{block}\nprint(app.is_open)"
    dropped = ("OPENLINEAGE", "SPARKLINEAGE", "MARQUEZ")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    own = {"HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY), "SPARKLINEAGE_JOURNAL": str(tmp_path / "journal")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=kept | own, capture_output=True, text=True, check=True
    )
    shown, is_open = done.stdout.splitlines()
    assert re.fullmatch(r"<sparklineage application \S+ journal: no backend is configured: .*>", shown)
    assert is_open == "False"


def test_the_table_of_a_check_is_what_is_printed() -> None:
    (block,) = [block for block in _blocks("") if block.startswith("session")]
    shown = [line.split("  ")[0] for line in block.splitlines()]
    assert shown == [name for name, _ in Check(session="classic").rows()]


def _blocks(language: str) -> list[str]:
    # All of them in turn, so that no closing fence is taken for an opening one.
    found = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", TEXT)
    return [block for name, block in found if name == language]
