"""Files that somebody else wrote, to do harm perhaps: what is opened, and what reading them costs."""

from __future__ import annotations

import ctypes
import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import JournalError
from sparklineage.journal import ForeignError, LineReader, RunFolder, read_json
from sparklineage.journal.access import FOREIGN, OWN, Access, open_foreign, open_own
from sparklineage.journal.lock import RunLock, is_held

SMALL = Access(open=open_own, longest=1000, brackets=100)
GOOD = b'{"a": 1}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    (tmp_path / "secret").write_text('{"secret": true}\n')
    return made


def read(path: Path) -> list[object]:
    reader = LineReader(path, access=FOREIGN)
    return list(reader.read())


@pytest.mark.parametrize("kind", ["link", "dangling", "second name", "pipe", "socket", "folder", "folder is a link"])
def test_only_plain_files_of_the_folder_are_opened(folder: Path, kind: str) -> None:
    path, secret = folder / "agent.ndjson", folder.parent / "secret"
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "dangling":
        path.symlink_to(folder / "nowhere")
    elif kind == "second name":
        path.hardlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            here = Path.cwd()
            os.chdir(folder)
            made.bind(path.name)
            os.chdir(here)
    elif kind == "folder":
        path.mkdir()
    else:
        other = folder.parent / "other"
        other.mkdir()
        (other / path.name).write_bytes(GOOD)
        folder.rmdir()
        folder.symlink_to(other)
    for access in (lambda: read(path), lambda: read_json(path, access=FOREIGN)):
        with pytest.raises(ForeignError, match="has a second name" if kind == "second name" else "is a link, or no"):
            access()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's files")
def test_a_file_of_another_user_is_left_alone(folder: Path) -> None:
    path = folder / "agent.ndjson"
    path.write_bytes(GOOD)
    os.chown(path, 4711, 4711)
    with pytest.raises(ForeignError, match="belongs to another user than its folder"):
        open_foreign(path)
    os.chown(folder, 4711, 4711)
    assert read(path) == [{"a": 1}]


def test_what_is_not_there_is_nothing(folder: Path) -> None:
    assert read(folder / "agent.ndjson") == []
    assert read(folder / "no" / "agent.ndjson") == []
    assert read_json(folder / "run.json", access=FOREIGN) is None


def test_no_lock_is_made_or_followed(folder: Path, tmp_path: Path) -> None:
    made = RunFolder(folder, tmp_path / "state")
    with RunLock(made):
        assert not made.lock.exists()
    made.lock.symlink_to(tmp_path / "secret")
    assert not is_held(made)
    made.lock.unlink()
    with RunLock(RunFolder(folder)):
        assert is_held(made)


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(GOOD + b'{"b": "' + b"x" * 5000)
    reader = LineReader(path, access=SMALL)
    assert list(reader.read(most=100)) == [{"a": 1}]
    assert list(reader.read(most=100)) == []
    with path.open("ab") as file:
        file.write(b"x" * 3000)
    for _ in range(10):
        assert list(reader.read(most=100)) == []
    with path.open("ab") as file:
        file.write(b'"}\n' + GOOD)
    found: list[object] = []
    while found[-1:] != [{"a": 1}]:
        found += list(reader.read(most=100))
    assert (found, reader.corrupt, reader.offset) == ([{"a": 1}], [2], path.stat().st_size)


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"a": 1' + b"0" * 100_000 + b"}", b"[" + b"{}," * (1 << 20) + b"{}]",
     b"\0" * 100_000, b"\xff\xfe\xfd", b'{"a": 1} {"b": 2}'],
    ids=["deep list", "deep object", "giant number", "many objects", "NULs", "no text", "two"],
)  # fmt: skip
def test_a_hostile_line_is_only_damaged(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(GOOD + line + b"\n" + GOOD)
    reader = LineReader(path, access=FOREIGN)
    assert list(reader.read()) == [{"a": 1}] * 2
    assert reader.corrupt == [2]
    path.write_bytes(line)
    if line.strip(b"\0"):
        with pytest.raises(JournalError, match="the file is damaged"):
            read_json(path, access=FOREIGN)


def test_an_endless_file_of_nothing_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(GOOD)
    os.truncate(path, 1 << 42)
    reader = LineReader(path, access=FOREIGN)
    assert list(reader.read(most=1 << 16)) == [{"a": 1}]
    assert list(reader.read(most=1 << 16)) == []
    with path.open("ab") as file:
        file.write(GOOD)
    assert list(reader.read(most=1 << 16)) == [{"a": 1}]
    assert not reader.more


def test_what_was_given_back_to_the_disk_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    lines = [json.dumps({"n": number, "text": "x" * 100}).encode() + b"\n" for number in range(5000)]
    path.write_bytes(b"".join(lines))
    start, end = len(b"".join(lines[:50])), len(b"".join(lines[:4000]))
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open("rb+") as file:
        if libc.fallocate64(file.fileno(), 3, ctypes.c_int64(start), ctypes.c_int64(end - start)):
            pytest.skip("this file system makes no holes")
    assert path.stat().st_blocks * 512 < len(b"".join(lines)) / 2
    reader = LineReader(path)
    found = list(reader.read(most=10_000))
    while reader.more:
        found += reader.read(most=10_000)
    assert [item["n"] for item in found] == [*range(50), *range(4000, 5000)]
    assert reader.corrupt == []


def test_what_comes_while_the_end_is_looked_for_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says that nothing lies behind here, and before anything else is asked there is something."""
    path = tmp_path / "lines"
    path.write_bytes(GOOD)
    reader = LineReader(path)
    assert list(reader.read()) == [{"a": 1}]
    ask, late = os.lseek, [b'{"a": 2}\n', b'{"a": 3}\n']

    def answered_too_early(fd: int, offset: int, how: int) -> int:
        try:
            return ask(fd, offset, how)
        except OSError:
            if late:
                with path.open("ab") as file:
                    file.write(late.pop(0))
            raise

    monkeypatch.setattr(os, "lseek", answered_too_early)
    assert [item["a"] for _ in range(4) for item in reader.read()] == [2, 3]


@given(
    st.lists(st.one_of(st.binary(max_size=2000), st.just(GOOD.strip())), max_size=12),
    st.integers(min_value=1, max_value=3000),
)
def test_whatever_it_holds_the_good_lines_arrive(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], most: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"\n".join([*lines, GOOD]))
    expected = sum(line == GOOD.strip() for line in b"\n".join([*lines, GOOD]).split(b"\n"))
    reader = LineReader(path, access=SMALL)
    found = list(reader.read(most=most))
    for _ in range(1000):
        if not reader.more:
            break
        found += reader.read(most=most)
    assert reader.offset == path.stat().st_size
    assert sum(item == {"a": 1} for item in found) >= expected


def test_a_small_file_is_small(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"text": "x" * 2000}))
    assert read_json(path, access=OWN) is not None
    with pytest.raises(JournalError, match="the file is damaged"):
        read_json(path, access=SMALL)
