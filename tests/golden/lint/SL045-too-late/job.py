from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("flights").getOrCreate()
spark = (
    SparkSession.builder.config("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
    .config("spark.openlineage.namespace", "prod.flights")
    .getOrCreate()
)
spark.conf.set("spark.openlineage.parentJobName", "dag.task")
