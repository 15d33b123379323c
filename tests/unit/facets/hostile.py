"""Every argument of every function of `sparklineage.facets`, with everything that it is not meant to get."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
from pyspark.sql import types as spark

from sparklineage import facets

FLIGHTS = ("s3://bucket", "flights")


class Exploding:
    """As a closed connection behaves: everything that it is asked for raises."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("closed")

    __str__ = __repr__ = __iter__ = __len__ = __index__ = __float__ = __bool__ = __eq__ = __getitem__ = _raise
    __hash__ = None  # type: ignore[assignment]


class Items(Exploding):
    items = item = jsonValue = Exploding._raise  # noqa: N815 - Spark's name


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


def _circle() -> Any:
    value: dict[str, Any] = {"a": []}
    value["a"].append(value)
    return value


def values() -> list[Any]:
    """Made anew at each call: some can be read once."""
    return [
        None, True, False, 0, -1, 3, 2**63, 10**400, 10**5000, 3.5, math.nan, math.inf, -math.inf, 1j, Decimal("NaN"),
        Decimal(1), Fraction(1, 3), "", " ", "x", "\0", "\ud800", "x" * 100_000, "http://", "http://a b", b"x",
        bytearray(b"x"),
        [], [None], [3], ["x"], [[]], ["x", "y"], (1, 2), ("a",), {"x"}, iter([3]), (at for at in range(3)),
        [FLIGHTS], [(FLIGHTS, "id")], [(FLIGHTS, 3)], [(FLIGHTS, "\ud800")], [("x", "y")],
        {}, {"x": None}, {"x": 3}, {"x": "y"}, {"x": math.nan}, {"x": [3]}, {"x": {}}, {"x": {"y": 3}}, {3: 3},
        {None: "x"}, {"": "x"}, {"\ud800": "x"}, {"x": "\ud800"}, {"x": object()}, {"y" * 100_000: object()},
        {"x": {"null_count": -1}}, {"x": {"quantiles": 3}}, {"x": {"quantiles": {"x": "y"}}},
        {"type": 3}, {"type": "DIRECT", "masking": "no"}, {"type": "struct", "fields": 3},
        {"assertion": "a", "success": True, "column": 3}, {"assertion": "a", "success": True, "params": 3},
        {"_producer": 3}, {"_schemaURL": 3}, {"_producer": "x y"}, _nested(500), _circle(),
        object(), object, int, dict, str, len, lambda: 3, MagicMock(), facets.Facet, spark.StructType, spark.LongType(),
        dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), dt.timedelta(1), np.float64("nan"), np.array([1, 2]),
        np.array(7), np.bool_(True), np.datetime64("2026-01-01"), pd.Series([1, 2]), pd.Series({"x": "y"}),
        pd.DataFrame({"x": [1]}), pd.NaT, pd.NA, Exploding(), Items(), {"x": Exploding()}, [Exploding()],
    ]  # fmt: skip


_FUNCTIONS: dict[Callable[..., facets.Facet], dict[str, Any]] = {
    facets.data_source: {"name": "n", "uri": "s3://b"},
    facets.version: {"dataset_version": 1},
    facets.lifecycle_state: {"change": "RENAME", "previous": FLIGHTS},
    facets.output_statistics: {"rows": 1, "size": 1, "files": 1},
    facets.input_statistics: {"rows": 1, "size": 1, "files": 1},
    facets.data_quality_metrics: {"columns": {"a": {"min": 1}}, "rows": 1, "size": 1, "files": 1},
    facets.column_lineage: {
        "columns": {"a": [(FLIGHTS, "b")]}, "transformation": facets.transformation(), "dataset": [(FLIGHTS, "b")],
    },
    facets.lineage: {"inputs": [FLIGHTS], "fields": {"a": [(FLIGHTS, "b")]}},
    facets.tags: {"mapping": {"a": "b"}, "field": "f", "source": "USER"},
    facets.documentation: {"description": "d", "content_type": "text/plain"},
    facets.storage: {"storage_layer": "delta", "file_format": "parquet"},
    facets.schema: {"of": {"a": "long"}},
    facets.governance: {"pii": True, "classification": "c", "retention": "r", "encryption": "e", "place": "run"},
    facets.mlflow: {
        "run_id": "1", "experiment_id": "1", "experiment": "e", "model": "m", "model_version": 1, "tracking_uri": "t",
        "metrics": {"a": 1}, "parameters": {"a": 1},
    },
    facets.sagemaker: {
        "job_name": "j", "job_arn": "a", "job_type": "t", "experiment": "e", "trial": "t", "trial_component": "c",
        "model": "m", "model_uri": "s3://b", "image": "i", "metrics": {"a": 1}, "parameters": {"a": 1},
    },
    facets.custom: {"name": "acme_x", "fields": {"a": 1}, "place": "run", "schema_url": "https://acme.example/x"},
    lambda owner, type: facets.ownership("team:a", owner, type=type): {"owner": "o", "type": "t"},  # noqa: A006
    lambda other, type: facets.symlinks(FLIGHTS, other, type=type): {"other": FLIGHTS, "type": "t"},  # noqa: A006
    lambda one, *_: facets.data_quality_assertions(one): {"one": facets.assertion("a", True)},
    lambda **test: facets.data_quality_assertions(facets.assertion(**test)): {
        "assertion": "a", "success": True, "column": "c", "severity": "s", "expected": 1, "actual": 1, "name": "n",
        "description": "d", "content": "c", "content_type": "sql", "params": {"a": 1},
    },
    lambda **how: facets.column_lineage({"a": [(FLIGHTS, "b")]}, transformation=facets.transformation(**how)): {
        "subtype": "s", "kind": "DIRECT", "description": "d", "masking": True,
    },
    lambda sources: facets.column_lineage({"a": sources}): {"sources": [(FLIGHTS, "b")]},
    lambda sources: facets.lineage(fields={"a": sources}): {"sources": [(FLIGHTS, "b")]},
    lambda metrics: facets.data_quality_metrics({"a": metrics}): {"metrics": {"min": 1}},
    lambda **metrics: facets.data_quality_metrics({"a": metrics}): {
        "null_count": 1, "distinct_count": 1, "sum": 1, "count": 1, "min": 1, "max": 1, "quantiles": {0.5: 1},
    },
    lambda value: facets.custom("acme_x", {"a": value}, schema_url="https://acme.example/x"): {"value": 1},
}  # fmt: skip


def attempts() -> Iterator[tuple[str, Callable[[], facets.Facet]]]:
    """What is tried, in words without the value itself, and the call."""
    for number, (function, arguments) in enumerate(_FUNCTIONS.items()):
        for name in arguments:
            for at, value in enumerate(values()):
                called = f"{function.__name__}[{number}] {name}=values()[{at}], a {type(value).__name__}"
                yield called, partial(function, **{**arguments, name: value})
