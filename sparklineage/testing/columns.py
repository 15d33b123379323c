"""The columns of what was written: which there are, and what each is made of."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model import explicit_lineage
from sparklineage.model.dataset import Dataset
from sparklineage.testing.values import Column, Columns, Datasets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.model.event import Event

_MOST = 20


def column_lineage(events: Iterable[Event]) -> dict[Column, list[dict[str, Any]]]:
    """Every column of the outputs whose sources are known, with its `inputFields`; explicit edges are such, too."""
    found: dict[Column, list[dict[str, Any]]] = {}
    edges: dict[Column, list[dict[str, Any]]] = {}
    for event in events:
        for output in ol.datasets(event, "outputs"):
            for name, field in (_facet(output, "columnLineage").get("fields") or {}).items():
                found[Column(dataset_of_event(output), name)] = field.get("inputFields") or []
        for entry in explicit_lineage.entries(ol.job_facets(event).get(explicit_lineage.NAME)):
            for name, field in (entry.get("fields") or {}).items():
                sources = [source for source in field.get("inputs") or () if "field" in source]
                edges[Column(dataset_of_event(entry), name)] = sources
    for column, sources in edges.items():
        listed = found.get(column, [])
        known = {(item.get("namespace"), item.get("name"), item.get("field")) for item in listed}
        found[column] = [
            *listed,
            *(item for item in sources if (item.get("namespace"), item.get("name"), item.get("field")) not in known),
        ]
    return found


def sources_of(column: str, events: Iterable[Event]) -> Columns:
    """The input columns that a column of an output is made of.

    Raises LookupError, with what there is, where no output has such a column; one whose columns nobody knows may.
    """
    __tracebackhide__ = True
    events = list(events)
    lineage = column_lineage(events)
    outputs = {dataset_of_event(output) for event in events for output in ol.datasets(event, "outputs")}
    known = Columns([*lineage, *_of_schemas(events)])
    unknown = Datasets(outputs - {each.dataset for each in known})
    if not known.named(column) and not unknown.named(column.rpartition(".")[0]):
        raise LookupError(_missing(column, known))
    return Columns(
        Column(dataset_of_event(item), str(item.get("field")))
        for target, items in lineage.items()
        if Columns([target]).named(column)
        for item in items
    )


def dataset_of_event(item: dict[str, Any]) -> Dataset:
    """The dataset of which an event tells so."""
    return Dataset(str(item.get("namespace")), str(item.get("name")))


def _of_schemas(events: Iterable[Event]) -> Iterable[Column]:
    for event in events:
        for output in ol.datasets(event, "outputs"):
            for field in _facet(output, "schema").get("fields") or ():
                yield Column(dataset_of_event(output), str(field.get("name")))


def _facet(item: dict[str, Any], name: str) -> dict[str, Any]:
    return (item.get("facets") or {}).get(name) or {}


def _missing(column: str, known: Columns) -> str:
    size = column.count("/") + 1
    texts = [known.text(each) for each in known]
    close = difflib.get_close_matches(column, ["/".join(text.split("/")[-size:]) for text in texts], n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    listed = "\n".join(f"  {text}" for text in texts[:_MOST]) or "  none"
    return f"no output has a column {column!r}.{hint} The columns of the outputs are:\n{listed}"
