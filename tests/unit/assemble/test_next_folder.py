"""A session whose journal goes on in another folder: what its listeners write, and what the relay makes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sparklineage.assemble.next_folder import Reported, hand_over
from sparklineage.errors import JournalError
from sparklineage.journal import LineReader, RunFolder, create_folder
from sparklineage.relay import Follower
from tests.support.journal import APP, add, application, event, execution, folder, witnessed

SECOND = "01900000-0000-7000-8000-000000000002"
THIRD = "01900000-0000-7000-8000-000000000003"
QUERY = "01900000-0000-7000-8000-0000000000aa"
PARENT = {"run": {"runId": APP}, "job": {"namespace": "ns", "name": "app"}}


@pytest.fixture
def first(tmp_path: Path) -> RunFolder:
    made = folder(tmp_path)
    add(made.witness, witnessed("application", 0, runId=APP, main="gateway"), *execution(1, 1, 2))
    add(made.agent, application("START", 0))
    return made


def reported(made: RunFolder) -> Reported:
    return Reported.of(
        {
            "spark.openlineage.applicationRunId": APP,
            "spark.openlineage.transport.type": "file",
            "spark.openlineage.transport.location": str(made.agent),
        }
    )


def lines(path: Path) -> list[dict[str, Any]]:
    reader = LineReader(path)
    found = list(reader.read())
    assert reader.corrupt == []
    return found


def led(_: Path) -> bool:
    return False


def test_an_agent_that_takes_another_file_leaves_the_first_folder_as_it_was(first: RunFolder) -> None:
    second, taken = create_folder(first.path.parent, SECOND), set[Path]()
    before = {path.name: path.read_bytes() for path in first.path.iterdir() if path.is_file()}

    def take(path: Path) -> bool:
        taken.add(path)
        return True

    hand_over(first, second, reported(first), take, shared=False)
    assert taken == {second.agent}
    assert {path.name: path.read_bytes() for path in first.path.iterdir() if path.is_file()} == before
    assert not first.agent.is_symlink()


def test_what_the_listeners_write_goes_into_the_next_folder_and_again_into_the_next(first: RunFolder) -> None:
    second, third = (create_folder(first.path.parent, run_id) for run_id in (SECOND, THIRD))
    before = first.agent.read_text(), first.witness.read_text()
    told = reported(first)
    with first.witness.open("ab") as stream:  # as the witness has it
        hand_over(first, second, told, led, shared=False)
        assert [item["type"] for item in lines(second.witness)] == ["application"]
        for number in (2, 3):
            for record in execution(number, number, number + 1):
                stream.write(json.dumps(record).encode() + b"\n")
                stream.flush()
            add(told.file, application("RUNNING", number))  # as the agent opens it for each event
            if number == 2:
                hand_over(second, third, told, led, shared=False)
    for made, number in ((second, 2), (third, 3)):
        assert [item.get("executionId") for item in lines(made.witness)] == [None, number, number]
        assert len(lines(made.agent)) == 1
    assert first.path.joinpath("agent.until-its-end.ndjson").read_text() == before[0]
    assert first.witness.read_text() == before[1]


def test_what_the_witness_writes_meanwhile_is_not_lost(first: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session may run a streaming query."""
    second = create_folder(first.path.parent, SECOND)
    copy = shutil.copy2
    with first.witness.open("ab", buffering=0) as stream:

        def slowly(source: Path, target: Path) -> None:
            copy(source, target)
            for record in execution(7, 7, 8):
                stream.write(json.dumps(record).encode() + b"\n")

        monkeypatch.setattr(shutil, "copy2", slowly)
        hand_over(first, second, reported(first), led, shared=False)
    assert [item.get("executionId") for item in lines(first.witness)] == [None, 1, 1]
    assert [item.get("executionId") for item in lines(second.witness)] == [None, 7, 7]


def test_an_agent_that_writes_elsewhere_cannot_be_led(first: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not write into the journal"):
        Reported.of({"spark.openlineage.transport.type": "http"})
    elsewhere = Reported(run_id=APP, file=tmp_path / "else" / "where" / "agent.ndjson")
    with pytest.raises(JournalError, match="cannot be led into another folder"):
        hand_over(first, create_folder(tmp_path, SECOND), elsewhere, led, shared=False)
    with pytest.raises(JournalError, match="cannot be led into another folder"):
        hand_over(first, create_folder(tmp_path, THIRD), reported(first), led, shared=True)


@pytest.mark.parametrize("root", [None, {"run": {"runId": THIRD}, "job": {"namespace": "af", "name": "dag"}}])
def test_its_queries_are_those_of_the_next_application(tmp_path: Path, root: dict[str, Any] | None) -> None:
    parent = {"run": {"runId": THIRD}, "job": {"namespace": "af", "name": "dag.task"}, "root": root} if root else None
    job = {"namespace": "harbour", "name": "second"}
    made = folder(tmp_path, SECOND, job=job, reportedAs=APP, parent=parent)
    facets = {"parent": {**PARENT, "root": PARENT}}
    of_query: dict[str, Any] = {"run": QUERY, "job": "app.execute_insert.out", "facets": facets}
    add(made.agent, event("START", 5, **of_query), event("COMPLETE", 6, outputs=("out",), **of_query))
    add(made.agent, event("COMPLETE", 9, APP, "app", "APPLICATION"))
    made.outcome.write_text(json.dumps({"format": 1, "state": "FAIL", "endedAt": 1_800_000_000_020, "message": "x"}))
    Follower(made).finish()
    events = lines(made.events)
    assert APP not in json.dumps(events)
    query = [item for item in events if item["run"]["runId"] == QUERY]
    assert {item["job"]["name"] for item in query} == {"second.execute_insert.out"}
    facet = query[-1]["run"]["facets"]["parent"]
    mine = {"run": {"runId": SECOND}, "job": job}
    assert (facet["run"], facet["job"]) == (mine["run"], job)
    assert facet["root"] == (root or mine)
    own = [item for item in events if item["run"]["runId"] == SECOND]
    assert (own[-1]["eventType"], own[-1]["job"]["name"]) == ("FAIL", "second")
    assert [item["eventType"] for item in own].count("FAIL") == 1
    assert ("parent" in own[-1]["run"]["facets"]) is (root is not None)
