spark-submit --packages io.openlineage:openlineage-spark_2.12:1.53.0 \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=http://marquez:5000 \
  --conf spark.openlineage.namespace=spark \
  job.py
