"""As short as a Spark application can be."""

from pyspark.sql import SparkSession

SparkSession.builder.getOrCreate().stop()
