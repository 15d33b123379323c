"""Every facet of `sparklineage.facets`, with the least, the most and what else its arguments allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from openlineage.client.facet_v2 import column_lineage_dataset, job_type_job
from pyspark.sql import types as spark

from sparklineage import Dataset, facets

FLIGHTS = "s3://bucket/flights"
ORDERS = Dataset("postgres://db:5432", "shop.public.orders")
PASSWORD = "canary-5up3r"
NESTED = spark.StructType(
    [
        spark.StructField("id", spark.LongType(), False, {"comment": "of the flight"}),
        spark.StructField("price", spark.DecimalType(10, 2)),
        spark.StructField("at", spark.TimestampNTZType()),
        spark.StructField("legs", spark.ArrayType(spark.StructType([spark.StructField("to", spark.StringType())]))),
        spark.StructField("counts", spark.MapType(spark.StringType(), spark.ArrayType(spark.IntegerType()))),
    ]
)


@dataclass
class Cost:
    center: str
    amount: float | None = None
    parts: tuple[Cost, ...] = ()


STANDARD = [
    facets.data_source("postgres", f"postgresql://user:{PASSWORD}@db:5432/shop"),
    facets.data_source("files", "file:///data/my flights/übersicht"),
    facets.data_source("postgres"),
    facets.version(7),
    facets.version("v1"),
    facets.lifecycle_state("overwrite"),
    facets.lifecycle_state("RENAME", previous=("file", "/old")),
    facets.output_statistics(rows=3, size=0),
    facets.output_statistics(rows=2**63 - 1, size=np.int64(7), files=np.uint8(1)),
    facets.input_statistics(rows=np.int64(3), files=1),
    facets.data_quality_metrics(files=0),
    facets.data_quality_metrics({}, rows=10),
    facets.data_quality_metrics(
        {
            "delay": {
                "null_count": 1,
                "distinct_count": None,
                "min": np.float64(-3.5),
                "quantiles": {0.5: 2, "1": 3.0},
            },
            "id": {"sum": 1e300, "count": 3, "max": 10**40},
        },
        rows=10,
        size=5,
        files=2,
    ),
    facets.data_quality_assertions(
        facets.assertion("not_null", True, column="id", severity="error"),
        facets.assertion(
            "row_count", bool(np.bool_(False)), expected=10, actual=Decimal("3.5"), description="enough rows"
        ),
        {"assertion": "fresh", "success": True, "params": {"days": 3, "since": None}},
    ),
    facets.column_lineage(
        {"speed": [(FLIGHTS, "distance"), [("file", "/x"), "air_time"]], "none": []},
        transformation=facets.transformation("aggregation", description="distance / air_time", masking=True),
        dataset=[(ORDERS, "cancelled")],
    ),
    facets.column_lineage({"speed": ((FLIGHTS, name) for name in ("a", "b"))}),
    facets.column_lineage({}, dataset=[(FLIGHTS, "id")], transformation={"type": "INDIRECT", "subtype": "FILTER"}),
    facets.lineage([FLIGHTS, ORDERS]),
    facets.lineage([FLIGHTS], fields={"speed": [(FLIGHTS, "distance")], "none": []}),
    facets.lineage(fields={"speed": [(FLIGHTS, "distance")]}),
    facets.lineage([], transformation=facets.transformation("join")),
    facets.lineage(ORDERS, transformation=facets.transformation("filter", kind="INDIRECT")),
    facets.ownership("team:data", "user:jdoe", type="MAINTAINER"),
    facets.ownership("team:data"),
    facets.tags({"tier": "gold", "pii": True}, field="name"),
    facets.tags({"tier": "gold"}, source="POLICY"),
    facets.documentation("**flights** ✈", content_type="text/markdown"),
    facets.documentation("x" * 10_000),
    facets.symlinks(("hive://metastore:9083", "shop.orders"), FLIGHTS, type="LOCATION"),
    facets.storage("delta", "parquet"),
    facets.storage("delta"),
    facets.schema({"id": "long"}),
    facets.schema({}),
    facets.schema(NESTED),
]
"""Those of the specification."""

OWN = [
    facets.governance(pii=True, classification="internal", retention="P5Y", encryption="aes-256"),
    facets.governance(pii=False, place="run"),
    facets.mlflow(run_id="0f"),
    facets.mlflow(
        run_id="0f", experiment_id="7", experiment="delays", model="delays", model_version=3,
        tracking_uri=f"https://me:{PASSWORD}@mlflow.example.com", metrics={"auc": np.float32(0.9), "n": 3},
        parameters={"depth": 6, "since": date(2026, 1, 1), "grid": [1, 2], "none": None},
    ),
    facets.sagemaker(job_name="train-1", job_type="Training", parameters={"depth": 6}, model_uri="s3://b/m"),
    facets.sagemaker(
        job_arn="arn:aws:sagemaker:eu-west-1:123456789012:training-job/t", experiment="e", trial="t",
        trial_component="c", model="m", image="i", metrics={"auc": 0.9},
    ),
]  # fmt: skip
"""Those with a schema in this package."""

THEIRS = [
    facets.custom(
        "acme_cost", {"center": "A1", "of": {"a": [1, 2.5, True, None]}}, schema_url="https://acme.example/c"
    ),
    facets.custom(
        "acme_cost", Cost("A1", parts=(Cost("A2", 2.0),)), place="output", schema_url="https://a.example/c d"
    ),
    facets.custom(
        "acme_cost", {"values": [np.float64(3), np.bool_(True)]}, place="input", schema_url="http://acme.example/c.json"
    ),
    facets.custom("acme_kind", job_type_job.JobTypeJobFacet("BATCH", "SPARK", jobType="COMMAND"), place="job"),
    facets.custom(
        "acme_columns",
        column_lineage_dataset.ColumnLineageDatasetFacet(
            {"a": column_lineage_dataset.Fields([column_lineage_dataset.InputField("n", "x", "b")])}
        ),
    ),
    facets.custom("acme_run", {}, place="run", schema_url="https://acme.example/run.json"),
]
"""Those of somebody else, some under a standard's schema."""
