"""Two SparkContexts, one after the other: argv is the folder to work in."""

import sys

from pyspark.sql import SparkSession

for name in ("first", "second"):
    spark = SparkSession.builder.appName(name).getOrCreate()
    spark.range(10).write.parquet(f"{sys.argv[1]}/{name}")
    spark.stop()
