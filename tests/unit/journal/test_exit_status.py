"""The driver's exit status, written as the last act of a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder, exit_status

REPOSITORY = Path(__file__).parents[3]
BEGIN = """\
import os, sys
from pathlib import Path
from sparklineage.journal import RunFolder, exit_status
first, second = (RunFolder(Path(word)) for word in sys.argv[1:])
print(exit_status.record(first))
"""


def run(tmp_path: Path, code: str) -> tuple[int, RunFolder, RunFolder]:
    """A process of its own, which runs `code`, and its two run folders."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code, *map(str, folders)], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert done.stdout == b"True\n"
    assert done.stderr == b""
    return done.returncode, RunFolder(folders[0]), RunFolder(folders[1])


@pytest.mark.parametrize("status", [0, 3, 255])
def test_it_is_what_the_parent_sees(tmp_path: Path, status: int) -> None:
    seen, folder, _ = run(tmp_path, f"raise SystemExit({status})")
    assert seen == status
    told = exit_status.read(folder)
    assert told is not None
    assert told[0] == status
    assert told[1] == int(folder.exit_status.stat().st_mtime * 1000)


@pytest.mark.parametrize("code", ["os._exit(3)", "os.kill(os.getpid(), 9)", "os.abort()"])
def test_what_is_no_exit_leaves_none(tmp_path: Path, code: str) -> None:
    _, folder, _ = run(tmp_path, code)
    assert folder.exit_status.exists()
    assert exit_status.read(folder) is None


def test_the_last_folder_has_it(tmp_path: Path) -> None:
    _, first, second = run(tmp_path, "exit_status.forget(first); exit_status.record(second); sys.exit(4)")
    assert not first.exit_status.exists()
    told = exit_status.read(second)
    assert told is not None
    assert told[0] == 4


def test_where_the_folder_is_gone_the_exit_is_as_it_was(tmp_path: Path) -> None:
    seen, folder, _ = run(tmp_path, "import shutil; shutil.rmtree(first.path); raise SystemExit(5)")
    assert seen == 5
    assert exit_status.read(folder) is None


def test_what_somebody_else_wrote_is_no_status(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, tmp_path / "apart")
    folder.exit_status.write_bytes(b"\x03")
    assert exit_status.read(folder) is None
    folder.exit_status.unlink()
    folder.exit_status.symlink_to("/dev/zero")
    assert exit_status.read(folder) is None


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    assert not exit_status.record(RunFolder(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        (0, "COMPLETE", None),
        (3, "FAIL", "The application exited with status 3."),
        (137, "FAIL", "The application exited with status 137 (SIGKILL, often the out-of-memory killer)."),
        (143, "ABORT", "The application was ended by SIGTERM."),
    ],
)
def test_what_a_status_means(status: int, state: str, message: str | None) -> None:
    assert exit_status.meaning(status) == (state, message)
