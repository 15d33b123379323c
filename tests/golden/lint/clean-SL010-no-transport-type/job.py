from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.appName("flights")
    .config("spark.openlineage.transport.type", "http")
    .config("spark.openlineage.transport.url", "http://marquez:5000")
    .config("spark.openlineage.circuitBreaker.type", "timeout")
    .config("spark.openlineage.circuitBreaker.timeoutInSeconds", 60)
    .getOrCreate()
)
