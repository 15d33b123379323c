"""JSON of Databricks: clusters, jobs, pipelines and cluster policies, as one sends them to the API or gets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import parse_json
from sparklineage.lint.readers.databricks_tree import sheets
from sparklineage.lint.readers.nodes import Source, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Sheet

KIND = "databricks"
TITLE = "Databricks cluster, job, pipeline and policy JSON"
_FIELDS = re.compile(
    r'"(?:new_cluster|job_clusters|spark_env_vars|init_scripts|spark_submit_task|data_security_mode'
    r'|spark_version|spark_conf\.[^"\n]*)"\s*:'
)
_CONF = re.compile(r'"spark_conf"\s*:')
_CLUSTER = re.compile(r'"(?:cluster_id|cluster_name|node_type_id|num_workers|autoscale|policy_id|clusters)"\s*:')


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only Databricks has."""
    return name.endswith(".json") and bool(_FIELDS.search(text) or (_CONF.search(text) and _CLUSTER.search(text)))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each cluster, pipeline and policy in it, and for each task that brings libraries to another one.

    Secret references (`{{secrets/scope/key}}`) stay as they are.
    """
    root = parsed(parse_json, text, file)
    return list(sheets(Source(file=file), root)) if root is not None else []
