# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 3.5.
# Delivery is direct: no relay of ours runs beside a driver on sagemaker.
# Upload openlineage-spark_2.12-1.53.0.jar: `sparklineage jar upload s3://example-lineage/jars --platform sagemaker --release 3.5 --version 1.53.0`; the job's role has to read them.
# PySparkProcessor puts the configuration into S3 in plain text.
# A job without NetworkConfig has the internet; in a VPC it needs a way to the backend, a security group.
# Training jobs run no Spark: their code declares its lineage itself, with environment.json.
# How a job ended is in the lineage only as far as the agent sees it: no relay corrects it there.
# processor(...).run(**with_lineage(submit_app="job.py"))

CONFIGURATION = [{'Classification': 'spark-defaults',
  'Properties': {'spark.extraListeners': 'io.openlineage.spark.agent.OpenLineageSparkListener',
                 'spark.redaction.regex': '(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)',
                 'spark.openlineage.transport.type': 'http',
                 'spark.openlineage.transport.url': 'https://lineage.example.com',
                 'spark.openlineage.transport.timeoutInMillis': '10000',
                 'spark.openlineage.namespace': 'dev.flights.analytics',
                 'spark.openlineage.facets.spark.logicalPlan.disabled': 'true',
                 'spark.openlineage.job.owners.team': 'data-platform',
                 'spark.openlineage.job.tags': 'domain:flights;tier:gold',
                 'spark.openlineage.columnLineage.datasetLineageEnabled': 'true',
                 'spark.openlineage.appName': 'flights_pipeline',
                 'spark.openlineage.circuitBreaker.type': 'asyncTaskQueue'}}]
SUBMIT_JARS = ['s3://example-lineage/jars/openlineage-spark_2.12-1.53.0.jar']
ENVIRONMENT = {'OPENLINEAGE_NAMESPACE': 'dev.flights.analytics', 'OPENLINEAGE_URL': 'https://lineage.example.com'}

try:  # version 3 of sagemaker
    from sagemaker.core.spark.processing import PySparkProcessor
except ImportError:  # version 2
    from sagemaker.spark.processing import PySparkProcessor


def processor(**options):
    """A PySparkProcessor whose containers have the environment; your own variables stay."""
    return PySparkProcessor(**{**options, "env": {**ENVIRONMENT, **(options.get("env") or {})}})


def with_lineage(**run):
    """The arguments of PySparkProcessor.run with the lineage in them; your own properties stay, lists are joined."""
    given = run.get("configuration") or []
    given = [given] if isinstance(given, dict) else list(given)
    properties = dict(CONFIGURATION[0]["Properties"])
    own = {}
    for item in given:
        if item["Classification"] == "spark-defaults":
            own.update(item["Properties"])
    if own.get("spark.openlineage.transport.type", "").strip():
        # A transport of yours is one with all that belongs to it.
        properties = {k: v for k, v in properties.items() if not k.startswith("spark.openlineage.transport.")}
    for key, value in own.items():
        ours = properties.get(key, "")
        if key == "spark.extraListeners":
            both = [*value.split(","), *ours.split(",")]
            value = ",".join(dict.fromkeys(name.strip() for name in both if name.strip()))
        elif key == "spark.redaction.regex" and ours and ours not in value:
            value = ours if not value or f"|{ours}".endswith(f"|{value}") else f"{ours}|{value}"
        properties[key] = value
    others = [item for item in [*CONFIGURATION[1:], *given] if item["Classification"] != "spark-defaults"]
    defaults = {"Classification": "spark-defaults", "Properties": properties}
    jars = [*(run.get("submit_jars") or []), *SUBMIT_JARS]
    return {**run, "configuration": [defaults, *others], "submit_jars": list(dict.fromkeys(jars))}
