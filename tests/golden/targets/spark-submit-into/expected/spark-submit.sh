#!/usr/bin/env bash
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on Spark 4.2.0.
# Delivery is direct: asked for by sparklineage.yml:14:3.
# It hands LINEAGE_KEY on from its environment: others can see a property of Spark.
# An option takes the place of a list in spark-defaults.conf; `sparklineage conf spark-defaults` joins them.
# spark.openlineage.namespace stays as mine.json: --conf has it, not prod.flights (sparklineage.yml:1:1).
: "${LINEAGE_KEY:?a secret of the backend, which this script hands on}"
in_json() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}
OPENLINEAGE__TRANSPORT__TYPE=http
OPENLINEAGE__TRANSPORT__HEADERS='{"X-Team": "it'"'"'s; [data]"}'
OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key
OPENLINEAGE__TRANSPORT__AUTH__API_KEY=$(printf '"%s"' "$(in_json "$LINEAGE_KEY")")
export OPENLINEAGE__TRANSPORT__TYPE OPENLINEAGE__TRANSPORT__HEADERS OPENLINEAGE__TRANSPORT__AUTH__TYPE OPENLINEAGE__TRANSPORT__AUTH__API_KEY
spark-submit \
  --master yarn \
  --jars lib/a.jar,/opt/lineage/openlineage-spark_2.13-1.53.0.jar \
  --conf spark.extraListeners=com.example.Theirs,io.openlineage.spark.agent.OpenLineageSparkListener \
  --conf spark.openlineage.namespace=mine \
  --conf 'spark.redaction.regex=(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)' \
  --conf spark.openlineage.transport.type=http \
  --conf spark.openlineage.transport.url=https://lineage.example.com \
  --conf 'spark.openlineage.appName=Daily "flights" $HOME' \
  --conf spark.openlineage.transport.endpoint=/prefix/api/v1/lineage \
  --conf spark.openlineage.circuitBreaker.type=asyncTaskQueue \
  'their job.py' \
  --jars
