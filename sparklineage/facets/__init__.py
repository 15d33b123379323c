"""Facets to declare with a dataset or a step; each function returns one `Facet`.

    import sparklineage
    from sparklineage import facets

    orders = sparklineage.Dataset.of("s3://shop/orders").with_facets(
        facets.documentation("one line an order"), facets.ownership("team:data")
    )

Names and fields are those of the OpenLineage specification; what it does not know (governance, SageMaker, MLflow) has
a schema of its own in this package. No function raises, unless a step is open that is strict: a bad value is one
warning of the logger `sparklineage`, and what is returned is left out wherever it is declared. Credentials of addresses
and of connection strings are hidden, in whichever text of a facet they stand.
"""

from __future__ import annotations

from sparklineage.facets.columns import column_lineage, lineage, transformation
from sparklineage.facets.custom import custom
from sparklineage.facets.dataset import (
    data_source,
    documentation,
    lifecycle_state,
    ownership,
    storage,
    symlinks,
    tags,
    version,
)
from sparklineage.facets.experiment import mlflow, sagemaker
from sparklineage.facets.governed import governance
from sparklineage.facets.quality import assertion, data_quality_assertions, data_quality_metrics
from sparklineage.facets.spark_schema import schema
from sparklineage.facets.statistics import input_statistics, output_statistics
from sparklineage.model.facet import Facet, NoFacet, NoPart
from sparklineage.model.lenient import lenient

__all__ = [
    "Facet",
    "assertion",
    "column_lineage",
    "custom",
    "data_quality_assertions",
    "data_quality_metrics",
    "data_source",
    "documentation",
    "governance",
    "input_statistics",
    "lifecycle_state",
    "lineage",
    "mlflow",
    "output_statistics",
    "ownership",
    "sagemaker",
    "schema",
    "storage",
    "symlinks",
    "tags",
    "transformation",
    "version",
]

_PARTS = ("assertion", "transformation")

_INSTEAD = {"bytes": "size", "rowCount": "rows", "fileCount": "files"}
"""The specification's own words, where an argument is called otherwise."""

for _name in __all__:
    if _name != "Facet":
        _nothing = NoPart if _name in _PARTS else NoFacet.of
        globals()[_name] = lenient(_nothing, f"facets.{_name}", _INSTEAD)(globals()[_name])
