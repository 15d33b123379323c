spark = (
    SparkSession.builder
    .config("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
    .config("spark.jars.packages", "io.openlineage:openlineage-spark_2.12:1.53.0,org.postgresql:postgresql:42.7.3")
    .getOrCreate()
)
