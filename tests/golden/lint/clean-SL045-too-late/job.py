from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.appName("flights")
    .config("spark.jars", JARS)
    .config("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
    .config("spark.openlineage.namespace", "prod.flights")
    .getOrCreate()
)
spark.conf.set("spark.sql.shuffle.partitions", 8)
spark.stop()
spark = SparkSession.builder.config("spark.openlineage.namespace", "prod.ports").getOrCreate()
