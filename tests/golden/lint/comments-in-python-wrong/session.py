from pyspark.sql import SparkSession

NOTE = """
# sparklineage: ignore
"""
builder = SparkSession.builder.config("spark.openlineage.debugFacet", "# sparklineage: ignore")
builder = builder.config("spark.openlineage.host", "x")  # sparklineage: ignore[SL001]
