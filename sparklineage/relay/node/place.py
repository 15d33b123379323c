"""What the platform's own files and variables say about the cluster of this node."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.relay.node.config import NodeConfig

_LARGEST = 1 << 20
_LONGEST = 256

# Of EMR, in /mnt/var/lib/info: job-flow.json has jobFlowId, extraInstanceData.json jobFlowId, releaseLabel and region
# (public scripts read them there).
_FILES = (
    ("job-flow.json", "jobFlowId", "clusterId"),
    ("extraInstanceData.json", "jobFlowId", "clusterId"),
    ("extraInstanceData.json", "releaseLabel", "releaseLabel"),
    ("extraInstanceData.json", "instanceId", "instanceId"),
    ("instance.json", "instanceId", "instanceId"),
)
# Of Databricks: docs.databricks.com/init-scripts/environment-variables.
_VARIABLES = {
    "databricks": (("DB_CLUSTER_ID", "clusterId"), ("DATABRICKS_RUNTIME_VERSION", "releaseLabel")),
    "kubernetes": (("POD_NAME", "instanceId"),),
}
# What Databricks calls the cluster of a job's run, which runs nothing else.
_RUN = re.compile(r"job-(\d{1,32})-run-(\d{1,32})(?![^-])")


def cluster_of(config: NodeConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """The fields of `sparklineage_cluster` that hold for every application of the node; what relay.json says wins."""
    found = {"platform": config.platform, **config.cluster}
    for file, key, name in _FILES if config.info is not None else ():
        value = _read(config.info / file).get(key) if config.info is not None else None
        if isinstance(value, str) and value:
            found.setdefault(name, value[:_LONGEST])
    for variable, name in _VARIABLES.get(config.platform, ()):
        if environ.get(variable):
            found.setdefault(name, environ[variable][:_LONGEST])
    run = _RUN.match(environ.get("DB_CLUSTER_NAME", "")) if environ.get("DB_IS_JOB_CLUSTER") == "TRUE" else None
    if config.platform == "databricks" and run is not None:
        found.setdefault("jobId", run[1])
        found.setdefault("runId", run[2])
    return found


def region_of(config: NodeConfig) -> str | None:
    """The region that relay.json names, or the node's files."""
    if config.region or config.info is None:
        return config.region
    value = _read(config.info / "extraInstanceData.json").get("region")
    return value if isinstance(value, str) and value else None


def _read(path: Path) -> dict[str, Any]:
    """An empty object where there is none: lineage without it is better than none."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
