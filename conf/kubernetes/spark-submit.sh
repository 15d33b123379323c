#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 3.5.7.
# Delivery is direct: no relay of ours runs beside a driver on kubernetes.
# In Stackable's image the agent is the operator's own, of its version.
# The cluster needs a way from the driver's pod to the backend (NetworkPolicy, egress).
# Make the Secret sparklineage with OPENLINEAGE_API_KEY in the application's namespace: kubectl create secret generic sparklineage --from-env-file=FILE, with a line NAME=KEY for each.
# The agent reads it as JSON where it can, so a key such as 1e5, a number, needs double quotes around it there.
spark-submit \
  --master "k8s://${KUBERNETES:?address of the API server, https://HOST:PORT}" \
  --deploy-mode cluster \
  --name flights_pipeline \
  --conf spark.kubernetes.container.image="${IMAGE:?an image with Spark and the application}" \
  --jars https://jars.example.com/openlineage-spark_2.12-1.53.0.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=https://marquez.example.com \
  --conf spark.openlineage.transport.timeoutInMillis=10000 \
  --conf spark.openlineage.namespace=prod.flights.analytics \
  --conf spark.openlineage.facets.spark.logicalPlan.disabled=true \
  --conf spark.openlineage.job.owners.team=data-platform \
  --conf 'spark.openlineage.job.tags=domain:flights;tier:gold' \
  --conf spark.openlineage.columnLineage.datasetLineageEnabled=true \
  --conf spark.openlineage.appName=flights_pipeline \
  --conf spark.openlineage.circuitBreaker.type=asyncTaskQueue \
  --conf spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__TYPE=http \
  --conf spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key \
  --conf spark.kubernetes.driver.secretKeyRef.OPENLINEAGE__TRANSPORT__AUTH__API_KEY=sparklineage:OPENLINEAGE_API_KEY \
  s3://example-jobs/flights.py \
  --day \
  2013-01-01
