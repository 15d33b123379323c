#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 3.5.7.
# Delivery is outbox: the kit puts the relay on the nodes, which delivers the journals.
# job.name (conf/sparklineage.yml:7:3) is left out: each application keeps its own name.
# The application is an example; give --application URI, or write yours.
# The relay is a sidecar container, which Kubernetes has since 1.29: it delivers when the driver has ended, within terminationGracePeriodSeconds. It has to run as the same user as the driver.
# The cluster needs a way from the driver's pod to the backend (NetworkPolicy, egress).
# Make the Secret sparklineage with OPENLINEAGE_API_KEY in the application's namespace: kubectl create secret generic sparklineage --from-env-file=FILE, with a line NAME=KEY for each.
spark-submit \
  --master "k8s://${KUBERNETES:?address of the API server, https://HOST:PORT}" \
  --deploy-mode cluster \
  --name flights_pipeline \
  --conf spark.kubernetes.container.image="${IMAGE:?an image with Spark and the application}" \
  --conf spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step \
  --conf spark.sparklineage.spool=/var/lib/sparklineage/journal \
  --conf spark.openlineage.namespace=prod.flights.analytics \
  --conf spark.openlineage.facets.spark.logicalPlan.disabled=true \
  --conf spark.openlineage.job.owners.team=data-platform \
  --conf 'spark.openlineage.job.tags=domain:flights;tier:gold' \
  --conf spark.openlineage.columnLineage.datasetLineageEnabled=true \
  --conf spark.kubernetes.driver.podTemplateFile=driver-pod.yaml \
  "${APPLICATION:?local:///… or s3a://… of the application}"
