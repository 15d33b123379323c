spark-submit \
  --packages io.openlineage:openlineage-spark_2.12:1.53.0 \
  --conf "spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener" \
  --conf "spark.openlineage.transport.url=http://localhost:5000" \
  --conf "spark.openlineage.transport.type=http" \
  --conf "spark.openlineage.namespace=spark_jobs" \
  my_job.py
