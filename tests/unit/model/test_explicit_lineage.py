"""Explicit edges: declared on a dataset, told on the job of a run event."""

from __future__ import annotations

from typing import Any

from sparklineage import Dataset, facets
from sparklineage.model import event as ol
from sparklineage.model.facet_join import joined_facets

FLIGHTS, PLANES = Dataset("s3://b", "flights"), Dataset("s3://b", "planes")
DELAYS = Dataset("s3://b", "delays")


def event(**job_facets: Any) -> ol.Event:
    return ol.make("RUNNING", time=0, run="r", job=("n", "j"), run_facets={}, job_facets=job_facets)


def source(dataset: Dataset, **more: Any) -> dict[str, Any]:
    return {"namespace": dataset.namespace, "name": dataset.name, "type": "DATASET", **more}


def told(of: ol.Event, *declared: Dataset, side: str = "outputs") -> ol.Event:
    return ol.with_declared(of, side, [ol.declared(item, "load", side) for item in declared])


def entries(of: ol.Event) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of["job"]["facets"]["lineage"]["entries"]
    return found


def test_an_edge_stands_on_the_job_and_its_source_is_an_input() -> None:
    declared = DELAYS.with_facets(
        facets.documentation("late"), facets.lineage([FLIGHTS], fields={"speed": [(PLANES, "speed")]})
    )
    found = told(event(jobType={}), declared)
    speed = {"inputs": [source(PLANES, field="speed")]}
    assert entries(found) == [source(DELAYS, inputs=[source(FLIGHTS)], fields={"speed": speed})]
    facet = found["job"]["facets"]["lineage"]
    assert facet["_schemaURL"].endswith("/1-0-0/LineageFacet.json#/$defs/LineageJobFacet")
    assert "jobType" in found["job"]["facets"]
    (output,) = found["outputs"]
    assert output["facets"].keys() == {"documentation", ol.DECLARED}
    assert [(item["name"], item["facets"][ol.DECLARED]["step"]) for item in found["inputs"]] == [
        ("flights", "load"), ("planes", "load"),
    ]  # fmt: skip


def test_a_source_that_the_event_names_stays_as_it_is() -> None:
    seen = {"namespace": FLIGHTS.namespace, "name": FLIGHTS.name, "facets": {"schema": {}}}
    found = told({**event(), "inputs": [seen]}, DELAYS.with_facets(facets.lineage(FLIGHTS)))
    assert found["inputs"] == [seen]


def test_what_is_told_again_is_there_once() -> None:
    declared = DELAYS.with_facets(facets.lineage([FLIGHTS], fields={"speed": [(PLANES, "speed")]}))
    once = told(event(), declared)
    assert told(once, declared) == once


def test_edges_of_several_steps_and_of_the_agent_are_all_kept() -> None:
    theirs = {"_producer": "agent", "entries": [source(FLIGHTS, inputs=[]), {"type": "JOB", "inputs": []}]}
    found = told(event(lineage=theirs), DELAYS.with_facets(facets.lineage(FLIGHTS, fields={"a": [(FLIGHTS, "a")]})))
    found = told(found, DELAYS.with_facets(facets.lineage(PLANES, fields={"a": [(PLANES, "b")], "c": []})))
    assert found["job"]["facets"]["lineage"]["_producer"] == "agent"
    first, second, ours = entries(found)
    assert [first, second] == theirs["entries"]
    assert ours["inputs"] == [source(FLIGHTS), source(PLANES)]
    assert ours["fields"] == {
        "a": {"inputs": [source(FLIGHTS, field="a"), source(PLANES, field="b")]},
        "c": {"inputs": []},
    }


def test_an_edge_of_an_input_is_told_too() -> None:
    found = told(event(), PLANES.with_facets(facets.lineage(FLIGHTS)), side="inputs")
    assert entries(found) == [source(PLANES, inputs=[source(FLIGHTS)])]
    assert [item["name"] for item in found["inputs"]] == ["planes", "flights"]


def test_nothing_upstream_and_nothing_said_are_two_things() -> None:
    assert entries(told(event(), DELAYS.with_facets(facets.lineage([])))) == [source(DELAYS, inputs=[])]
    columns = facets.lineage(fields={"a": [(FLIGHTS, "a")]})
    assert entries(told(event(), DELAYS.with_facets(columns))) == [
        source(DELAYS, fields={"a": {"inputs": [source(FLIGHTS, field="a")]}})
    ]


def test_how_a_source_is_used_is_told_with_it() -> None:
    how = facets.transformation("AGGREGATION")
    found = facets.lineage(FLIGHTS, fields={"a": [(FLIGHTS, "a")]}, transformation=how).value
    assert found["inputs"] == [source(FLIGHTS, transformations=[how])]
    assert found["fields"]["a"]["inputs"] == [source(FLIGHTS, field="a", transformations=[how])]


def test_datasets_that_wait_for_an_event_keep_the_edges_of_all() -> None:
    """As those of the batches of a stream do."""
    ours, theirs = ({"lineage": dict(facets.lineage(item).value)} for item in (FLIGHTS, PLANES))
    assert joined_facets(ours, theirs)["lineage"]["inputs"] == [source(FLIGHTS), source(PLANES)]
    waiting = told({"outputs": []}, DELAYS.with_facets(facets.lineage(FLIGHTS)))
    waiting = told(waiting, DELAYS.with_facets(facets.lineage(PLANES)))
    found = ol.with_declared(event(), "outputs", waiting["outputs"])
    assert entries(found) == [source(DELAYS, inputs=[source(FLIGHTS), source(PLANES)])]
