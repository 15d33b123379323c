#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on 4.0.1.
# Delivery is direct: no relay of ours runs beside a driver on kubernetes.
# A path with local: has to be in the image of the driver.
# In Stackable's image the agent is the operator's own, of its version.
# The cluster needs a way from the driver's pod to the backend (NetworkPolicy, egress).
# Make the Secret lineage-keys with LINEAGE_KEY in the application's namespace: kubectl create secret generic lineage-keys --from-env-file=FILE, with a line NAME=KEY for each.
# The agent reads it as JSON where it can, so a key such as 1e5, a number, needs double quotes around it there.
spark-submit \
  --master "k8s://${KUBERNETES:?address of the API server, https://HOST:PORT}" \
  --deploy-mode cluster \
  --name 'Daily flights' \
  --conf spark.kubernetes.container.image="${IMAGE:?an image with Spark and the application}" \
  --jars local:///opt/lineage/openlineage-spark_2.13-1.53.0.jar \
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=https://lineage.example.com \
  --conf spark.openlineage.namespace=prod.flights \
  --conf 'spark.openlineage.appName=Daily flights' \
  --conf spark.openlineage.circuitBreaker.type=asyncTaskQueue \
  --conf spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__TYPE=http \
  --conf spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key \
  --conf spark.kubernetes.driver.secretKeyRef.OPENLINEAGE__TRANSPORT__AUTH__API_KEY=lineage-keys:LINEAGE_KEY \
  local:///opt/jobs/daily.py \
  --day \
  '$(date)'
