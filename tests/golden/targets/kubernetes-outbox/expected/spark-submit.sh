#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on 4.0.1.
# Delivery is outbox: the job never waits for the backend; the relay delivers the journal.
# A path with local: has to be in the image of the driver.
# The relay is a sidecar container, which Kubernetes has since 1.29: it delivers when the driver has ended, within terminationGracePeriodSeconds. It has to run as the same user as the driver.
# The cluster needs a way from the driver's pod to the backend (NetworkPolicy, egress).
# Make the Secret sparklineage with LINEAGE_KEY in the application's namespace: kubectl create secret generic sparklineage --from-env-file=FILE, with a line NAME=KEY for each.
spark-submit \
  --master "k8s://${KUBERNETES:?address of the API server, https://HOST:PORT}" \
  --deploy-mode cluster \
  --name 'Daily flights' \
  --conf spark.kubernetes.container.image="${IMAGE:?an image with Spark and the application}" \
  --jars local:///opt/lineage/openlineage-spark_2.13-1.53.0.jar,local:///opt/lineage/sparklineage-witness-0.1.0.jar \
  --conf spark.extraListeners=io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step \
  --conf spark.sparklineage.spool=/var/lib/sparklineage/spool \
  --conf spark.openlineage.namespace=prod.flights \
  --conf 'spark.openlineage.appName=Daily flights' \
  --conf spark.kubernetes.driver.podTemplateFile=driver-pod.yaml \
  --class org.example.Daily \
  local:///opt/jobs/daily.jar
