from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.appName("airflow_example")
    .config("spark.extraListeners", "io.openlineage.spark.agent.OpenLineageSparkListener")
    .config("spark.jars.packages", "io.openlineage:openlineage-spark_2.12:1.53.0")
    .config("spark.openlineage.transport.url", "http://marquez:5000/api/v1/namespaces/airflow/jobs/dag.task/runs/" + run_id)
    .config("spark.openlineage.transport.type", "http")
    .getOrCreate()
)
