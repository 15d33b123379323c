"""Datasets and facets as the journal keeps them, if a backend takes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset, DatasetLike, dataset_of
from sparklineage.model.lenient import Placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST = 4_096
"""Characters of a dataset's namespace or name; a longer one is a mistake, and no backend takes it."""
_LARGEST_FACET = 1 << 20
"""Bytes of a facet as JSON; a larger one is data, and would be sent with every event of the run."""


def _raise(error: Exception) -> None:
    raise error


def checked_dataset(value: DatasetLike, refuse: Callable[[Exception], None] = _raise) -> Dataset:
    """The dataset that is meant, without those of its facets of which `refuse` is told what is wrong.

    Raises ValueError where it is no dataset, or one that no backend takes.
    """
    dataset = dataset_of(value)
    if max(len(dataset.namespace), len(dataset.name)) > _LONGEST:
        raise ValueError(f"a dataset's name has more than {_LONGEST} characters")
    if not (dataset.facets or dataset.input_facets or dataset.output_facets):
        return dataset
    sides = [
        _checked_facets(facets, refuse) for facets in (dataset.facets, dataset.input_facets, dataset.output_facets)
    ]
    return Dataset(dataset.namespace, dataset.name, *sides)


def _checked_facets(facets: Mapping[str, Any], refuse: Callable[[Exception], None]) -> dict[str, Any]:
    found = {}
    for name, value in facets.items():
        try:
            if isinstance(value, Placeholder):
                raise value.error
            if name:
                found[name] = checked_facet(name, value)
        except Exception as error:  # noqa: BLE001 - the job goes on
            refuse(error)
    return found


def checked_facet(name: str, value: Any) -> Any:
    """The value as JSON has it, where it can be sent: nothing in it is the job's own object any more.

    Raises what json raises, and ValueError for one that is too large or has a number that is not finite.
    """
    try:
        text = json.dumps({name: value}, default=str, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"the facet {name[:100]} is no JSON: {error}") from None
    if len(text) > _LARGEST_FACET:
        raise ValueError(f"the facet {name[:100]} has more than {_LARGEST_FACET >> 20} MiB of JSON")
    return next(iter(json.loads(text).values()))


def dataset_record(dataset: Dataset) -> dict[str, Any]:
    """The dataset as the journal keeps it. Raises TypeError or ValueError for facets that are no JSON."""
    record: dict[str, Any] = {"namespace": dataset.namespace, "name": dataset.name}
    named = (("facets", dataset.facets), ("inputFacets", dataset.input_facets), ("outputFacets", dataset.output_facets))
    found = {place: {name: value for name, value in facets.items() if name} for place, facets in named if facets}
    if found:
        json.dumps(found, default=str)
    return record | found
