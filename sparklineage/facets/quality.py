"""What was measured of a dataset that was read, and which tests it passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.facets.check import count, number, text
from sparklineage.model.facet import Facet, standard

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = {"null_count": "nullCount", "distinct_count": "distinctCount"}
_NUMBERS = ("sum", "count", "min", "max")


def data_quality_metrics(
    columns: Mapping[str, Mapping[str, Any]] | None = None, *, rows: int | None = None, size: int | None = None,
    files: int | None = None,
) -> Facet:  # fmt: skip
    """`dataQualityMetrics` of an input.

    `columns` has for each column any of `null_count`, `distinct_count`, `sum`, `count`, `min`, `max` and `quantiles`
    (a mapping such as {0.5: 12.0}).
    """
    metrics = {text("column", name): _metrics(name, found) for name, found in (columns or {}).items()}
    return standard(
        "dataQualityMetrics",
        "input",
        "1-0-3/DataQualityMetricsInputDatasetFacet",
        rowCount=count("rows", rows),
        bytes=count("size", size),
        fileCount=count("files", files),
        columnMetrics=metrics,
    )


def assertion(
    name: str, success: bool, *, column: str | None = None, severity: str | None = None, expected: Any = None,
    actual: Any = None, description: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One test for `data_quality_assertions`, such as assertion("not_null", True, column="id")."""
    if not isinstance(success, bool):
        raise TypeError(f"success is True or False, and this is a {type(success).__name__}")
    found = {
        "assertion": text("name", name),
        "success": success,
        "column": column,
        "severity": severity,
        "expected": None if expected is None else str(expected),
        "actual": None if actual is None else str(actual),
        "description": description,
    }
    return {key: value for key, value in found.items() if value is not None}


def data_quality_assertions(*assertions: Mapping[str, Any]) -> Facet:
    """`dataQualityAssertions` of an input: what `assertion` returned, one for each test."""
    if not assertions:
        raise ValueError("assertions is empty")
    for found in assertions:
        text("assertion", found.get("assertion"))
        if not isinstance(found.get("success"), bool):
            raise TypeError("an assertion says success=True or False; make it with facets.assertion")
    return standard(
        "dataQualityAssertions",
        "input",
        "1-1-0/DataQualityAssertionsDatasetFacet",
        assertions=[dict(found) for found in assertions],
    )


def _metrics(column: str, found: Mapping[str, Any]) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for key, value in found.items():
        where = f"{column}.{key}"
        if key in _COUNTS:
            metrics[_COUNTS[key]] = count(where, value)
        elif key in _NUMBERS:
            metrics[key] = number(where, value)
        elif key == "quantiles":
            metrics[key] = {str(share): number(where, at) for share, at in value.items()}
        else:
            known = ", ".join([*_COUNTS, *_NUMBERS, "quantiles"])
            raise ValueError(f"{where} is no metric; known are {known}")
    return metrics
