"""What was measured of a dataset that was read, and which tests it passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.facets.check import (
    count,
    flag,
    key,
    known_keys,
    measured,
    optional_text,
    pairs,
    plain,
    point,
    short,
    shown,
    text,
)
from sparklineage.model.facet import Facet, standard

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = {"null_count": "nullCount", "distinct_count": "distinctCount"}
_TEXTS = ("column", "severity", "name", "description", "expected", "actual", "content", "contentType")
_NUMBERS = ("sum", "count", "min", "max")


def data_quality_metrics(
    columns: Mapping[str, Mapping[str, Any]] | None = None, *, rows: int | None = None, size: int | None = None,
    files: int | None = None,
) -> Facet:  # fmt: skip
    """`dataQualityMetrics` of an input: of the whole `rows`, `size` in bytes and `files`, and of its columns.

    `columns` has for each column any of `null_count`, `distinct_count`, `sum`, `count`, `min`, `max` and `quantiles`
    (a mapping such as {0.5: 12.0}). Dates and points in time become seconds since 1970 in UTC, for the specification
    takes numbers alone. What is no finite number is left out by itself, with a warning, and a None without one.
    """
    metrics = {key("columns", name): _metrics(f"columns.{name}", found) for name, found in pairs("columns", columns)}
    whole = {"rowCount": count("rows", rows), "bytes": count("size", size), "fileCount": count("files", files)}
    if not metrics and all(value is None for value in whole.values()):
        raise ValueError("data quality metrics without any number; give columns, rows, size or files")
    return standard(
        "dataQualityMetrics",
        "input",
        "1-0-3/DataQualityMetricsInputDatasetFacet",
        **whole,
        columnMetrics=metrics,
    )


def assertion(
    assertion: str, success: bool, *, column: str | None = None, severity: str | None = None, expected: Any = None,
    actual: Any = None, name: str | None = None, description: str | None = None, content: str | None = None,
    content_type: str | None = None, params: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One test for `data_quality_assertions`, such as assertion("not_null", True, column="id").

    `assertion` is its kind, `name` its own name. `content` is what it runs, such as a query, in the language
    `content_type` (`sql`, `json`, `expression`), with `params`.
    """
    found = {
        "assertion": text("assertion", assertion),
        "success": flag("success", success),
        "column": optional_text("column", column),
        "severity": optional_text("severity", severity),
        "expected": None if expected is None else shown("expected", expected),
        "actual": None if actual is None else shown("actual", actual),
        "name": optional_text("name", name),
        "description": optional_text("description", description),
        "content": optional_text("content", content),
        "contentType": optional_text("content_type", content_type),
        "params": None if params is None else plain("params", dict(pairs("params", params))),
    }
    return {field: value for field, value in found.items() if value is not None}


def data_quality_assertions(*assertions: Mapping[str, Any]) -> Facet:
    """`dataQualityAssertions` of an input: what `assertion` returned, one for each test."""
    if not assertions:
        raise ValueError("assertions is empty")
    return standard(
        "dataQualityAssertions",
        "input",
        "1-1-0/DataQualityAssertionsDatasetFacet",
        assertions=[_assertion(found) for found in assertions],
    )


def _assertion(said: Any) -> dict[str, Any]:
    """A test that `assertion` has made, or anybody else in the specification's words."""
    found: dict[str, Any] = plain("assertion", dict(pairs("assertion", said)))
    known_keys("assertion", found, ("assertion", "success", "params", *_TEXTS))
    if not isinstance(found.get("success"), bool):
        raise TypeError("an assertion says success=True or False; make it with facets.assertion")
    text("assertion", found.get("assertion"))
    for name in _TEXTS:
        if name in found:
            text(f"assertion.{name}", found[name])
    if "params" in found:
        pairs("assertion.params", found["params"])
    return found


def _metrics(column: str, found: Mapping[str, Any]) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for name, value in pairs(column, found):
        where = f"{column}.{name}"
        if name in _COUNTS:
            if (counted := count(where, value)) is not None:
                metrics[_COUNTS[name]] = counted
        elif name in _NUMBERS:
            metrics |= _measured(column, {name: value})
        elif name == "quantiles":
            metrics[name] = _measured(where, {shown(where, share): at for share, at in pairs(where, value)})
        else:
            known = ", ".join([*_COUNTS, *_NUMBERS, "quantiles"])
            raise ValueError(f"{short(where)} is no metric; known are {known}")
    return metrics


def _measured(name: str, found: Mapping[str, Any]) -> dict[str, int | float]:
    return measured(name, ((called, value) for called, value in found.items() if value is not None), point)
