"""Which columns come from which: column lineage, and the explicit edges of the `lineage` facet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from sparklineage.facets.check import each, flag, known_keys, one_of, pairs, plain, text
from sparklineage.model.dataset import Dataset, dataset_of, is_one_dataset
from sparklineage.model.facet import Facet, standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.model.dataset import DatasetLike, DatasetsLike

Column = Union["tuple[DatasetLike, str]", "list[Any]"]
"""A dataset and the name of its column."""
_KINDS = {
    "DIRECT": ("IDENTITY", "TRANSFORMATION", "AGGREGATION"),
    "INDIRECT": ("JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"),
}


def transformation(
    subtype: str | None = None, *, kind: str | None = None, description: str | None = None, masking: bool = False
) -> dict[str, Any]:
    """How a column comes from another, in the specification's words.

    `kind` follows from `subtype`: it is DIRECT where the value itself goes on (IDENTITY, TRANSFORMATION, AGGREGATION),
    and INDIRECT where it is only looked at (JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL). A subtype of your own
    is DIRECT unless `kind` says otherwise. Without a subtype it is TRANSFORMATION, or of the kind INDIRECT none.
    """
    chosen = None if kind is None else one_of("kind", kind, tuple(_KINDS))
    called = None if subtype is None else text("subtype", subtype).upper()
    if called is None and chosen != "INDIRECT":
        called = "TRANSFORMATION"
    known = next((name for name, subtypes in _KINDS.items() if called in subtypes), None)
    if chosen is not None and known is not None and chosen != known:
        raise ValueError(
            f"kind is {chosen}, and the subtype {called} is {known}; leave kind out, or name another subtype"
        )
    found: dict[str, Any] = {"type": chosen or known or "DIRECT"}
    if called is not None:
        found["subtype"] = called
    found["masking"] = flag("masking", masking)
    return {**found, "description": text("description", description)} if description is not None else found


def column_lineage(
    columns: Mapping[str, Iterable[Column]],
    *,
    transformation: Mapping[str, Any] | None = None,
    dataset: Iterable[Column] = (),
) -> Facet:
    """`columnLineage` of an output: for each of its columns the input columns that it is made from.

        facets.column_lineage({"delay": [("s3://bucket/flights", "dep_delay"), ("s3://bucket/flights", "arr_delay")]})

    `dataset` has columns on which the whole output depends, as those of a filter do.
    """
    how = [_how(transformation)] if transformation is not None else None
    fields = {
        text("column", name): {"inputFields": _inputs(f"columns.{name}", sources, how)}
        for name, sources in pairs("columns", columns)
    }
    whole = _inputs("dataset", dataset, how) or None
    if not fields and whole is None:
        raise ValueError("columns is empty")
    return standard("columnLineage", "dataset", "1-2-0/ColumnLineageDatasetFacet", fields=fields, dataset=whole)


def lineage(
    inputs: DatasetsLike | None = None,
    *,
    fields: Mapping[str, Iterable[Column]] | None = None,
    transformation: Mapping[str, Any] | None = None,
) -> Facet:
    """`lineage` of a dataset: explicit edges from the datasets, and the columns, that it is made from.

        datasets.s3("bucket", "delays").with_facets(facets.lineage(["s3://bucket/flights"]))

    The newest way of the specification (facet 1-0-0). It says that these inputs, and not all of the run's, feed it; an
    empty list that nothing does. The event of a run has it as an entry of its job's facet `lineage`, as the
    specification wants it there, and each source among its inputs. `transformation` is what
    `facets.transformation` returns, of all sources.
    """
    how = {"transformations": [_how(transformation)]} if transformation is not None else {}
    given = (inputs,) if is_one_dataset(inputs) else inputs
    sources = [_source(dataset_of(item)) | how for item in each("inputs", given)] if given is not None else None
    entries = {
        text("field", name): {
            "inputs": [
                _source(dataset) | {"field": field} | how
                for dataset, field in map(_column, each(f"fields.{name}", found))
            ]
        }
        for name, found in pairs("fields", fields)
    }
    if sources is None and not entries:
        raise ValueError("give inputs, fields or both")
    return standard(
        "lineage", "dataset", "1-0-0/LineageFacet#LineageDatasetFacet", inputs=sources, fields=entries or None
    )


def _source(dataset: Dataset) -> dict[str, Any]:
    return {"namespace": dataset.namespace, "name": dataset.name, "type": "DATASET"}


def _how(said: Any) -> dict[str, Any]:
    """A transformation that `transformation` has made, or anybody else."""
    found: dict[str, Any] = plain("transformation", dict(pairs("transformation", said)))
    known_keys("transformation", found, ("type", "subtype", "description", "masking"))
    if "type" not in found:
        raise ValueError("a transformation has a type; make it with facets.transformation")
    for name in ("type", "subtype", "description"):
        if name in found:
            text(f"transformation.{name}", found[name])
    if "masking" in found:
        flag("transformation.masking", found["masking"])
    return found


def _inputs(name: str, sources: Iterable[Column], how: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    found = []
    for dataset, field in map(_column, each(name, sources)):
        entry: dict[str, Any] = {"namespace": dataset.namespace, "name": dataset.name, "field": field}
        found.append({**entry, "transformations": how} if how else entry)
    return found


def _column(column: Any) -> tuple[Dataset, str]:
    if not isinstance(column, (tuple, list)) or len(column) != 2:
        raise ValueError("a column is (dataset, name), such as ('s3://bucket/key', 'id')")
    return dataset_of(column[0]), text("column", column[1])
