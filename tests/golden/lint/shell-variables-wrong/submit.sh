#!/bin/bash
APP="etl-$(date +%F)"
LINEAGE="--packages io.openlineage:openlineage-spark_2.12:1.53.0 --conf spark.openlineage.url=http://marquez:5000"
spark-submit --name "$APP" $LINEAGE job.py
export PYSPARK_SUBMIT_ARGS="--conf spark.openlineage.host=http://marquez:5000 pyspark-shell"
python job.py
