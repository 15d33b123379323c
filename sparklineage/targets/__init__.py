"""The places where Spark runs: one module each, which writes a configuration in the form that the place takes.

A further one is a module here and its name in `_NAMES`. None of them reads a file, asks a service or runs anything.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from sparklineage.errors import UsageError, suggestion
from sparklineage.targets.interface import Application, Artefact, Existing, Order, Rendered, Target

__all__ = ["NAMES", "Application", "Artefact", "Existing", "Order", "Rendered", "Target", "target"]

NAMES: dict[str, str] = {
    "spark-submit": "options of spark-submit, for a shell or as JSON",
    "spark-defaults": "spark-defaults.conf and other properties files",
    "pyspark": "Python that builds a SparkSession",
    "spark-connect": "the server of Spark Connect",
    "emr": "Amazon EMR on EC2: configurations, steps, clusters",
    "emr-serverless": "Amazon EMR Serverless: job runs and applications",
    "emr-containers": "Amazon EMR on EKS: job runs and pod templates",
    "glue": "AWS Glue: job arguments",
    "sagemaker": "Amazon SageMaker: PySparkProcessor, and the environment of Processing and Training jobs",
    "dataproc": "Google Dataproc: properties of clusters and jobs",
    "databricks": "Databricks: clusters, jobs, policies, bundles",
    "kubernetes": "Kubernetes: SparkApplications of Kubeflow and Stackable, plain spark-submit",
    "airflow": "Apache Airflow: its OpenLineage section and variables",
    "livy": "Apache Livy: batches",
}
"""Every target with what it is; its module is the name with `_` for `-`."""


def target(name: str) -> Target:
    """The module of a target. Raises UsageError for a name that nobody knows."""
    if name not in NAMES:
        raise UsageError(f"there is no target {name!r}.{suggestion(name, NAMES) or _known()}")
    return cast("Target", import_module(f"sparklineage.targets.{name.replace('-', '_')}"))


def _known() -> str:
    return f" Known are {', '.join(NAMES)}."
