"""The explicit edges of the facet `lineage`: declared on the dataset that they lead to, told on the job of a run event.

The specification has two forms of the facet. That of a dataset is for events of datasets alone, so an event of a run
carries what was declared as entries of its job's (proposal 'explicit lineage facet', 'One lineage facet per event').
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.version import PRODUCER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = "lineage"
"""The facet's name in both forms."""
_SCHEMA_URL = "https://openlineage.io/spec/facets/1-0-0/LineageFacet.json#/$defs/LineageJobFacet"


def joined_edges(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The edges of two facets, or entries, of one dataset, each once."""
    found = {**first, **second}
    ours, theirs = first.get("inputs"), second.get("inputs")
    if isinstance(ours, list) and isinstance(theirs, list):
        found["inputs"] = _once(ours + theirs)
    ours, theirs = first.get("fields"), second.get("fields")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found["fields"] = {**ours, **theirs}
        for name in ours.keys() & theirs.keys():
            found["fields"][name] = {"inputs": _once([*_listed(ours[name]), *_listed(theirs[name])])}
    return found


def entry_of(dataset: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the facet of a declared dataset says, as an entry of a job's; None where it has none."""
    facet = (dataset.get("facets") or {}).get(NAME)
    if not isinstance(facet, dict):
        return None
    said = {name: facet[name] for name in ("inputs", "fields") if name in facet}
    return {"namespace": dataset["namespace"], "name": dataset["name"], "type": "DATASET", **said}


def entries(facet: Any) -> list[dict[str, Any]]:
    """Those of the facet of a job, which may be missing."""
    return _listed(facet, "entries")


def with_entries(facet: Any, more: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The facet of a job, or nothing, with more entries."""
    present = facet if isinstance(facet, dict) else {}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in (*entries(present), *more):
        key = tuple(str(entry.get(part)) for part in ("type", "namespace", "name", "runId"))
        found[key] = joined_edges(found[key], entry) if key in found else dict(entry)
    return {"_producer": PRODUCER, "_schemaURL": _SCHEMA_URL, **present, "entries": list(found.values())}


def sources(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The datasets that an entry names as sources, as (namespace, name)."""
    fields = entry.get("fields")
    said = [entry, *fields.values()] if isinstance(fields, dict) else [entry]
    for source in (source for part in said for source in _listed(part)):
        if source.get("type") == "DATASET":
            yield str(source.get("namespace")), str(source.get("name"))


def _listed(part: Any, name: str = "inputs") -> list[dict[str, Any]]:
    found = part.get(name) if isinstance(part, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _once(items: list[Any]) -> list[Any]:
    return [item for number, item in enumerate(items) if item not in items[:number]]
