spark-submit \
  --packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.9.2,io.openlineage:openlineage-spark_2.12:1.53.0 \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=console \
  job.py
