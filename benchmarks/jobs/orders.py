"""One parquet write and five read-group-write actions: the job that a backend should not be able to disturb."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

folder = sys.argv[1]
spark = SparkSession.builder.getOrCreate()
orders = spark.range(20_000).select("id", (F.col("id") % 7).alias("shop"), (F.col("id") % 90).alias("price"))
orders.write.mode("overwrite").parquet(f"{folder}/orders")
for number in range(5):
    per_shop = spark.read.parquet(f"{folder}/orders").groupBy("shop").agg(F.sum("price").alias("revenue"))
    per_shop.write.mode("overwrite").parquet(f"{folder}/revenue_{number}")
spark.stop()
