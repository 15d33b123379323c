#!/bin/sh
# Spark 4 is built for Scala 2.13 alone
/opt/spark-4.0.1/bin/spark-submit \
  --packages 'io.openlineage:openlineage-spark_2.13:1.53.0,org.postgresql:postgresql:42.7.3' \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.transport.type=console \
  job.py
