"""A client of Spark Connect, whose steps no listener sees: argv is the server and the folder to write."""

from __future__ import annotations

import json
import sys

import pyspark
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

import sparklineage

server, out = sys.argv[1:]
spark = SparkSession.builder.remote(server).getOrCreate()
app = sparklineage.application(spark, name="Night Harbour")


@udf("int")  # type: ignore[untyped-decorator]
@sparklineage.reads("https://rates.example.com/v1")
def rate(number: int) -> int:
    """Stands for a look-up that only the function knows of."""
    return number


with sparklineage.step(spark, "load", inputs=["s3://rates/feed"]) as step:
    spark.range(3).select(rate("id").alias("id")).write.parquet(out)
    step.writes(f"file://{out}")
count = spark.read.parquet(out).count()
print(json.dumps({"server": spark.version, "client": pyspark.__version__, "run": app.run_id, "count": int(count)}))
spark.stop()
