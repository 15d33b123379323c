"""MERGE into a Delta table, with a UDF in its source, by a step and by a batch: argv is the folder to work in."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame, SparkSession

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


@sparklineage.reads(("hidden", "udf of a batch"))
def tripled(value: int) -> int:
    return 3 * value


def upsert(batch: DataFrame, _number: int) -> None:
    session = batch.sparkSession
    batch.createOrReplaceTempView("batch")
    session.udf.register("tripled", tripled, "long")
    session.sql(
        f"MERGE INTO delta.`{out}/table` AS t "  # noqa: S608 - a folder of the test's own
        "USING (SELECT id + 1000 AS id, tripled(k) AS k FROM batch) AS s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *"
    )


stream = spark.readStream.schema("id long, k long").parquet(f"{out}/raw").writeStream
stream = stream.foreachBatch(sparklineage.foreach_batch("upsert", upsert, inputs=[("hidden", "batch")]))
stream.option("checkpointLocation", f"{out}/state").trigger(availableNow=True).start().awaitTermination()
spark.stop()
