#!/usr/bin/env bash
# The agent is the platform's own (the agent of OpenLineage with Google's transport for the Data Lineage API): vendorAgent is compose.
# Delivery is direct: no relay of ours runs beside a driver on dataproc.
# Give the properties to the cluster, or to each job, whose own take the cluster's place one by one.
# It is not documented whether these properties or Dataproc's own win on the cluster; in a job they do.
# The cluster's network needs a way to the backend (firewall rule, Cloud NAT).
gcloud dataproc clusters create \
  "${CLUSTER:?the name of the cluster}" \
  --region=europe-west1 \
  --image-version=2.2 \
  --properties='spark:spark.openlineage.transport.type=composite,spark:spark.openlineage.transport.continueOnFailure=true,spark:spark.openlineage.transport.transports.google.type=gcplineage,spark:spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers),spark:spark.openlineage.transport.transports.ours.type=http,spark:spark.openlineage.transport.transports.ours.url=https://lineage.example.com,spark:spark.openlineage.namespace=prod.flights,spark:spark.openlineage.appName=Daily flights,spark:spark.openlineage.circuitBreaker.type=asyncTaskQueue,dataproc:dataproc.lineage.enabled=true'
