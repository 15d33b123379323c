spark-submit \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=http://marquez.yourdomain:5000/api/v1/lineage \
  --conf spark.openlineage.namespace=prod \
  s3://your-bucket/jobs/revenue_daily.py
