"""Facets of one dataset that are told twice: by the agent and by the job, or by two parts of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.model import explicit_lineage

if TYPE_CHECKING:
    from collections.abc import Mapping


def joined_facets(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The facets of both; of two with one name the second, whose edges, columns and locations add to the first's."""
    found = {**first, **second}
    ours, theirs = first.get("columnLineage"), second.get("columnLineage")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found["columnLineage"] = joined = {**ours, **theirs, "fields": {}}
        for mapping in (ours.get("fields"), theirs.get("fields")):
            for name, value in mapping.items() if isinstance(mapping, dict) else ():
                joined["fields"][name] = _sources(joined["fields"].get(name), value)
        if "dataset" in joined:
            joined["dataset"] = _joined_fields(ours.get("dataset"), theirs.get("dataset"))
    ours, theirs = first.get(explicit_lineage.NAME), second.get(explicit_lineage.NAME)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found[explicit_lineage.NAME] = explicit_lineage.joined_edges(ours, theirs)
    subset = first.get("subset")
    for side in ("inputCondition", "outputCondition"):
        conditions = [item.get(side) if isinstance(item, dict) else None for item in (subset, second.get("subset"))]
        locations = [_locations(condition) for condition in conditions]
        if all(locations):
            joined_locations = list(dict.fromkeys(locations[0] + locations[1]))
            found["subset"] = {**found["subset"], side: {"type": "location", "locations": joined_locations}}
    return found


def _locations(condition: Any) -> list[str]:
    """The parts of a dataset that a run touches, where they are told by their names."""
    found = condition.get("locations") if isinstance(condition, dict) and condition.get("type") == "location" else None
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _sources(known: Any, value: Any) -> Any:
    if not isinstance(known, dict) or not isinstance(value, dict):
        return value
    return {**known, **value, "inputFields": _joined_fields(known.get("inputFields"), value.get("inputFields"))}


def _joined_fields(*lists: Any) -> list[dict[str, Any]]:
    """The input fields of all, each once, with the transformations of all."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in (item for items in lists if isinstance(items, list) for item in items if isinstance(item, dict)):
        key = tuple(str(item.get(part)) for part in ("namespace", "name", "field"))
        known = found.get(key, {})
        found[key] = {**known, **item}
        both = [one.get("transformations") for one in (known, item)]
        transformations = [one for listed in both if isinstance(listed, list) for one in listed]
        if transformations:
            found[key]["transformations"] = [
                one for number, one in enumerate(transformations) if one not in transformations[:number]
            ]
    return list(found.values())
