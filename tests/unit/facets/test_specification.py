"""Facets, and the events that they arrive in, against the JSON Schemas of the OpenLineage specification itself.

The specification is not part of this repository: tests/support/specification.py says where it is looked for. The same
facets and events are read with the classes of openlineage-python that are made from it, which are always there.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sparklineage import Dataset, facets
from sparklineage.model import event as ol
from sparklineage.relay import Follower
from sparklineage.relay.surroundings import Surroundings
from sparklineage.sdk.sending.direct import Direct, Who
from sparklineage.sdk.steps.record import StepRecord
from tests.support.journal import APP, T0, add, execution, folder, outcome, witnessed
from tests.support.specification import FOLDER, Specification, UnreachableError, facets_of
from tests.unit.facets.hostile import attempts, values
from tests.unit.facets.official import Classes
from tests.unit.facets.shapes import OWN, STANDARD, THEIRS

QUERY = "01900000-0000-7000-8000-0000000000a1"
OUTER, INNER, STREAM = (f"01900000-0000-7000-8000-0000000000b{number}" for number in range(3))
ROOT = {"run": {"runId": QUERY}, "job": {"namespace": "airflow", "name": "dag"}}


@pytest.fixture(scope="module", params=["classes", pytest.param("schemas", marks=pytest.mark.service)])
def specification(request: pytest.FixtureRequest) -> Specification | Classes:
    if request.param == "classes":
        return Classes()
    where = os.environ.get(FOLDER)
    try:
        return Specification(Path(where) if where else None)
    except UnreachableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("facet", [*STANDARD, *OWN, *THEIRS], ids=lambda facet: facet.name)
def test_every_facet_is_as_its_schema_has_it(specification: Specification | Classes, facet: facets.Facet) -> None:
    assert not specification.of_facet(facet.name, facet.place, json.loads(json.dumps(facet.value)))


def test_what_is_wrong_is_found(specification: Specification | Classes) -> None:
    """The checks here can fail."""
    value = dict(facets.output_statistics(rows=3).value)
    assert specification.of_facet("outputStatistics", "output", {**value, "rowCount": "3"})
    if isinstance(specification, Specification):
        assert specification.of_facet("outputStatistics", "input", value)
        assert specification.of_facet("outputStats", "output", value)
        assert specification.of_facet("outputStatistics", "output", {**value, "_producer": "no uri"})
    assert specification.of_facet("governance", "run", {**facets.governance(pii=True).value, "pii": "yes"})
    event = ol.make("START", time=T0, run=APP, job=("n", "a"), run_facets={}, job_facets={})
    assert not specification.of_event(event)
    assert specification.of_event({**event, "eventTime": "yesterday"})
    assert specification.of_event({**event, "run": {"runId": "1", "facets": {}}})
    assert specification.of_event(ol.with_run_facet(event, ol.GOVERNANCE, ol.own_facet(ol.GOVERNANCE, pii="yes")))


@pytest.mark.usefixtures("strict")
def test_whatever_a_function_gets_it_gives_a_facet_or_says_what_is_wrong(
    specification: Specification | Classes,
) -> None:
    troubles, made, refused = [], 0, 0
    for what, call in attempts():
        try:
            facet = call()
        except (TypeError, ValueError) as error:
            refused += 1
            troubles += [f"{what}: {trouble}" for trouble in of_refusal(error)]
        except Exception as error:  # noqa: BLE001 - what must not be
            troubles.append(f"{what}: {type(error).__name__}")
        else:
            made += 1
            value = json.loads(json.dumps(dict(facet.value), allow_nan=False, ensure_ascii=False).encode())
            troubles += [f"{what}: {found}" for found in specification.of_facet(facet.name, facet.place, value)]
    assert not troubles, f"{len(troubles)}:\n" + "\n".join(troubles[:40])
    # Neither is everything taken nor everything refused.
    assert made > 500
    assert refused > 2_000


def of_refusal(error: Exception) -> list[str]:
    """What is wrong with a refusal: it is not ours, or long."""
    raised = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    found = [] if raised.parent.parent.name == "sparklineage" else [f"not ours, but {raised.name}'s: {error}"]
    return [*found, f"{len(str(error))} characters"] if len(str(error)) > 300 else found


@pytest.mark.usefixtures("strict")
def test_a_dataset_takes_facets_alone() -> None:
    for value in values():
        with pytest.raises(TypeError, match=r"is no facet; sparklineage\.facets makes them"):
            Dataset("s3://b", "x").with_facets(value)


def declared(name: str, *described: facets.Facet) -> dict[str, Any]:
    """A dataset as steps.ndjson has it."""
    dataset = Dataset("s3://bucket", name).with_facets(*described)
    return {"namespace": dataset.namespace, "name": dataset.name, "facets": dict(dataset.facets),
            "inputFacets": dict(dataset.input_facets), "outputFacets": dict(dataset.output_facets)}  # fmt: skip


ALL = [facet for facet in (*STANDARD, *OWN, *THEIRS) if facet.place in ("dataset", "input", "output")]
OF_RUNS = {facet.name: dict(facet.value) for facet in (*OWN, *THEIRS) if facet.place == "run"}
OF_JOBS = {facet.name: dict(facet.value) for facet in THEIRS if facet.place == "job"}


def agents(kind: str, time: int) -> dict[str, Any]:
    """A query of the agent's, with the facets that it gives to such a run."""
    read = {"namespace": "s3://bucket", "name": "in", "facets": {"columnLineage": dict(
        facets.column_lineage({"id": [("s3://bucket/in", "id")]}).value)}}  # fmt: skip
    return ol.make(
        kind,
        time=T0 + time,
        run=QUERY,
        job=("ns", "app.q"),
        run_facets={"parent": ol.parent_facet(APP, "ns", "app", ROOT)},
        job_facets={"jobType": ol.job_type_facet("SQL_JOB")},
        inputs=[read],
        outputs=[{**read, "name": "out"}],
    )


