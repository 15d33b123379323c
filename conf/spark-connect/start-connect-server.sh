#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: asked for by conf/sparklineage.yml:24:3, runs on 4.2.
# Delivery is outbox: the job never waits for the backend; the relay delivers the journal.
# Set this where the server starts; a session with `--remote` or SPARK_REMOTE takes no listener.
# All sessions of a server are one application to the agent, whose end is that of the server.
"${SPARK_HOME:?the folder of Spark}"/sbin/start-connect-server.sh \
  --jars /opt/sparklineage/openlineage-spark_2.13-1.53.0.jar,/opt/sparklineage/sparklineage-witness-0.1.0.jar \
  --conf spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step \
  --conf spark.sparklineage.spool=/var/lib/sparklineage/journal \
  --conf spark.openlineage.namespace=prod.flights.analytics \
  --conf spark.openlineage.facets.spark.logicalPlan.disabled=true \
  --conf spark.openlineage.job.owners.team=data-platform \
  --conf 'spark.openlineage.job.tags=domain:flights;tier:gold' \
  --conf spark.openlineage.columnLineage.datasetLineageEnabled=true \
  --conf spark.openlineage.appName=flights_pipeline \
  "$@"
