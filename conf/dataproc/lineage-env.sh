#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 2.2.
# dataproc 2.2 brings the agent of OpenLineage with Google's transport for the Data Lineage API. The cluster property dataproc:dataproc.lineage.enabled=false keeps it off.
# Delivery is direct: no relay of ours runs beside a driver on dataproc.
# Upload openlineage-spark_2.12-1.53.0.jar: `sparklineage jar upload gs://example-lineage/jars --platform dataproc --release 2.2 --version 1.53.0`; the service account of the cluster's nodes reads them.
# Give the properties to the cluster, or to each job, whose own take the cluster's place one by one.
# The JARs of a job (--jars, jarFileUris) take the place of the cluster's spark.jars: a job that has some needs these among them.
# Put lineage-env.sh at gs://example-lineage/jars/lineage-env.sh: it has spark-submit fetch OPENLINEAGE_API_KEY from Secret Manager; give the cluster's service account roles/secretmanager.secretAccessor on it. Drivers in cluster mode do not read spark-env.sh.
# The cluster's network needs a way to the backend (firewall rule, Cloud NAT).
# It never fails: a cluster whose action fails is not created.
grep -qsF '# sparklineage' /etc/spark/conf/spark-env.sh || cat >>/etc/spark/conf/spark-env.sh <<'SPARKLINEAGE' ||
# sparklineage
export OPENLINEAGE__TRANSPORT__TYPE=http
export OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key
export OPENLINEAGE__TRANSPORT__AUTH__API_KEY='"'"$(timeout 30 gcloud secrets versions access latest --secret=OPENLINEAGE_API_KEY)"'"'
SPARKLINEAGE
  echo 'sparklineage: /etc/spark/conf/spark-env.sh cannot be written, so jobs send without a key' >&2