def a_step(step: str, start: int, **more: Any) -> dict[str, Any]:
    return {"type": "stepStart", "time": T0 + start, "step": step, "name": f"Step {step[-1]}", **more}


def test_every_event_of_the_relays_is_as_the_schemas_have_it(
    specification: Specification | Classes, tmp_path: Path
) -> None:
    """An application that `submit` started: no word of the agent about it, one about a query in two steps, a step
    that fails, a stream, a function that no query used, and a query that the agent left out."""
    made = folder(
        tmp_path, parent=ROOT | {"root": ROOT}, startedAt=T0, governance={"pii": True, "classification": "internal"}
    )
    add(
        made.witness,
        witnessed("application", 0, runId=APP, applicationId="application_1_0001", host="h", user="u", stepId="s-1",
                  containerId="container_e17_1410901177871_0001_02_000005"),
        *execution(0, 10, 20),
        *execution(1, 30, 40, error="java.io.IOException: no space", stack_trace="at Main"),
        witnessed("jobStart", 31, jobId=1, executionId=1, step=INNER),
        witnessed("jobEnd", 39, jobId=1),
    )  # fmt: skip
    add(made.agent, agents("START", 10), agents("COMPLETE", 20))
    sides = {
        "inputs": [declared("in", *ALL), declared("other")],
        "outputs": [declared("out", *ALL), declared("x", *ALL)],
    }
    add(
        made.steps,
        a_step(OUTER, 5, inputs=sides["inputs"], outputs=[]),
        {"type": "stepDatasets", "time": T0 + 6, "step": OUTER, **sides},
        {"type": "stepFacets", "time": T0 + 7, "step": OUTER, "run": OF_RUNS, "job": OF_JOBS},
        {"type": "stepEnd", "time": T0 + 25, "step": OUTER, "error": None},
        a_step(INNER, 29, inherits=False, **sides),
        {"type": "stepFacets", "time": T0 + 30, "step": INNER, "run": OF_RUNS, "job": OF_JOBS},
        {"type": "stepEnd", "time": T0 + 41, "step": INNER, "error": {"type": "E", "message": "m", "stackTrace": "t"}},
        a_step(STREAM, 50, stream="q", **sides),
        {"type": "stepProgress", "time": T0 + 55, "step": STREAM},
        {
            "type": "function",
            "kind": "function",
            "name": "Rate",
            "time": T0 + 2,
            "inputs": [declared("rate", *ALL)],
            "outputs": [],
        },
    )
    outcome(made, "FAIL", message="exit status 1")
    Follower(made, surroundings=Surroundings(cluster={"platform": "emr", "clusterId": "j-1"})).finish()
    events = [json.loads(line) for line in made.events.read_text(encoding="utf-8").splitlines()]
    assert {(event["job"]["name"], event["eventType"]) for event in events} >= {
        ("app", "START"), ("app", "FAIL"), ("app.q", "COMPLETE"), ("app.step_1", "FAIL"), ("app.step_2", "RUNNING"),
        ("app.rate", "COMPLETE"),
    }  # fmt: skip
    told = {name for event in events for name, _, _ in facets_of(event)}
    assert told >= {facet.name for facet in ALL} | OF_RUNS.keys() | OF_JOBS.keys() | {
        ol.DECLARED, ol.EXECUTION, ol.CLUSTER, ol.GOVERNANCE, "parent", "jobType", "errorMessage",
    }  # fmt: skip
    for event in events:
        assert not specification.of_event(event)


def test_every_event_of_a_step_without_a_journal_is_as_the_schemas_have_it(
    specification: Specification | Classes,
) -> None:
    sent: list[ol.Event] = []
    who = Who(namespace="ns", job="app", parent=ol.parent_facet(APP, "ns", "app", ROOT))
    way = Direct(who=who, emitter=cast("Any", SimpleNamespace(put=sent.append)), place="a test")
    driver = SimpleNamespace(
        direct=way, is_inert=False, is_remote=False, folder=None, step=lambda: None, set_step=lambda _: None
    )
    step = StepRecord(cast("Any", driver), "Load Rates", {})
    dataset = Dataset.of("s3://bucket/x").with_facets(*ALL)
    step.start([dataset], [])
    step.declare([], [dataset])
    step.describe([facet for facet in (*OWN, *THEIRS) if facet.place in ("run", "job")])
    step.end(ValueError("no such rate"))
    assert [event["eventType"] for event in sent] == ["START", "RUNNING", "FAIL"]
    for event in json.loads(json.dumps(sent)):
        assert not specification.of_event(event)


def test_the_parts_of_a_dataset_are_told_as_the_schemas_have_it(specification: Specification | Classes) -> None:
    found = Dataset.of("s3://b/in/2026-11-21").joined(Dataset.of("s3://b/in/2026-11-22"))
    problems = [
        problem
        for place, described in (("input", found.input_facets), ("output", found.output_facets))
        for problem in specification.of_facet("subset", place, described["subset"])
    ]
    assert problems == []
