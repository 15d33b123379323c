from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.appName("flights")
    .config("spark.openlineage.transport.url", "http://marquez:5000")
    .config("spark.openlineage.transport.type", "http")
    .getOrCreate()
)
