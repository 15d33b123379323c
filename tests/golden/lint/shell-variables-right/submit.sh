#!/bin/bash
APP="etl"
MARQUEZ=http://marquez:5000
LINEAGE="--packages io.openlineage:openlineage-spark_2.12:1.53.0
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener
  --conf spark.openlineage.transport.type=http
  --conf spark.openlineage.transport.url=$MARQUEZ
  --conf spark.openlineage.circuitBreaker.type=asyncTaskQueue"
spark-submit --name "$APP" $LINEAGE job.py
export PYSPARK_SUBMIT_ARGS="--conf spark.openlineage.transport.url=$MARQUEZ pyspark-shell"
python job.py
