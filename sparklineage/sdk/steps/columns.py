"""Column lineage of a step, whose datasets may be named as they were declared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

from sparklineage.facets.check import each, text
from sparklineage.facets.columns import column_lineage
from sparklineage.model.dataset import Dataset, DatasetLike, dataset_of, described
from sparklineage.model.lenient import is_told
from sparklineage.model.uri_credentials import text_without_credentials
from sparklineage.model.warning import text_of

Column = Union[str, "tuple[DatasetLike, str]"]
"""`dataset.column`, or the dataset and the name of its column."""
Columns = Mapping[Any, Iterable[Column]]
"""From columns of outputs, each a `Column`, to those they are made from. A dict of texts is no mapping of `Column`."""
_LONGEST = 10_000
"""Characters of a name that are looked at for a message."""


def with_columns(
    columns: Columns,
    inputs: Iterable[Dataset],
    outputs: Iterable[Dataset],
    transformation: Mapping[str, Any] | None = None,
    *,
    warn: Callable[[Exception], None],
) -> list[Dataset]:
    """The outputs that `columns` names, each with its `columnLineage` facet.

    Raises ValueError where `columns` is no mapping. `warn` is told of a column that is left out by itself, or raises.
    """
    if not isinstance(columns, Mapping):
        given = type(columns).__name__
        raise ValueError(f"the columns are {{'output.column': ['input.column', …]}}, and not a {given}")
    read, written = list(inputs), list(outputs)
    found: dict[Dataset, dict[str, list[tuple[Dataset, str]]]] = {}
    for target, sources in columns.items():
        try:
            dataset, name = _column(target, written, "outputs")
            listed = [sources] if isinstance(sources, str) else each("what it is made from", sources)
            fields = [_column(source, read, "inputs") for source in listed]
        except Exception as error:  # noqa: BLE001 - the others are not to suffer from it
            warn(_about(target, error))
        else:
            found.setdefault(dataset, {})[name] = fields
    return [
        described(Dataset(dataset.namespace, dataset.name), column_lineage(fields, transformation=transformation))
        for dataset, fields in found.items()
    ]


def _about(target: object, error: Exception) -> Exception:
    """The error of one column, which names it; of a dataset that was told already it stays the same."""
    if is_told(error):
        return error
    name = target[1] if isinstance(target, (tuple, list)) and len(target) == 2 else target
    called = (
        repr(text_without_credentials(name[:_LONGEST])[:100])
        if isinstance(name, str)
        else f"of the type {type(name).__name__}"
    )
    return (TypeError if isinstance(error, TypeError) else ValueError)(f"column {called} is left out: {text_of(error)}")


def _column(column: Any, declared: list[Dataset], side: str) -> tuple[Dataset, str]:
    if isinstance(column, (tuple, list)) and len(column) == 2 and isinstance(column[1], str):
        given, name = column
        return (_declared(given, declared, side) if isinstance(given, str) else dataset_of(given)), text("column", name)
    if isinstance(column, str):
        given, dot, name = column.rpartition(".")
        if dot and given and name:
            return _declared(given, declared, side), text("column", name)
    raise ValueError("a column is 'dataset.column' or (dataset, 'column')")


def _declared(given: str, declared: list[Dataset], side: str) -> Dataset:
    names: dict[str, list[Dataset]] = {}
    for dataset in declared:
        for name in (re.split(r"[/.]", dataset.name)[-1], dataset.name, dataset.uri):
            names.setdefault(name, []).append(dataset)
    found = names.get(given, [])
    if len(set(found)) == 1:
        return found[0]
    if found:
        raise ValueError(f"{given!r} are several of the step's {side}; write its URI")
    try:
        return dataset_of(given)
    except ValueError:
        close = difflib.get_close_matches(given, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; declare it among the step's {side} or write its URI"
        raise ValueError(f"{given[:100]!r} is none of the step's {side}{hint}") from None
