from pyspark.sql import SparkSession


def production():
    return SparkSession.builder.config("spark.openlineage.transport.url", "http://marquez:5000").getOrCreate()


def local():
    builder = SparkSession.builder
    if DEBUG:
        builder = builder.config("spark.openlineage.transport.type", "console")
    else:
        builder = builder.config("spark.openlineage.transport.type", "file")
        builder = builder.config("spark.openlineage.transport.url", "http://marquez:5000")
    return builder.getOrCreate()
