# sparklineage: begin
# Agent 1.53.0 for Scala 2.13: the newest that is known, runs on Spark 4.2.0.
# Delivery is outbox: asked for by sparklineage.yml:14:3.
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
        "spark.jars": "/opt/lineage/openlineage-spark_2.13-1.53.0.jar,/opt/lineage/sparklineage-witness-0.1.0.jar",
        "spark.extraListeners": "io.sparklineage.Witness,io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.redaction.regex": "(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)",
        "spark.openlineage.capturedProperties": "spark.master,spark.app.name,spark.sparklineage.step",
        "spark.sparklineage.spool": "/var/lib/sparklineage/journal",
        "spark.openlineage.namespace": "prod.flights",
        "spark.openlineage.appName": 'Daily "flights" $HOME',
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
