"""The run facet `sparklineage_cluster`, and governance that a node gives to its applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import create_folder
from sparklineage.relay import Follower
from sparklineage.relay.surroundings import FIELDS, NOWHERE, Surroundings
from tests.support.journal import APP, add, application, event, execution, folder, outcome, witnessed

EMR = Surroundings(
    cluster={"platform": "emr", "clusterId": "j-1ABC", "releaseLabel": "emr-7.5.0"},
    governance={"pii": True},
    namespace="prod",
)
QUERY = "01900000-0000-7000-8000-0000000000a1"
STEP = "/mnt/var/lib/hadoop/steps/s-07767992IY7VC5NVV854"
CONTAINER = "container_e17_1410901177871_0001_02_000005"


def settled(root: Path, surroundings: Surroundings, *agent: dict[str, Any], **said: Any) -> list[dict[str, Any]]:
    """An application that no `submit` started."""
    made = create_folder(root, APP)
    add(made.witness, witnessed("application", 0, runId=APP, applicationName="app", **said), *execution(0, 2, 4))
    add(made.agent, *agent)
    Follower(made, surroundings=surroundings).finish()
    return [json.loads(line) for line in made.events.read_text().splitlines()]


def cluster(found: dict[str, Any]) -> Any:
    facet = found["run"]["facets"].get("sparklineage_cluster")
    return facet and {name: value for name, value in facet.items() if not name.startswith("_")}


def test_every_event_of_the_application_and_its_queries_has_it(tmp_path: Path) -> None:
    agent = [
        application("START", 1),
        event("START", 2, QUERY, "app.q"),
        event("COMPLETE", 4, QUERY, "app.q"),
        application("COMPLETE", 5),
    ]
    said = {"applicationId": "application_1_0001", "host": "ip-10-0-0-1", "user": "hadoop", "workingDirectory": STEP}
    events = settled(tmp_path, EMR, *agent, **said)
    assert len(events) == 4
    expected = {
        "platform": "emr", "clusterId": "j-1ABC", "stepId": "s-07767992IY7VC5NVV854", "releaseLabel": "emr-7.5.0",
        "applicationId": "application_1_0001", "host": "ip-10-0-0-1", "user": "hadoop",
    }  # fmt: skip
    assert [cluster(found) for found in events] == [expected] * 4
    assert list(cluster(events[0])) == [name for name in FIELDS if name in expected]
    facet = events[0]["run"]["facets"]["sparklineage_cluster"]
    assert facet["_schemaURL"].endswith("/sparklineage_cluster-1.0.json")


def test_an_application_of_which_the_agent_says_nothing_has_it_too(tmp_path: Path) -> None:
    events = settled(tmp_path, EMR)
    assert [found["eventType"] for found in events] == ["START", "ABORT"]
    assert [cluster(found)["clusterId"] for found in events] == ["j-1ABC"] * 2
    assert [found["job"]["namespace"] for found in events] == ["prod"] * 2
    assert [found["run"]["facets"]["governance"]["pii"] for found in events] == [True] * 2


def test_governance_is_the_applications_alone_and_its_own_wins(tmp_path: Path) -> None:
    made = folder(tmp_path, governance={"classification": "public"})
    add(made.agent, application("START", 1), event("START", 2, QUERY, "app.q"))
    outcome(made)
    Follower(made, surroundings=EMR).finish()
    events = [json.loads(line) for line in made.events.read_text().splitlines()]
    found = [item["run"]["facets"].get("governance") for item in events]
    assert [facet and facet.get("classification") for facet in found] == ["public", None, None, "public"]
    assert all("pii" not in (facet or {}) for facet in found)
    assert {item["job"]["namespace"] for item in events} == {"ns"}


def test_nowhere_adds_nothing(tmp_path: Path) -> None:
    for found in settled(tmp_path, NOWHERE, application("START", 1), stepId="s-1", containerId=CONTAINER):
        assert cluster(found) is None
        assert "governance" not in found["run"]["facets"]


def test_reading_again_after_a_kill_repeats_nothing(tmp_path: Path) -> None:
    first = settled(tmp_path, EMR, application("START", 1))
    made = create_folder(tmp_path, APP)
    made.settled.unlink()
    Follower(made, surroundings=EMR).finish()
    assert [json.loads(line) for line in made.events.read_text().splitlines()] == first


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"containerId": CONTAINER}, {"containerId": CONTAINER, "attempt": 2}),
        ({"workingDirectory": f"/mnt/yarn/x/{CONTAINER}"}, {"containerId": CONTAINER, "attempt": 2}),
        ({"containerId": "container_1_2_03_4"}, {"containerId": "container_1_2_03_4", "attempt": 3}),
        ({"containerId": "docker-77"}, {"containerId": "docker-77"}),
        ({"stepId": "s-2", "workingDirectory": STEP}, {"stepId": "s-2"}),
        ({"workingDirectory": "/home/hadoop"}, {}),
        ({"jobId": "77", "jobRunId": "78", "runId": "no"}, {"jobId": "77", "runId": "78"}),
        ({"user": 7, "host": None, "containerId": ["x"], "workingDirectory": {}}, {}),
        ({"user": "u" * 9999}, {"user": "u" * 256}),
        (None, {}),
    ],
)
def test_what_an_application_says_of_itself(said: Any, expected: dict[str, Any]) -> None:
    assert Surroundings(cluster={"platform": "machine"}).facet(said) == {"platform": "machine", **expected}


def test_the_node_knows_its_cluster_better_than_the_application() -> None:
    assert EMR.facet({"clusterId": "mine"})["clusterId"] == "j-1ABC"
    assert Surroundings(cluster={"platform": "databricks"}).facet({"clusterId": "0123"})["clusterId"] == "0123"
