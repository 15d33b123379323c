"""What a submit ends with where the journal is whole, cut short, gone, or has none of the agent's events."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sparklineage.cli.summary import summary
from sparklineage.journal import RunFolder, read_json, write_json
from tests.unit.cli.journal import START, add_run, deliver, golden, settle

A = "0199a001-1111-7000-8000-000000000001"
URL = "http://localhost:5000"
FAILED = {"state": "FAIL", "message": "ValueError: no seats"}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that is settled and delivered to nobody."""
    found = add_run(tmp_path, A, "flights")
    settle(found, golden("cycle"), "COMPLETE", ended=START + 4200)
    return found


def told(folder: RunFolder, **more: Any) -> dict[str, list[str]]:
    """The lines by their labels, the heading under an empty one."""
    text = summary(folder, seconds=4.2, notes=("a note",), journal_flag=" --journal J", **more)
    heading, *rest = text.splitlines()
    found: dict[str, list[str]] = {"": [heading]}
    label = ""
    for line in rest:
        label = line[2:10].strip() or label
        found.setdefault(label, []).append(line[11:])
    return found


def test_a_whole_journal(folder: RunFolder) -> None:
    lines = told(folder)
    assert lines[""] == ["sparklineage: COMPLETE after 4.2 s"]
    assert lines["job"] == ["flights (namespace ns)"]
    assert lines["events"] == ["10 written; no backend is configured, the journal keeps them"]
    assert lines["journal"] == [str(folder.path)]


def test_what_the_agent_sends_itself_is_not_known_here(folder: RunFolder) -> None:
    write_json(folder.run, {**(read_json(folder.run) or {}), "transport": "user"})
    lines = told(folder, sender="kafka (sparklineage.yml:3:9)")
    assert lines["events"] == [
        "10 written by the toolkit itself, the journal keeps them",
        "the agent delivers its own by kafka (sparklineage.yml:3:9); whether they arrive is not known here",
    ]
    assert lines["queries"] == ["not known here: the agent sends its events itself, by kafka (sparklineage.yml:3:9)"]


def test_a_delivered_one(folder: RunFolder) -> None:
    deliver(folder, "one", URL, events=7)
    assert told(folder, backend=URL)["events"] == [
        f"10 written, 7 delivered to {URL}, 3 waiting",
        "send them with: sparklineage relay drain --journal J",
    ]


def test_a_relay_that_never_started_is_not_a_missing_backend(folder: RunFolder) -> None:
    assert told(folder, backend=URL)["events"] == [
        f"10 written, 0 delivered to {URL} (the relay did not start)",
        "send them with: sparklineage relay drain --all --journal J",
    ]


@pytest.mark.parametrize("backend", [URL, None])
def test_what_a_full_disk_kept_from_being_written(folder: RunFolder, backend: str | None) -> None:
    """The state comes from memory; nothing is told as written, and no backend as missing."""
    for path in (folder.outcome, folder.settled):
        path.unlink()
    lines = told(folder, outcome=FAILED, backend=backend)
    assert lines[""] == ["sparklineage: FAIL after 4.2 s"]
    assert lines["error"] == ["ValueError: no seats"]
    assert lines["events"] == (
        [f"0 delivered to {URL} (the journal could not be written)"]
        if backend
        else ["the journal could not be written to its end; no backend is configured"]
    )
    assert "queries" not in lines


def test_the_outcome_in_memory_wins_over_the_file(folder: RunFolder) -> None:
    assert told(folder, outcome=FAILED)[""] == ["sparklineage: FAIL after 4.2 s"]


@pytest.mark.parametrize("rest", [True, False])
def test_a_journal_that_was_deleted_is_said_to_be_gone(folder: RunFolder, rest: bool) -> None:
    """Also where something of it was written again afterwards."""
    shutil.rmtree(folder.path)
    if rest:
        folder.path.mkdir()
        write_json(folder.outcome, {"format": 1, "state": "COMPLETE"})
    lines = told(folder, outcome=FAILED, backend=URL)
    assert lines["run"] == [A]
    gone = "it was deleted while the job ran, its lineage is lost but for what was delivered before"
    assert lines["journal"] == [f"{folder.path}: {gone}"]
    assert lines["note"] == ["a note"]
    assert not {"job", "inputs", "events", "queries"} & set(lines)


def test_the_users_own_transport_leaves_the_coverage_unknown(folder: RunFolder) -> None:
    """The journal has none of the agent's events then, which is no fault of the agent's."""
    write_json(folder.run, {**(read_json(folder.run) or {}), "transport": "user", "witness": True})
    settled = read_json(folder.settled) or {}
    left = {"queries": 1, "reported": 0, "leftOut": [{"description": "save"}]}
    write_json(folder.settled, {**settled, "witness": True, "coverage": left})
    folder.events.write_text("")
    lines = told(folder)
    assert lines["queries"] == ["not known here: the agent sends its events itself, over your own transport"]
    assert lines["inputs"] == lines["outputs"] == ["not known here"]
    write_json(folder.run, {**(read_json(folder.run) or {}), "transport": "outbox"})
    assert told(folder)["queries"][0] == "0 of 1 reported by the agent; it left out:"


def test_a_query_is_one_line_whatever_spark_calls_it(folder: RunFolder) -> None:
    settled = read_json(folder.settled) or {}
    write_json(folder.run, {**(read_json(folder.run) or {}), "witness": True})
    plan = "Spark Connect - session_id: 7\n  plan {\n    root {" + " x" * 200
    left = {"queries": 1, "reported": 0, "leftOut": [{"description": plan, "command": "Scan (1)"}]}
    write_json(folder.settled, {**settled, "witness": True, "coverage": left})
    line = told(folder)["queries"][1]
    assert line.strip().startswith("Spark Connect - session_id: 7 plan { root { x x")
    assert line.endswith("… · Scan (1)")
    assert len(line) < 200


def test_a_damaged_file_does_not_take_the_summary_along(folder: RunFolder) -> None:
    folder.settled.write_text("{")
    lines = told(folder, outcome=FAILED)
    assert lines[""] == ["sparklineage: FAIL after 4.2 s"]
    assert "settled.json: is not JSON" in lines["damaged"][0]


@pytest.mark.parametrize(("tagged", "hint"), [(True, False), (False, True)])
def test_what_was_declared_and_never_executed_is_named(folder: RunFolder, tagged: bool, hint: bool) -> None:
    settled = read_json(folder.settled) or {}
    found = [{"what": "step", "step": f"rates {number}", "tagged": tagged} for number in range(8)]
    write_json(folder.settled, {**settled, "witness": True, "unexecuted": found})
    first, *more = told(folder)["steps"]
    names = ", ".join(repr(f"rates {number}") for number in range(6))
    own = "what they declare is on runs of their own"
    assert first == f"declared, never executed by a query: {names} and 2 more; {own}"
    expected = "tie a DataFrame that is executed outside of its step to it: sparklineage.tag(df, step)"
    assert more == ([expected] if hint else [])
    write_json(folder.settled, {**settled, "witness": True})
    assert "steps" not in told(folder)
