import os

from pyspark.sql import SparkSession

os.environ["OPENLINEAGE__TRANSPORT__TYPE"] = "http"
os.environ["OPENLINEAGE__TRANSPORT__URL"] = "http://marquez:5000"
os.environ["PYSPARK_SUBMIT_ARGS"] = (
    "--packages io.openlineage:openlineage-spark_2.12:1.53.0,org.postgresql:postgresql:42.7.4 "
    "--conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener pyspark-shell"
)
spark = SparkSession.builder.appName("flights").getOrCreate()
