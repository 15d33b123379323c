#!/usr/bin/env python
"""What it does."""

from __future__ import annotations

from pyspark.sql import SparkSession


# sparklineage: begin
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on Spark 4.2.0.
# Delivery is direct: asked for by sparklineage.yml:14:3.
# It hands LINEAGE_KEY on from its environment: others can see a property of Spark.
# Wrap the builder before the first session, with_lineage(SparkSession.builder): later no listener
#   is taken.
# Options of a builder take the place of lists in spark-defaults.conf;
#   `sparklineage.configure(builder)` joins those too.
def with_lineage(builder):
    """A SparkSession.builder whose session reports its lineage.

    The options that it has stay, and lists are joined. Under spark-submit the JVM runs already, and the
    builder comes back as it is: a listener that is not on its class path would end the job.
    """
    import json
    import os
    import warnings

    if "PYSPARK_GATEWAY_PORT" in os.environ:
        why = "no lineage: spark-submit has started the JVM already; use `sparklineage submit`"
        warnings.warn(why, stacklevel=2)
        return builder
    ours = {
        "spark.jars": "/opt/lineage/openlineage-spark_2.13-1.53.0.jar",
        "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.redaction.regex": "(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)",
        "spark.openlineage.transport.type": "http",
        "spark.openlineage.transport.url": "https://lineage.example.com",
        "spark.openlineage.namespace": "prod.flights",
        "spark.openlineage.appName": 'Daily "flights" $HOME',
        "spark.openlineage.transport.endpoint": "/prefix/api/v1/lineage",
        "spark.openlineage.circuitBreaker.type": "asyncTaskQueue",
    }
    theirs = dict(getattr(builder, "_options", {}))
    transport = "spark.openlineage.transport."
    if theirs.get(transport + "type"):
        # A transport of its own stands for itself.
        ours = {key: ours[key] for key in ours if not key.startswith(transport)}
    else:
        needed = [
            "LINEAGE_KEY",
        ]
        missing = [name for name in needed if not os.environ.get(name)]
        if missing:
            raise RuntimeError(f"set {missing}: the agent gets its keys from there")
        os.environ["OPENLINEAGE__TRANSPORT__TYPE"] = "http"
        os.environ["OPENLINEAGE__TRANSPORT__HEADERS"] = '{"X-Team": "it\'s; [data]"}'
        os.environ["OPENLINEAGE__TRANSPORT__AUTH__TYPE"] = "api_key"
        secret = json.dumps(os.environ["LINEAGE_KEY"])
        os.environ["OPENLINEAGE__TRANSPORT__AUTH__API_KEY"] = secret
    lists = [
        "spark.jars",
        "spark.extraListeners",
    ]
    for key, value in ours.items():
        own = theirs.get(key)
        if not own:
            builder = builder.config(key, value)
        elif key in lists:
            added = value.split(",")
            kept = [entry for entry in own.split(",") if entry.strip() not in added]
            builder = builder.config(key, ",".join([*kept, *added]))
        elif key == "spark.redaction.regex" and value not in own:
            builder = builder.config(key, f"{value}|{own}")
    return builder


# sparklineage: end


spark = with_lineage(SparkSession.builder.appName("daily")).getOrCreate()
