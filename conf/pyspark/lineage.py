# sparklineage: begin
# Agent 1.53.0 for Scala 2.13: asked for by conf/sparklineage.yml:24:3, runs on 4.2.
# Delivery is outbox: the job never waits for the backend; the relay delivers the journal.
# Wrap the builder before the first session, with_lineage(SparkSession.builder): later no listener
#   is taken.
# Options of a builder take the place of lists in spark-defaults.conf;
#   `sparklineage.configure(builder)` joins those too.
# `sparklineage relay drain --all` delivers what applications have left in the journal.
def with_lineage(builder):
    """A SparkSession.builder whose session reports its lineage.

    The options that it has stay, and lists are joined. Under spark-submit the JVM runs already, and the
    builder comes back as it is: a listener that is not on its class path would end the job.
    """
    import os
    import warnings

    if "PYSPARK_GATEWAY_PORT" in os.environ:
        why = "no lineage: spark-submit has started the JVM already; use `sparklineage submit`"
        warnings.warn(why, stacklevel=2)
        return builder
    ours = {
        "spark.jars": "/opt/sparklineage/openlineage-spark_2.13-1.53.0.jar,/opt/sparklineage/sparklineage-witness-0.1.0.jar",
        "spark.extraListeners": "io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.redaction.regex": "(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)",
        "spark.openlineage.capturedProperties": "spark.master,spark.app.name,spark.sparklineage.step",
        "spark.sparklineage.spool": "/var/lib/sparklineage/journal",
        "spark.openlineage.namespace": "prod.flights.analytics",
        "spark.openlineage.facets.spark.logicalPlan.disabled": "true",
        "spark.openlineage.job.owners.team": "data-platform",
        "spark.openlineage.job.tags": "domain:flights;tier:gold",
        "spark.openlineage.columnLineage.datasetLineageEnabled": "true",
        "spark.openlineage.appName": "flights_pipeline",
    }
    theirs = dict(getattr(builder, "_options", {}))
    lists = [
        "spark.jars",
        "spark.extraListeners",
        "spark.openlineage.capturedProperties",
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
