"""Three good queries, one of them with a source that only a step knows of: argv is the folder to work in."""

import sys

from pyspark.sql import SparkSession

import sparklineage

folder = sys.argv[1]
spark = SparkSession.builder.getOrCreate()
print("arguments", *sys.argv[2:])
spark.range(1000).selectExpr("id", "id % 7 AS k").write.mode("overwrite").parquet(f"{folder}/raw")
spark.read.parquet(f"{folder}/raw").groupBy("k").count().write.mode("overwrite").parquet(f"{folder}/counted")
with sparklineage.step(spark, "weather", inputs=[f"sqlite://{folder}/weather.db#observations"]) as step:
    spark.read.parquet(f"{folder}/counted").where("k > 2").write.mode("overwrite").parquet(f"{folder}/weather")
    step.writes(f"file://{folder}/model.bin")
for row in spark.read.parquet(f"{folder}/weather").orderBy("k").collect():
    print("grüße", row["k"], row["count"])
sys.stdout.flush()
sys.stdout.buffer.write(b"\x00\xff no newline at the end")
spark.stop()
