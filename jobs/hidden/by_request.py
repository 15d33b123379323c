"""A REST API that the driver asks: the helper that asks says so, wherever it is called from."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from pyspark.sql import SparkSession

import sparklineage
from sparklineage import datasets, facets


def run(spark: SparkSession, out: Path, api: str) -> None:
    """What the API answers, as a table, with the columns that each column of it comes from."""
    source = datasets.http(f"{api}/airlines").with_facets(
        facets.documentation("carriers and their names"),
        # Marquez drops the lineage of columns whose input has no schema, and Spark does not see this one.
        facets.schema({"carrier": "string", "name": "string"}),
    )

    @sparklineage.reads(source)
    def fetch() -> list[dict[str, str]]:
        with urllib.request.urlopen(f"{api}/airlines", timeout=10) as answer:  # noqa: S310 - http as configured
            found: list[dict[str, str]] = json.load(answer)
        return found

    target = out / "airlines"
    with sparklineage.step(spark, "airlines", outputs=[target]) as step:
        airlines = spark.createDataFrame([(row["carrier"], row["name"]) for row in fetch()], "code string, name string")
        airlines.write.mode("overwrite").parquet(str(target))
        step.column_lineage({(target, "code"): [(source, "carrier")], (target, "name"): [(source, "name")]})


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_request").getOrCreate(), Path(sys.argv[1]).absolute(), sys.argv[2])
