"""The outcome has its room on the disk before the job starts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sparklineage.journal import Reserve


def test_the_file_takes_no_more_room_than_was_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    reserve = Reserve(path)
    (reserved,) = tmp_path.iterdir()
    before = reserved.stat()
    assert before.st_blocks * 512 >= 64 * 1024
    reserve.write({"state": "FAIL", "message": "é"})
    assert json.loads(path.read_text()) == {"state": "FAIL", "message": "é"}
    assert path.stat().st_ino == before.st_ino
    assert list(tmp_path.iterdir()) == [path]


def test_a_text_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    Reserve(path).write({"state": "FAIL", "message": "short", "stackTrace": "ü" * 50_000})
    assert json.loads(path.read_text()) == {"state": "FAIL", "message": "short", "stackTrace": None}
    Reserve(path).write({"state": "FAIL", "message": "x" * 90_000, "stackTrace": "y"})
    assert len(json.loads(path.read_text())["message"]) == 1000


def test_room_that_was_not_used_is_given_back(tmp_path: Path) -> None:
    Reserve(tmp_path / "outcome.json").drop()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_whole_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that writes elsewhere what it writes again may be full in the middle of it."""
    path = tmp_path / "outcome.json"
    reserve = Reserve(path)
    write = os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda fd, data, at: write(fd, data[:10], at))
        with pytest.raises(OSError, match="No space left"):
            reserve.write({"state": "COMPLETE"})
    assert not path.exists()
    reserve.write({"state": "COMPLETE"})
    assert json.loads(path.read_text()) == {"state": "COMPLETE"}
