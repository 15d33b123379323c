export OPENLINEAGE__TRANSPORT__TYPE=http
export OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key
export OPENLINEAGE__TRANSPORT__AUTH__API_KEY="$(cat /run/secrets/marquez)"
spark-submit \
  --packages io.openlineage:openlineage-spark_2.13:1.53.0 \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=http://marquez:5000 \
  --conf spark.openlineage.circuitBreaker.type=timeout \
  --conf spark.openlineage.circuitBreaker.timeoutInSeconds=60 \
  job.py
