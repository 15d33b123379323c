import os

from pyspark.sql import SparkSession

os.environ["OPENLINEAGE_URL"] = "http://marquez:5000"
os.environ.setdefault("OPENLINEAGE_NAMESPACE", "flights")
os.putenv("OPENLINEAGE_ENDPOINT", "api/v1/lineage")
os.environ.update({"OPENLINEAGE__TRANSPORT__URL": "http://marquez:5000"}, OPENLINEAGE_DISABLED="true")
os.environ["PYSPARK_SUBMIT_ARGS"] = (
    "--packages io.openlineage:openlineage-spark_2.12:1.53.0 "
    "--packages org.postgresql:postgresql:42.7.4 pyspark-shell"
)
spark = SparkSession.builder.appName("flights").getOrCreate()
