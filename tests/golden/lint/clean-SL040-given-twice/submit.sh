#!/bin/sh
spark-submit \
  --jars /opt/lineage/openlineage-spark_2.12-1.53.0.jar,/opt/jdbc/postgresql.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=console \
  job.py
