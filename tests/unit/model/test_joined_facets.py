"""Column lineage that the agent tells and that is declared: nothing of either is lost."""

from __future__ import annotations

from typing import Any

from sparklineage.model.facet_join import joined_facets


def _source(field: str, *kinds: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"namespace": "file", "name": "/src", "field": field, **more}
    if kinds:
        found["transformations"] = [{"type": kind, "subtype": ""} for kind in kinds]
    return found


def _lineage(*dataset: dict[str, Any], **fields: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"fields": {name: {"inputFields": sources} for name, sources in fields.items()}}
    return {"columnLineage": {**found, "dataset": list(dataset)} if dataset else found}


def test_a_source_that_is_declared_too_keeps_how_the_agent_saw_it_used() -> None:
    joined = joined_facets(_lineage(v=[_source("v", "DIRECT")]), _lineage(v=[_source("v")]))
    assert joined == _lineage(v=[_source("v", "DIRECT")])


def test_transformations_of_both_are_told_once_each() -> None:
    joined = joined_facets(
        _lineage(v=[_source("v", "DIRECT", "INDIRECT")]), _lineage(v=[_source("v", "INDIRECT", "OTHER")])
    )
    assert joined == _lineage(v=[_source("v", "DIRECT", "INDIRECT", "OTHER")])


def test_what_the_whole_dataset_depends_on_is_kept_of_both() -> None:
    agents, ours = _lineage(_source("v", "FILTER"), v=[]), _lineage(_source("flag", "FILTER"), v=[])
    assert joined_facets(agents, ours) == _lineage(_source("v", "FILTER"), _source("flag", "FILTER"), v=[])
    assert joined_facets(agents, _lineage(v=[])) == agents
    assert joined_facets(_lineage(v=[]), ours) == ours


def test_damaged_lists_are_passed_over() -> None:
    joined = joined_facets({"columnLineage": {"fields": {"v": {"inputFields": "x"}}, "dataset": 3}}, _lineage(v=["y"]))  # type: ignore[list-item]
    assert joined == {"columnLineage": {"fields": {"v": {"inputFields": []}}, "dataset": []}}


def _subset(*names: str, **more: Any) -> dict[str, Any]:
    return {"subset": {"inputCondition": {"type": "location", "locations": list(names)}, **more}}


def test_the_parts_of_a_dataset_are_told_together() -> None:
    joined = joined_facets(_subset("in/day=1"), _subset("in/day=2", _producer="us"))
    assert joined == _subset("in/day=1", "in/day=2", _producer="us")
    # A condition of another kind is not ours to join: the second counts.
    other = {"subset": {"inputCondition": {"type": "partition", "partitions": []}}}
    assert joined_facets(_subset("in/day=1"), other) == other
