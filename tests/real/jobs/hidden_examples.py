"""Runs the examples of jobs/hidden one after the other: hidden_examples.py OUT API NAME…"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from pyspark.sql import SparkSession

out, api, *names = sys.argv[1:]
spark = SparkSession.builder.appName("hidden").getOrCreate()
for name in names:
    folder = Path(out) / name
    folder.mkdir(parents=True)
    more = (api,) if name == "by_request" else ()
    import_module(f"jobs.hidden.{name}").run(spark, folder, *more)
spark.stop()
