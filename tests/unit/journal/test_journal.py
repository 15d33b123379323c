"""The journal's own promises: whole lines, whole files, private folders, a lock that dies with its holders."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sparklineage.errors import JournalBusyError, JournalError, JournalTooNewError
from sparklineage.journal import (
    DeliveryLock,
    LineReader,
    RunFolder,
    RunLock,
    append_line,
    create_folder,
    default_root,
    read_json,
    run_folders,
    write_cursor,
    write_json,
)
from sparklineage.journal.lock import is_held
from tests.support.journal import APP


def test_complete_lines_are_read_once_and_a_torn_one_waits(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    reader = LineReader(path)
    assert list(reader.read()) == []
    path.write_text('{"a": 1}\n{"a": ')
    assert list(reader.read()) == [{"a": 1}]
    assert list(reader.read()) == []
    with path.open("a") as file:
        file.write('2}\n\n{"a": 3}')
    assert list(reader.read()) == [{"a": 2}]
    assert list(reader.read(final=True)) == [{"a": 3}]
    assert reader.corrupt == []


def test_a_line_longer_than_one_read_is_still_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text(json.dumps({"a": "x" * 5000}) + "\n" + json.dumps({"b": 1}) + "\n")
    reader = LineReader(path)
    found = [item for _ in range(3) for item in reader.read(most=64)]
    assert [list(item) for item in found] == [["a"], ["b"]]


def test_damaged_lines_are_counted_by_number(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b'{"a": 1}\nnot json\n\xff\xfe\n7\n{"a": 2}\n')
    reader = LineReader(path)
    assert list(reader.read()) == [{"a": 1}, {"a": 2}]
    assert reader.corrupt == [2, 3, 4]


def test_two_writers_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    code = (
        "import sys; from pathlib import Path; from sparklineage.journal import append_line\n"
        "for n in range(300): append_line(Path(sys.argv[1]), {'who': sys.argv[2], 'pad': 'x' * 3000})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), who]) for who in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    reader = LineReader(path)
    assert len(list(reader.read())) == 600
    assert reader.corrupt == []


def test_a_line_that_somebody_writes_at_this_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others see it page by page."""
    path = tmp_path / "x.ndjson"
    path.write_text('{"a": ')
    rest = ["1", "}\n"]

    def go_on(_: float) -> None:
        with path.open("a") as file:
            file.write(rest.pop(0))

    monkeypatch.setattr("time.sleep", go_on)
    append_line(path, {"b": 2})
    assert [json.loads(line) for line in path.read_text().split("\n")[:-1]] == [{"a": 1}, {"b": 2}]


