spark-submit --packages io.openlineage:openlineage-spark_2.13:1.53.0 \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=console \
  job.py
