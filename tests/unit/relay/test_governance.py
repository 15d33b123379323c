"""The run facet `governance`: on every event of the application, none of its queries, as its schema has it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sparklineage.relay import Follower
from tests.support.journal import add, application, event, folder, outcome

FIELDS = {"pii": True, "classification": "internal", "retention": "P5Y", "encryption": "aes-256"}
QUERY = "01900000-0000-7000-8000-0000000000a1"
SECOND = "01900000-0000-7000-8000-0000000000a2"


def schema() -> Any:
    return json.loads((files("sparklineage.model") / "governance-1.0.json").read_text(encoding="utf-8"))


def facet(found: dict[str, Any]) -> Any:
    return found["run"]["facets"].get("governance")


def settled(root: Path, *agent: dict[str, Any], governance: object = FIELDS) -> list[dict[str, Any]]:
    made = folder(root, governance=governance)
    add(made.agent, *agent)
    outcome(made, "FAIL", message="exit status 1")
    Follower(made).finish()
    return [json.loads(line) for line in made.events.read_text().splitlines()]


def is_valid(value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema()).is_valid(value))


def test_start_and_end_of_our_own_have_it(tmp_path: Path) -> None:
    """The agent has reported nothing."""
    start, end = settled(tmp_path)
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    for found in (start, end):
        assert {name: facet(found)[name] for name in FIELDS} == FIELDS
        assert is_valid(facet(found))
    assert "errorMessage" in end["run"]["facets"]


def test_the_agents_application_events_have_it_and_its_queries_do_not(tmp_path: Path) -> None:
    agent = [
        application("START", 1),
        application("RUNNING", 2),
        event("START", 3, QUERY, "app.q"),
        event("COMPLETE", 4, QUERY, "app.q"),
        application("COMPLETE", 5),
        application("START", 6, SECOND),
    ]
    events = settled(tmp_path, *agent)
    governed = [(item["eventType"], item["run"]["runId"] == QUERY, facet(item) is not None) for item in events]
    assert governed == [
        ("START", False, True),
        ("RUNNING", False, True),
        ("START", True, False),
        ("COMPLETE", True, False),
        ("START", False, True),
        ("FAIL", False, True),
        ("FAIL", False, True),
    ]
    assert all(is_valid(found) for item in events if (found := facet(item)) is not None)


def test_the_end_of_an_application_that_the_agent_left_open_has_it(tmp_path: Path) -> None:
    end = settled(tmp_path, application("START", 1))[-1]
    assert (end["eventType"], facet(end)["pii"]) == ("FAIL", True)


def test_a_facet_that_an_event_brings_stays(tmp_path: Path) -> None:
    theirs = {"owner": "somebody"}
    start = settled(tmp_path, event("START", 1, job_type="APPLICATION", facets={"governance": theirs}))[0]
    assert facet(start) == theirs


@pytest.mark.parametrize("governance", [None, {}, "internal", {"pii": "yes", "retention": 5, "other": "x"}])
def test_without_any_field_there_is_no_facet(tmp_path: Path, governance: object) -> None:
    assert [facet(item) for item in settled(tmp_path, application("START", 1), governance=governance)] == [None, None]


def test_each_field_may_be_missing(tmp_path: Path) -> None:
    found = facet(settled(tmp_path, governance={"pii": False})[0])
    assert found["pii"] is False
    assert set(found) == {"_producer", "_schemaURL", "pii"}
    assert is_valid(found)


@pytest.mark.parametrize(
    "wrong", [{"pii": "yes"}, {"retention": 5}, {"clasification": "x"}, {"_schemaURL": "https://x"}]
)
def test_the_schema_refuses_what_is_no_such_facet(tmp_path: Path, wrong: dict[str, Any]) -> None:
    found = facet(settled(tmp_path)[0])
    assert is_valid(found)
    assert not is_valid({**found, **wrong})


def test_the_schema_is_one_and_where_the_facet_says(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert facet(settled(tmp_path)[0])["_schemaURL"] == schema()["$id"]
