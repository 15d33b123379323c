# the agent first, the driver of the database second
spark-submit --jars openlineage-spark_2.12-1.53.0.jar,postgresql-42.7.3.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener job.py