def test_a_small_file_is_replaced_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"format": 1, "a": "é"})
    write_json(path, {"format": 1, "a": 2})
    assert read_json(path) == {"format": 1, "a": 2}
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"format": 1, "a": 2}
    assert [item.name for item in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('{"format": 2}', JournalTooNewError, "written in journal format 2, this version reads up to 1"),
        ('{"format": "x"}', JournalTooNewError, "written in journal format x"),
        ("{", JournalError, "is not JSON; the file is damaged"),
        ("[]", JournalError, "holds no JSON object"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, error: type[JournalError], message: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(error, match=message):
        read_json(path)


def test_a_cursor_moves_on_in_place_and_is_json_to_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "sink.json"
    write_cursor(path, {"format": 1, "offset": 0, "lastError": None})
    node = path.stat().st_ino
    for offset in (9, 10_000, 12):
        write_cursor(path, {"format": 1, "offset": offset, "lastError": None}, whole=False)
        assert read_json(path) == {"format": 1, "offset": offset, "lastError": None}
    assert path.stat().st_ino == node
    write_cursor(path, {"format": 1, "offset": 12, "lastError": "connection refused"}, whole=False)
    assert read_json(path) == {"format": 1, "offset": 12, "lastError": "connection refused"}
    assert path.stat().st_ino != node, "another length is another file"
    path.unlink()
    write_cursor(path, {"format": 1, "offset": 13}, whole=False)
    assert read_json(path) == {"format": 1, "offset": 13}
    assert [item.name for item in tmp_path.iterdir()] == ["sink.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_runs_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "deep" / "journal", APP)
    append_line(folder.steps, {"a": 1})
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.steps.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"file: the journal cannot be written \(Not a directory\); choose another"):
        create_folder(tmp_path / "file", APP)


def test_only_run_ids_are_runs(tmp_path: Path) -> None:
    create_folder(tmp_path, APP)
    (tmp_path / "notes").mkdir()
    (tmp_path / "01900000-0000-7000-8000-00000000000f").write_text("a file")
    assert [folder.run_id for folder in run_folders(tmp_path)] == [APP]
    assert run_folders(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file: a file, no journal; name the folder"):
        run_folders(tmp_path / "file")


def test_a_lock_is_held_by_whoever_inherited_it(tmp_path: Path) -> None:
    folder: RunFolder = create_folder(tmp_path, APP)
    with RunLock(folder) as lock:
        with pytest.raises(JournalBusyError, match="the run is alive or another process delivers it"):
            RunLock(folder)
        # As the driver does when `submit` is killed.
        heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,))
    assert is_held(folder)
    heir.communicate(b"\n")
    assert not is_held(folder)
    RunLock(folder).close()


def test_the_right_to_deliver_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    folder = create_folder(tmp_path, APP)
    holder = DeliveryLock(folder)
    with pytest.raises(JournalBusyError):
        DeliveryLock(folder, wait=0.05)
    with RunLock(folder):
        threading.Timer(0.2, holder.close).start()
        DeliveryLock(folder, wait=10).close()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"SPARKLINEAGE_JOURNAL": "/j", "XDG_STATE_HOME": "/s", "HOME": "/h"}, "/j"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/sparklineage/journal"),
        ({"HOME": "/h"}, "/h/.local/state/sparklineage/journal"),
    ],
)
def test_the_journals_place(environ: dict[str, str], place: str) -> None:
    assert default_root(environ) == Path(place)


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from sparklineage.journal import append_line
path, limit = Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for number in range(1, 3):
    try:
        append_line(path, {"type": "a", "n": number, "pad": "x" * 300})
    except OSError:
        print("full")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for number in range(3, 5):
    append_line(path, {"type": "a", "n": number})
"""


def test_a_line_behind_a_part_of_one_is_whole(tmp_path: Path) -> None:
    """The disk was full in the middle of a line, and has room again."""
    path = tmp_path / "x.ndjson"
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), "400"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "full\n"
    reader = LineReader(path)
    assert [record["n"] for record in reader.read()] == [1, 3, 4]
    assert reader.corrupt == [2]
    assert b'"x' not in path.read_bytes().splitlines()[2]


@pytest.mark.parametrize("cut", range(1, 90, 4))
def test_a_record_that_was_appended_to_a_part_of_another_is_not_lost(tmp_path: Path, cut: int) -> None:
    """As the agent leaves it, which begins no new line."""
    path = tmp_path / "agent.ndjson"
    first, second = (
        json.dumps({"eventTime": f"2026-01-0{day}", "run": {"runId": str(day), "facets": {"a": {"type": "{"}}}})
        for day in (1, 2)
    )
    path.write_text(f"{first[:cut]}{second}\n{first}\n")
    reader = LineReader(path)
    assert [record["run"]["runId"] for record in reader.read()] == ["2", "1"]
    assert reader.corrupt == [1]


def test_what_a_stopped_machine_left_before_a_record_does_not_hide_it(tmp_path: Path) -> None:
    path = tmp_path / "witness.ndjson"
    path.write_bytes(b'{"type": "a"}\n{"type": \0\0\0\0{"type": "application", "x": [{"type": 1}]}\n')
    reader = LineReader(path)
    assert list(reader.read()) == [{"type": "a"}, {"type": "application", "x": [{"type": 1}]}]
    assert reader.corrupt == [2]
