#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 2.2.
# dataproc 2.2 brings the agent of OpenLineage with Google's transport for the Data Lineage API. The cluster property dataproc:dataproc.lineage.enabled=false keeps it off.
# Delivery is direct: no relay of ours runs beside a driver on dataproc.
# Upload openlineage-spark_2.12-1.53.0.jar: `sparklineage jar upload gs://example-lineage/jars --platform dataproc --release 2.2 --version 1.53.0`; the service account of the cluster's nodes reads them.
# Give the properties to the cluster, or to each job, whose own take the cluster's place one by one.
# The JARs of a job (--jars, jarFileUris) take the place of the cluster's spark.jars: a job that has some needs these among them.
# Put lineage-env.sh at gs://example-lineage/jars/lineage-env.sh: it has spark-submit fetch OPENLINEAGE_API_KEY from Secret Manager; give the cluster's service account roles/secretmanager.secretAccessor on it. Drivers in cluster mode do not read spark-env.sh.
# The cluster's network needs a way to the backend (firewall rule, Cloud NAT).
gcloud dataproc jobs submit pyspark \
  s3://example-jobs/flights.py \
  --cluster="${CLUSTER:?the name of the cluster}" \
  --region="${REGION:?the name of the region}" \
  --jars=gs://example-lineage/jars/openlineage-spark_2.12-1.53.0.jar \
  --properties='spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener,spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers),spark.openlineage.transport.type=http,spark.openlineage.transport.url=https://marquez.example.com,spark.openlineage.transport.timeoutInMillis=10000,spark.openlineage.namespace=prod.flights.analytics,spark.openlineage.facets.spark.logicalPlan.disabled=true,spark.openlineage.job.owners.team=data-platform,spark.openlineage.job.tags=domain:flights;tier:gold,spark.openlineage.columnLineage.datasetLineageEnabled=true,spark.openlineage.appName=flights_pipeline,spark.openlineage.circuitBreaker.type=asyncTaskQueue' \
  -- \
  --day \
  2013-01-01
