#!/bin/bash
ID="$(spark-submit --jars s3://lineage/openlineage-spark_2.12-1.53.0.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=file \
  --conf spark.openlineage.transport.location=/var/log/lineage.ndjson \
  job.py 2>&1 | tail -1)"
echo "$ID"
