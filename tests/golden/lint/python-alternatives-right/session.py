from pyspark.sql import SparkSession

builder = SparkSession.builder.config("spark.openlineage.namespace", "flights")
if PRODUCTION:
    builder = builder.config("spark.openlineage.transport.type", "http")
    builder = builder.config("spark.openlineage.transport.url", "http://marquez:5000")
    builder = builder.config("spark.openlineage.circuitBreaker.type", "asyncTaskQueue")
else:
    builder = builder.config("spark.openlineage.transport.type", "file")
    builder = builder.config("spark.openlineage.transport.location", "/tmp/events.ndjson")
spark = builder.getOrCreate()
