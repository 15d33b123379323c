"""A query that runs until the file `go` is there: argv is the folder to work in."""

import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

folder = Path(sys.argv[1])
spark = SparkSession.builder.appName("Waits").getOrCreate()
spark.range(100).write.parquet(f"{folder}/raw")


def wait(value: int) -> int:
    until = time.monotonic() + 200
    while not (folder / "go").exists() and time.monotonic() < until:
        (folder / "running").touch()
        time.sleep(0.05)
    return value


spark.read.parquet(f"{folder}/raw").limit(1).select(udf(wait, "long")("id")).write.parquet(f"{folder}/slow")
print("went on after the query")
spark.stop()
(folder / "done").touch()
