"""`sparklineage graph` on real folders; what the drawing looks like is in tests/golden/graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sparklineage.cli import main
from sparklineage.journal import RunFolder, RunLock
from tests.unit.cli.journal import GOLDEN, START, add_run, golden, settle

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]
A, B = (f"0199a00{n}-1111-7000-8000-00000000000{n}" for n in (1, 2))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two settled runs."""
    settle(add_run(tmp_path, A, "flights_pipeline"), golden("medallion"), "COMPLETE", ended=START + 45_000)
    settle(add_run(tmp_path, B, "etl", started=START + 1000), golden("hostile"), "FAIL", ended=START + 5000)
    return tmp_path


@pytest.mark.parametrize("run", [A, A[:8], A.upper()])
def test_one_run_by_its_id(run: str, journal: Path, capsys: Captured) -> None:
    """In full or by its beginning."""
    assert main(["graph", run, "--journal", str(journal)], {"COLUMNS": "100"}) == 0
    assert capsys.readouterr().out == (GOLDEN / "medallion" / "expected.txt").read_text(encoding="utf-8")


def test_the_latest_run(journal: Path, capsys: Captured) -> None:
    """The one that started last."""
    assert main(["graph", "latest", "--journal", str(journal)], {"COLUMNS": "100"}) == 0
    assert capsys.readouterr().out == (GOLDEN / "hostile" / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("form", "file"), [("json", "expected.json"), ("dot", "expected.dot"), ("mermaid", "expected.mmd")]
)
def test_formats(form: str, file: str, journal: Path, capsys: Captured) -> None:
    """Nothing but the document on stdout."""
    assert main(["graph", A, "--journal", str(journal), "--format", form], {"FORCE_COLOR": "1"}) == 0
    assert capsys.readouterr().out == (GOLDEN / "medallion" / file).read_text(encoding="utf-8")


def test_all_runs_together(tmp_path: Path, capsys: Captured) -> None:
    """Without RUN; one application's output is the other's input."""
    events = golden("alike")
    for place, run_id in enumerate((A, B)):
        folder = add_run(tmp_path, run_id, "x", started=START + place)
        settle(folder, events[place::2], "COMPLETE", ended=START + 5000)
    assert main(["graph", "--journal", str(tmp_path), "--format", "json"], {}) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((GOLDEN / "alike" / "expected.json").read_text())


def test_all_and_full(journal: Path, capsys: Captured) -> None:
    """`--all` brings the listing back, `--full` writes names out."""
    assert main(["graph", A, "--journal", str(journal)], {}) == 0
    assert "parallel_collection" not in capsys.readouterr().out
    assert main(["graph", A, "--journal", str(journal), "--all"], {}) == 0
    assert "parallel_collection" in capsys.readouterr().out
    for form in ("text", "dot", "mermaid"):
        assert main(["graph", A, "--journal", str(journal), "--full", "--format", form], {}) == 0
        out = capsys.readouterr().out
        assert "file:/home/ada/demo/lake/bronze/flights" in out
        assert "flights_pipeline.execute_save_into_data_source_command.bronze_flights" in out


def test_a_run_that_goes_on_is_drawn_as_far_as_it_is_known(tmp_path: Path, capsys: Captured) -> None:
    """From what the agent has written so far, without writing anything."""
    folder = add_run(tmp_path, A, "flights_pipeline")
    lines = [json.dumps(event) for event in golden("medallion")[:9]]
    folder.agent.write_text("\n".join(lines)[:-40], encoding="utf-8")  # the last one is torn
    with RunLock(folder):
        before = sorted(path.name for path in folder.path.iterdir())
        assert main(["graph", A, "--journal", str(tmp_path)], {}) == 0
    out = capsys.readouterr().out
    assert "raw/flights.csv" in out
    assert "… RUNNING" in out
    assert sorted(path.name for path in folder.path.iterdir()) == before


