"""A client of Spark Connect, whose steps no listener sees: argv is the server and the folder to write."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

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

outer = sparklineage.step(spark, "outer", inputs=["s3://rates/outer"])
with outer, sparklineage.step(spark, "inner", outputs=["acme://erp/masts"]):
    spark.range(1).collect()


def save(batch: Any, _number: int) -> None:
    """Writes by hand, on the server."""
    batch.collect()


ships = sparklineage.foreach_batch("ships", save, inputs=["s3://rates/ships"], outputs=["acme://erp/ships"])
feed = Path(f"{out}.feed")
feed.mkdir()
(feed / "ships.txt").write_text("Cutty Sark\n")
stream = spark.readStream.text(str(feed))
query = stream.writeStream.foreachBatch(ships).trigger(availableNow=True).option("checkpointLocation", f"{out}.kept")
query.start().awaitTermination()


def fail(_batch: Any, _number: int) -> None:
    """A batch that goes wrong, on the server."""
    raise ValueError("no harbour")


wrecks = sparklineage.foreach_batch("wrecks", fail, outputs=["acme://erp/wrecks"])
query = stream.writeStream.foreachBatch(wrecks).trigger(availableNow=True).option("checkpointLocation", f"{out}.lost")
try:
    query.start().awaitTermination()
except Exception as error:  # noqa: BLE001 - PySpark's own, as the server tells it
    failure = type(error).__name__

count = spark.read.parquet(out).count()
print(json.dumps({"server": spark.version, "client": pyspark.__version__, "run": app.run_id, "count": int(count),
                  "failure": failure}))  # fmt: skip
spark.stop()
