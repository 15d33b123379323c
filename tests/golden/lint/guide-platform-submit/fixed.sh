export OPENLINEAGE_URL=http://marquez:5000
export OPENLINEAGE_NAMESPACE=dev.data.orders
spark-submit \
  --packages io.openlineage:openlineage-spark_2.12:1.53.0 \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.url=http://marquez:5000 \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.namespace=dev.data.orders \
  job.py
