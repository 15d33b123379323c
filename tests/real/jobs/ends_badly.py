"""One good query, then an end as argv says: the folder to work in, `raise` or the exit status."""

import sys

from pyspark.sql import SparkSession

folder, how = sys.argv[1:]
spark = SparkSession.builder.appName("Ends Badly").getOrCreate()
spark.range(100).write.mode("overwrite").parquet(f"{folder}/raw")
if how != "raise":
    print(f"leaving with {how}", file=sys.stderr)
    sys.exit(int(how))
try:
    customers: dict[str, int] = {}
    customers["customer"] += 1
except KeyError as error:
    raise RuntimeError("no such customer: 4711 (api_key=canary-in-the-message)") from error
