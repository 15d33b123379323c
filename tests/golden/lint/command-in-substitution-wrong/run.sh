#!/bin/bash
# The id of the application is on the last line that spark-submit writes.
ID="$(spark-submit --jars s3://lineage/openlineage-spark_2.12-1.53.0.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.url=http://lineage.internal:5000 \
  job.py 2>&1 | tail -1)"
echo "$ID"
