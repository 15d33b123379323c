"""Queries that fail in every way, all caught, between good ones: argv is the folder to work in."""

import json
import sys
from collections.abc import Callable

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, udf

folder = sys.argv[1]
spark = SparkSession.builder.appName("Caught").getOrCreate()


def fail(value: int) -> int:
    raise ValueError(f"boom {value}, with password=hunter2-canary")


boom = udf(fail, "long")


def counted() -> None:
    spark.read.parquet(f"{folder}/raw").groupBy("k").count().write.parquet(f"{folder}/counted")


def first_job() -> None:
    spark.read.parquet(f"{folder}/raw").withColumn("z", boom("k")).write.parquet(f"{folder}/first")


def later_job() -> None:
    counts = spark.read.parquet(f"{folder}/raw").groupBy("k").count()
    counts.withColumn("z", boom("k")).write.parquet(f"{folder}/later")


cases: dict[str, Callable[[], object]] = {
    "raw": lambda: spark.range(1000).withColumn("k", col("id") % 7).write.parquet(f"{folder}/raw"),
    "first": first_job,
    "counted": counted,
    "later": later_job,
    "raw again": lambda: spark.range(5).write.parquet(f"{folder}/raw"),
    "table": lambda: spark.sql("CREATE TABLE t (id BIGINT) USING parquet"),
    "table again": lambda: spark.sql("CREATE TABLE t (id BIGINT) USING parquet"),
    "last": lambda: spark.range(3).write.parquet(f"{folder}/last"),
}
failed = []
for name, case in cases.items():
    spark.sparkContext.setLocalProperty("spark.job.description", name)
    try:
        case()
    except Exception:  # noqa: BLE001
        failed.append(name)
print(json.dumps(failed))
spark.stop()
