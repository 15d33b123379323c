# A cell for a notebook on the cluster: whether the agent listens, and where it sends. It changes nothing.
def sparklineage_check(spark):
    wanted = {}
    try:
        context = spark.sparkContext
        # spark.conf says what somebody has written; the bus knows who listens.
        listening = [one.getClass().getName() for one in context._jsc.sc().listenerBus().listeners()]
        conf = dict(context.getConf().getAll())
    except Exception as error:
        return f"unknown: no way to the JVM from here ({type(error).__name__}), as in the standard access mode"
    if "io.openlineage.spark.agent.OpenLineageSparkListener" not in listening:
        return "wrong: the agent does not listen; see the log of the init script and spark.extraListeners"
    for key, text in wanted.items():
        if conf.get(key) != text:
            return f"wrong: {key} is not {text!r}"
    return "ok: the agent listens" + "".join(f", {key.rpartition('.')[2]} {text}" for key, text in wanted.items())


print("sparklineage:", sparklineage_check(spark))
