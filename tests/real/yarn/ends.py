"""One tiny query, then the end that the argument names."""

import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

how, folder = sys.argv[1], Path(sys.argv[2])
# container_1700000000000_0001_02_000001 is the second attempt of the first application.
attempt = int(os.environ.get("CONTAINER_ID", "_01_").split("_")[-2])
spark = SparkSession.builder.getOrCreate()
spark.range(3).write.parquet(str(folder / f"out{attempt}"))
if how == "waits":
    (folder / "waiting").touch()
    for _ in range(1200):
        if (folder / "go").exists():
            break
        time.sleep(0.1)
elif how == "exits" or (how == "exits-first" and attempt == 1):
    sys.exit(3)
elif how == "raises":
    raise ValueError("the tide is out")
elif how == "leaves":
    sys.exit(0)
else:
    spark.stop()
