#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on Spark 4.2.0.
# Delivery is outbox: asked for by sparklineage.yml:14:3.
# An option takes the place of a list in spark-defaults.conf; `sparklineage conf spark-defaults` joins them.
# `sparklineage relay drain --all` delivers what applications have left in the journal.
spark-submit \
  --jars /opt/lineage/openlineage-spark_2.13-1.53.0.jar,/opt/lineage/sparklineage-witness-0.1.0.jar \
  --conf spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step \
  --conf spark.sparklineage.spool=/var/lib/sparklineage/journal \
  --conf spark.openlineage.namespace=prod.flights \
  --conf 'spark.openlineage.appName=Daily "flights" $HOME' \
  'jobs/daily job.py' \
  --day \
  '$(date +%F)'
