"""A Databricks cluster that is there: what somebody has set of it, and how it starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sparklineage.apply.aws_files import refuse
from sparklineage.apply.interface import State
from sparklineage.apply.shown import reason
from sparklineage.apply.workspace import Asked
from sparklineage.errors import ApplyError, NoSuchPlaceError, SparklineageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sparklineage.apply.interface import Json
    from sparklineage.apply.workspace import Workspace

EDITABLE = ("RUNNING", "TERMINATED")
"""The states in which a cluster can be edited (Clusters API, edit)."""
_OWNERS = {"JOB": "its job", "PIPELINE": "its pipeline", "PIPELINE_MAINTENANCE": "its pipeline", "SQL": "its warehouse"}
_OF_POOLS = ("node_type_id", "driver_node_type_id", "enable_elastic_disk", "aws_attributes", "azure_attributes",
             "gcp_attributes")  # fmt: skip
"""What a cluster takes from its pool, and the API refuses beside one."""
_SLOW = 15
"""Questions after which a cluster that never stopped running counts as started again."""


def read(workspace: Workspace, name: str) -> Json:
    """All that the API says about it. Raises NoSuchPlaceError."""
    asked = Asked(what=f"the cluster {name} of {workspace.host}", rights="CAN ATTACH TO or more on the cluster")
    return workspace.ask("GET", "/api/2.1/clusters/get", asked, {"cluster_id": name})


def settings(cluster: Json) -> Json:
    """What somebody has set, as `edit` takes it; fields that the SDK does not know yet are kept.

    Raises ApplyError for a cluster that cannot be edited, or not without losing something.
    """
    what = f"the cluster {cluster.get('cluster_id')}"
    if owner := _OWNERS.get(str(cluster.get("cluster_source"))):
        raise ApplyError(f"{what} was made by {owner}; change it there (--into FILE with its JSON).")
    if cluster.get("state") not in EDITABLE:
        raise ApplyError(
            f"{what} is {cluster.get('state')}, and can be edited when it is {' or '.join(EDITABLE)}; try again later."
        )
    if (cluster.get("docker_image") or {}).get("basic_auth"):
        raise ApplyError(
            f"{what} has an image with a password, which Databricks does not give out, so that an edit would lose it; "
            "merge with --into FILE, and edit it in the workspace."
        )
    spec = cluster.get("spec")
    found = dict(spec) if isinstance(spec, dict) and spec else _picked(cluster)
    # A resize counts as no edit, so the specification may be behind.
    sizes = {key: cluster[key] for key in ("autoscale", "num_workers") if key in cluster}
    if sizes:
        found = {key: value for key, value in found.items() if key not in {"autoscale", "num_workers"}} | sizes
    if "autoscale" in found:
        found.pop("num_workers", None)
    found.pop("cluster_id", None)
    return found


def restarted(workspace: Workspace, before: Json, secrets: tuple[str, ...]) -> Callable[[], State]:
    """Asks whether a cluster that ran when it was edited has started again."""
    name, context = str(before["cluster_id"]), before.get("spark_context_id")
    questions = 0

    def ask() -> State:
        nonlocal questions
        questions += 1
        now = read(workspace, name)
        state = str(now.get("state"))
        failed = state in {"ERROR", "TERMINATED"}
        # RUNNING is also what it was; each start of the driver has another context.
        again = now.get("spark_context_id") != context or questions > _SLOW
        return State(
            text=state,
            done=failed or (state == "RUNNING" and again),
            failed=failed,
            reason=reason(now.get("state_message") or "", secrets),
        )

    return ask


def started(workspace: Workspace, name: str, secrets: tuple[str, ...]) -> State:
    """Whether a new cluster is up."""
    now = read(workspace, name)
    state = str(now.get("state"))
    failed = state in {"ERROR", "TERMINATED"}
    why = reason(now.get("state_message") or "", secrets)
    return State(text=state, done=failed or state == "RUNNING", failed=failed, reason=why)


def need(workspace: Workspace, clusters: Iterable[Json], needs: Iterable[str]) -> None:
    """Raises NoSuchPlaceError where a script of these clusters, or another file that they need, is missing: none of
    them would start. What cannot be told is no error.
    """
    scripts = [
        str((script.get(kind) or {}).get("destination"))
        for cluster in clusters
        for script in cluster.get("init_scripts") or []
        for kind in ("volumes", "workspace")
        if kind in script
    ]
    refuse([path for path in dict.fromkeys((*scripts, *needs)) if path.startswith("/") and _missing(workspace, path)])


def _missing(workspace: Workspace, path: str) -> bool:
    asked = Asked(what=path, rights="READ on it")
    try:
        if path.startswith("/Volumes/"):
            workspace.ask("HEAD", f"/api/2.0/fs/files{quote(path)}", asked)
        else:
            workspace.ask("GET", "/api/2.0/workspace/get-status", asked, {"path": path})
    except NoSuchPlaceError:
        return True
    except SparklineageError:
        return False
    return False


def _picked(cluster: Json) -> Json:
    """Of a cluster without its specification: the fields that can be set."""
    from databricks.sdk.service.compute import ClusterSpec

    known = set(ClusterSpec.__dataclass_fields__)
    left_out = set(_OF_POOLS) if cluster.get("instance_pool_id") else set()
    found = {key: value for key, value in cluster.items() if key in known - left_out}
    profile = (cluster.get("aws_attributes") or {}).get("instance_profile_arn")
    if left_out and profile:
        found["aws_attributes"] = {"instance_profile_arn": profile}
    return found
