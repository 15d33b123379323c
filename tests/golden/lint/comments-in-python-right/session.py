from pyspark.sql import SparkSession

builder = SparkSession.builder.config("spark.openlineage.debugFacet", "#")  # sparklineage: ignore[SL001]
# sparklineage: ignore
builder = builder.config("spark.openlineage.host", "x")
