"""What the built package holds: everything that it needs at run time, and nothing of the repository around it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_data_files_and_no_tests(tmp_path: Path) -> None:
    # A copy: setuptools leaves a build folder, from which the next wheel would take files that are gone.
    copy = tmp_path / "source"
    shutil.copytree(ROOT / "sparklineage", copy / "sparklineage", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(copy)], check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("sparklineage_toolkit-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    packaged = {name for name in names if name.startswith("sparklineage/")}
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sparklineage").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packaged == source
    assert {"sparklineage/py.typed", "sparklineage/witness/witness.jar", "sparklineage/agent/releases.json"} <= packaged
    assert all(name.startswith(("sparklineage/", "sparklineage_toolkit-")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
