"""MERGE into a Delta table by a step, with a UDF in its source: argv is the folder to work in."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

import sparklineage

out = sys.argv[1]
spark = SparkSession.builder.getOrCreate()


@sparklineage.reads(("hidden", "udf"))
def doubled(value: int) -> int:
    """Stands for a look-up in what only the function knows."""
    return 2 * value


spark.udf.register("doubled", doubled, "long")
spark.range(100).selectExpr("id", "id % 3 AS k").write.parquet(f"{out}/raw")
spark.range(10).selectExpr("id", "id AS k").write.format("delta").save(f"{out}/table")
spark.read.parquet(f"{out}/raw").createOrReplaceTempView("raw")
with sparklineage.step(spark, "merge", inputs=[("hidden", "merge")]) as step:
    spark.sql(
        f"MERGE INTO delta.`{out}/table` AS t "  # noqa: S608 - a folder of the test's own
        "USING (SELECT id, doubled(k) AS k FROM raw) AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET k = s.k + 1 WHEN NOT MATCHED THEN INSERT *"
    )
    step.writes(("hidden", "log"))
spark.stop()
