"""Ends as told: argv is the folder to write into, whether to stop the session (`stop`, `open`), and how to end."""

import sys
import time

from pyspark.sql import SparkSession

folder, stop, how = sys.argv[1:]
spark = SparkSession.builder.appName(f"{stop} {how}").getOrCreate()
spark.range(5).write.parquet(f"{folder}/{stop}-{how.replace(' ', '-')}")
if stop == "stop":
    spark.stop()
if how.startswith("exits"):
    sys.exit(3)
if how.startswith("raises"):
    raise ValueError("the harvest failed")
if how.startswith("waits"):
    print("waiting", flush=True)
    time.sleep(120)
