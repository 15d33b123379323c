"""Tests of lineage: the real agent in a local session of a test run, and what it saw as values to assert on.

The plugin of pytest, with the fixtures `lineage`, `lineage_spark` and `lineage_conf`, is `sparklineage.testing.plugin`.
Everything here is loaded at first use: a test run without these fixtures pays nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sparklineage.testing.conf import spark_conf
    from sparklineage.testing.values import Columns, Datasets
    from sparklineage.testing.view import Lineage, Run

__all__ = ["Columns", "Datasets", "Lineage", "Run", "spark_conf"]

_LAZY = {
    "Columns": "sparklineage.testing.values.Columns",
    "Datasets": "sparklineage.testing.values.Datasets",
    "Lineage": "sparklineage.testing.view.Lineage",
    "Run": "sparklineage.testing.view.Run",
    "spark_conf": "sparklineage.testing.conf.spark_conf",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _LAZY[name].rpartition(".")
    return getattr(import_module(module), attribute)
