# Agent 1.53.0 for Scala 2.12: asked for by conf/sparklineage.yml:24:3, runs on 3.5.
# Delivery is direct: no relay of ours runs beside a driver on airflow.
# The driver's environment needs OPENLINEAGE__TRANSPORT__TYPE=http, OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key, OPENLINEAGE__TRANSPORT__AUTH__API_KEY='"<env:OPENLINEAGE_API_KEY>"', with the secret itself in the place of each <…>: others can see a property of Spark.
# Airflow's own client reads the same variables on the scheduler and the workers, and a driver in client mode has those of its worker; in cluster mode give them where the driver runs, not in env_vars, which become properties that others can see.
# spark_inject_transport_info stays off: the conf names the transport itself, and a key that the provider hands on arrives as `Bearer Bearer KEY`.
# Operators hand the parent on where spark_inject_parent_job_info is on, from 2.0 of Airflow's provider.
# jars= of SparkSubmitOperator takes the place of spark.jars in the conf: give the JARs in one of them alone.
# A retry of a task is another parent run, because its id depends on the try.
import datetime

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

SPARK_CONF = {
    "spark.jars": "/opt/sparklineage/openlineage-spark_2.12-1.53.0.jar",
    "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
    "spark.redaction.regex": "(?i:secret|password|token|access[.]?key|credential|api[_.-]?key|authorization|urlParams|jaas|transport[.]headers)",
    "spark.openlineage.transport.type": "http",
    "spark.openlineage.transport.url": "https://marquez.example.com",
    "spark.openlineage.transport.timeoutInMillis": "10000",
    "spark.openlineage.namespace": "prod.flights.analytics",
    "spark.openlineage.facets.spark.logicalPlan.disabled": "true",
    "spark.openlineage.job.owners.team": "data-platform",
    "spark.openlineage.job.tags": "domain:flights;tier:gold",
    "spark.openlineage.columnLineage.datasetLineageEnabled": "true",
    "spark.openlineage.appName": "flights_pipeline",
    "spark.openlineage.circuitBreaker.type": "asyncTaskQueue",
}

# Only for operators and provider versions that do not hand the parent on: one key that begins with
# spark.openlineage.parent switches the provider's own hand-over off, so give all six or none.
PARENT = {
    "spark.openlineage.parentJobNamespace": "{{ macros.OpenLineageProviderPlugin.lineage_job_namespace() }}",
    "spark.openlineage.parentJobName": "{{ macros.OpenLineageProviderPlugin.lineage_job_name(task_instance) }}",
    "spark.openlineage.parentRunId": "{{ macros.OpenLineageProviderPlugin.lineage_run_id(task_instance) }}",
    "spark.openlineage.rootParentJobNamespace": "{{ macros.OpenLineageProviderPlugin.lineage_root_job_namespace(task_instance) }}",
    "spark.openlineage.rootParentJobName": "{{ macros.OpenLineageProviderPlugin.lineage_root_job_name(task_instance) }}",
    "spark.openlineage.rootParentRunId": "{{ macros.OpenLineageProviderPlugin.lineage_root_run_id(task_instance) }}",
}

with DAG("spark_with_lineage", schedule=None, start_date=datetime.datetime(2024, 1, 1)):
    SparkSubmitOperator(
        task_id="spark",
        name="flights_pipeline",
        application="s3://example-jobs/flights.py",
        application_args=["--day", "2013-01-01"],
        conf=SPARK_CONF,
        # The provider adds the six keys of the parent; the conf names the transport itself.
        openlineage_inject_parent_job_info=True,
        openlineage_inject_transport_info=False,
    )