def test_what_was_declared_and_never_executed_is_said_whoever_has_settled_it(journal: Path, capsys: Captured) -> None:
    """A job that a signal ends, and one of a cluster, is over before that is known."""
    settled = RunFolder(journal / A).settled
    unexecuted = [{"what": "step", "step": "rates", "tagged": False}]
    settled.write_text(json.dumps({**json.loads(settled.read_text()), "unexecuted": unexecuted}))
    assert main(["graph", A, "--journal", str(journal), "--format", "json"], {}) == 0
    found = capsys.readouterr()
    assert json.loads(found.out)["jobs"]
    assert found.err.splitlines() == [
        "sparklineage: declared, never executed by a query: 'rates'; what they declare is on runs of their own",
        "sparklineage: tie a DataFrame that is executed outside of its step to it: sparklineage.tag(df, step)",
    ]
    assert main(["graph", B, "--journal", str(journal)], {}) == 0
    assert capsys.readouterr().err == ""
    settled.write_text("{")
    assert main(["graph", A, "--journal", str(journal)], {}) == 0
    assert capsys.readouterr().err == ""


def test_unknown_and_ambiguous_runs_are_status_68(journal: Path, tmp_path: Path, capsys: Captured) -> None:
    """With the candidates, or the way to find them."""
    assert main(["graph", "0199a00", "--journal", str(journal)], {}) == 68
    err = capsys.readouterr().err
    assert A in err
    assert B in err
    assert main(["graph", A.replace("1111", "1112"), "--journal", str(journal)], {}) == 68
    assert f"Did you mean {A}?" in capsys.readouterr().err
    assert main(["graph", "latest", "--journal", str(tmp_path / "none")], {}) == 68
    assert "empty" in capsys.readouterr().err


def test_nothing_to_draw_is_said(tmp_path: Path, capsys: Captured) -> None:
    """An empty journal, a run without datasets; the other formats stay well-formed."""
    assert main(["graph", "--journal", str(tmp_path)], {}) == 0
    assert capsys.readouterr().out == f"{tmp_path} holds no run yet; `sparklineage submit APP` records one.\n"
    with RunLock(add_run(tmp_path, A, "early")):
        assert main(["graph", A, "--journal", str(tmp_path)], {}) == 0
        assert capsys.readouterr().out == f"Run {A} has read and written no dataset.\n"
        assert main(["graph", "--journal", str(tmp_path)], {}) == 0
        assert capsys.readouterr().out == "No run has read or written a dataset yet.\n"
    settle(add_run(tmp_path, B, "etl"), golden("alike")[-3:-2], "FAIL", ended=START)
    assert main(["graph", B, "--journal", str(tmp_path)], {}) == 0
    assert capsys.readouterr().out == (
        "crashed  ✗ FAIL 0.0 s\n"
        "FAIL: ModuleNotFoundError: No module named 'pandas'\n"
        f"Run {B} has read and written no dataset.\n"
    )


def test_json_of_nothing_is_json(tmp_path: Path, capsys: Captured) -> None:
    """An empty graph, no sentence."""
    assert main(["graph", "--journal", str(tmp_path), "--format", "json"], {}) == 0
    assert json.loads(capsys.readouterr().out) == {"applications": [], "datasets": [], "jobs": [], "edges": []}


def test_a_damaged_run_hides_no_other(journal: Path, capsys: Captured) -> None:
    """All runs: it is left out with a warning. That one alone: its error."""
    run = json.loads((journal / B / "run.json").read_text())
    (journal / B / "run.json").write_text(json.dumps({**run, "format": 99}), encoding="utf-8")
    (journal / B / "settled.json").unlink()
    assert main(["graph", "--journal", str(journal)], {}) == 0
    out, err = capsys.readouterr()
    assert "flights_pipeline" in out
    assert err.startswith(f"sparklineage: left out run {B}: ")
    assert "upgrade" in err
    assert main(["graph", B, "--journal", str(journal)], {}) == 66
