"""`sparklineage runs` on real folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparklineage.cli import main
from sparklineage.cli.selection import short_ids
from sparklineage.journal import RunLock
from tests.unit.cli.journal import START, add_run, deliver, golden, settle

Captured = pytest.CaptureFixture[str]
A, B, C = (f"0199a00{n}-1111-7000-8000-00000000000{n}" for n in (1, 2, 3))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """One delivered in part to two backends, one failed without a backend, one whose process is gone."""
    first = add_run(tmp_path, A, "flights_pipeline", started=START)
    settle(first, golden("medallion"), "COMPLETE", ended=START + 45_000)
    deliver(first, "one", "http://localhost:5000/api/v1/lineage", events=26)
    deliver(first, "two", "https://lineage.example.org", events=20, refused=1)
    second = add_run(tmp_path, B, "orders", started=START + 60_000)
    settle(second, golden("cycle"), "FAIL", ended=START + 63_400, corrupt=2)
    add_run(tmp_path, C, "lost", started=START + 120_000)
    return tmp_path


def test_table(journal: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, one line each, with notes below those that need them."""
    monkeypatch.setattr("sparklineage.cli.runs._local_time", lambda ms: f"+{(ms - START) // 1000} s")
    assert main(["runs", "--journal", str(journal)], {}) == 0
    assert capsys.readouterr().out == (
        "started  run       job               state       duration  events  backend\n"
        "+120 s   0199a003  lost              ? LOST                0       no backend\n"
        "+60 s    0199a002  orders            ✗ FAIL      3.4 s     10      no backend\n"
        "  2 damaged lines of its journal skipped\n"
        "+0 s     0199a001  flights_pipeline  ✓ COMPLETE  45 s      26      26 delivered (localhost:5000); "
        "19 delivered, 6 waiting, 1 refused (lineage.example.org)\n"
        "\n"
        "LOST: the process is gone and nobody wrote down how it ended; `sparklineage relay drain` closes it\n"
    )


def test_json(journal: Path, capsys: Captured) -> None:
    """Everything the table has, in full."""
    assert main(["runs", "--journal", str(journal), "--format", "json"], {}) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["runId"] for run in runs] == [C, B, A]
    assert runs[2] == {
        "runId": A,
        "namespace": "ns",
        "job": "flights_pipeline",
        "state": "COMPLETE",
        "startedMs": START,
        "endedMs": START + 45_000,
        "events": 26,
        "corrupt": 0,
        "problem": None,
        "deliveries": [
            {"url": "http://localhost:5000/api/v1/lineage", "delivered": 26, "waiting": 0, "refused": 0},
            {"url": "https://lineage.example.org", "delivered": 19, "waiting": 6, "refused": 1},
        ],
    }


def test_limit_and_full(journal: Path, capsys: Captured) -> None:
    """The newest N, saying that there are more; 0 is all."""
    assert main(["runs", "--journal", str(journal), "--limit", "1", "--full"], {}) == 0
    out = capsys.readouterr().out
    assert C in out
    assert "orders" not in out
    assert out.endswith("\n2 older not shown; --limit 0 shows all.\n")
    assert main(["runs", "--journal", str(journal), "--limit", "0"], {}) == 0
    out = capsys.readouterr().out
    assert "flights_pipeline" in out
    assert "older" not in out


def test_a_live_run_is_running(journal: Path, capsys: Captured) -> None:
    """While somebody holds its lock, with the time since its start."""
    folder = add_run(journal, "0199a004-1111-7000-8000-000000000004", "stream", started=START)
    with RunLock(folder):
        assert main(["runs", "--journal", str(journal)], {}) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "stream" in line)
    assert "… RUNNING" in line


def test_a_damaged_run_hides_no_other(journal: Path, capsys: Captured) -> None:
    """It is listed with what is wrong."""
    (journal / B / "settled.json").write_text("{", encoding="utf-8")
    assert main(["runs", "--journal", str(journal)], {}) == 0
    out = capsys.readouterr().out
    assert "? unreadable" in out
    assert "settled.json: is not JSON" in out
    assert "flights_pipeline" in out


def test_colours_follow_the_state(journal: Path, capsys: Captured) -> None:
    """And only the state, so that the columns stay where they are."""
    assert main(["runs", "--journal", str(journal)], {"FORCE_COLOR": "1"}) == 0
    out = capsys.readouterr().out
    assert "\x1b[31;1m✗ FAIL    \x1b[0m" in out
    assert "\x1b[32m✓ COMPLETE\x1b[0m" in out


def test_an_empty_journal_says_how_to_fill_it(tmp_path: Path, capsys: Captured) -> None:
    """Also one whose folder does not exist; JSON stays JSON."""
    root = tmp_path / "none"
    assert main(["runs", "--journal", str(root)], {}) == 0
    assert capsys.readouterr().out == f"{root} holds no run yet; `sparklineage submit APP` records one.\n"
    assert main(["runs", "--journal", str(root), "--format", "json"], {}) == 0
    assert json.loads(capsys.readouterr().out) == {"runs": []}


def test_a_file_is_no_journal(tmp_path: Path, capsys: Captured) -> None:
    """It is not an empty one either."""
    file = tmp_path / "file"
    file.write_text("x")
    for command in ("runs", "graph"):
        assert main([command, "--journal", str(file)], {}) == 65
        out, err = capsys.readouterr()
        assert out == ""
        assert (
            err == f"sparklineage: {file}: a file, no journal; name the folder that `sparklineage submit` writes to.\n"
        )


def test_the_journal_is_found_where_submit_puts_it(
    journal: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By flag, by environment, by configuration file, else in the user's state folder."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    home = {"HOME": str(tmp_path / "home")}
    assert main(["runs"], home) == 0
    assert capsys.readouterr().out.startswith(str(tmp_path / "home/.local/state/sparklineage/journal"))
    assert main(["runs"], {**home, "SPARKLINEAGE_JOURNAL": str(journal)}) == 0
    assert "flights_pipeline" in capsys.readouterr().out
    (elsewhere / "sparklineage.yml").write_text(f"delivery:\n  journal: {journal}\n", encoding="utf-8")
    assert main(["runs"], home) == 0
    assert "flights_pipeline" in capsys.readouterr().out


def test_an_unreadable_journal_is_status_65(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own reason in the sentence."""

    def refuse(root: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr("os.scandir", refuse)
    assert main(["runs", "--journal", str(tmp_path)], {}) == 65
    assert capsys.readouterr().err == f"sparklineage: {tmp_path}: the journal cannot be read: Permission denied.\n"


def test_short_ids_are_unique_beginnings() -> None:
    """At least eight characters, as many as it takes, never ending in a hyphen."""
    ids = ["01900000-0000-7000-8000-00000000aaaa", "01900000-0000-7000-8000-00000000aaab", "02900000-0000-7000-8000-0"]
    assert short_ids(ids) == {ids[0]: ids[0], ids[1]: ids[1], ids[2]: "02900000"}
    ids = ["01900000-1000-7000-8000-00000000aaaa", "01900000-2000-7000-8000-00000000aaaa"]
    assert list(short_ids(ids).values()) == ["01900000-1", "01900000-2"]
    assert short_ids([]) == {}
