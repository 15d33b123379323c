#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on Spark 4.2.0.
# Delivery is outbox: asked for by sparklineage.yml:14:3.
# Set this where the server starts; a session with `--remote` or SPARK_REMOTE takes no listener.
# All sessions of a server are one application to the agent, whose end is that of the server.
"${SPARK_HOME:?the folder of Spark}"/sbin/start-connect-server.sh \
  --jars /opt/lineage/openlineage-spark_2.13-1.53.0.jar,/opt/lineage/sparklineage-witness-0.1.0.jar \
  --conf spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step \
  --conf spark.sparklineage.spool=/var/lib/sparklineage/journal \
  --conf spark.openlineage.namespace=prod.flights \
  --conf 'spark.openlineage.appName=Daily "flights" $HOME' \
  "$@"
