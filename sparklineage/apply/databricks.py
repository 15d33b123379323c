"""Databricks: the edit of a cluster that is there, a new cluster, or a new job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.apply import databricks_cluster as clusters
from sparklineage.apply.aws import document, named, secret_warnings
from sparklineage.apply.interface import Found, Plan, Started
from sparklineage.apply.shown import secrets_in
from sparklineage.apply.workspace import Asked, Workspace
from sparklineage.errors import ApplyError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.apply.interface import Json, Options

_ID = r"[A-Za-z0-9\-]{1,100}"
_WANTED = "a cluster or a job (--into FILE with its JSON), or --cluster-id of one that is there"
_NO_MACHINES = "has no machines: give node_type_id or instance_pool_id or policy_id, and num_workers or autoscale"


def artefacts(options: Options) -> tuple[str, ...]:  # noqa: ARG001
    return ("job.json", "cluster.json")


def existing(options: Options) -> Found | None:
    """The cluster to be edited, with what somebody has set of it. Raises ApplyError for one that cannot be."""
    if options.cluster_id is None:
        return None
    name = named(options.cluster_id, None, flag="--cluster-id", field_name="cluster id", pattern=_ID, where="--apply")
    cluster = {"cluster_id": name} | clusters.read(Workspace(), name)
    text = json.dumps(clusters.settings(cluster), indent=2, ensure_ascii=False)
    return Found(name=f"cluster-{name}.json", release=cluster.get("spark_version"), text=text, state=cluster)


def plan(value: object, options: Options, found: Found | None, *, where: str) -> Plan:
    """clusters/edit with --cluster-id, else jobs/create or clusters/create, as the document is."""
    request, workspace = document(value, where, _WANTED), Workspace()
    if found is not None:
        return _edit(workspace, request, found, options.needs)
    if isinstance(request.get("settings"), dict):
        request = request["settings"]
    if "tasks" in request:
        return _job(workspace, request, where, options.needs)
    if "spark_version" in request or "spark_conf" in request:
        return _cluster(workspace, request, where, options.needs)
    raise ConfigError(f"{where}: this starts nothing; --apply needs {_WANTED}.")


def _edit(workspace: Workspace, request: Json, found: Found, needs: tuple[str, ...]) -> Plan:
    before: Json = json.loads(found.text or "{}")
    name, state = str(found.state["cluster_id"]), found.state
    _known({key: inner for key, inner in request.items() if before.get(key) != inner}, "ClusterSpec", found.name)
    clusters.need(workspace, [request], needs)
    place = f"{workspace.host}/compute/clusters/{name}"
    asked = Asked(
        what=f"the cluster {name} of {workspace.host}", rights="CAN MANAGE on the cluster", look=f"at {place}",
        secrets=secrets_in(request),
    )  # fmt: skip
    runs = state.get("state") == "RUNNING"

    def send() -> Started:
        # Whoever changed it meanwhile would lose that.
        now = {"cluster_id": name} | clusters.read(workspace, name)
        if clusters.settings(now) != before:
            raise ApplyError(f"{asked.what} was changed by somebody meanwhile, so nothing was sent; try again.")
        workspace.send("/api/2.1/clusters/edit", {**request, "cluster_id": name}, asked)
        ask = clusters.restarted(workspace, now, asked.secrets) if now.get("state") == "RUNNING" else None
        return Started(what=f"the cluster {name}", ids={"cluster_id": name}, look=place, state=ask)

    effect = "It runs, and starts again: what runs on it ends." if runs else "It does not run, and is not started."
    return Plan(
        call="clusters/edit of Databricks",
        place=workspace.where(),
        resource=f"the cluster {name} ({state.get('cluster_name', 'no name')}, {found.release}) changes",
        request=request,
        before=before,
        warnings=(effect, *secret_warnings(request)),
        send=send,
    )


def _cluster(workspace: Workspace, request: Json, where: str, needs: tuple[str, ...]) -> Plan:
    _known(request, "ClusterSpec", where)
    _machines(request, where)
    if not request.get("spark_version"):
        raise ConfigError(f"{where}: spark_version is missing; say --release, such as 16.4.x-scala2.12.")
    clusters.need(workspace, [request], needs)
    asked = Asked(
        what=f"the new cluster in {workspace.host}", rights="the entitlement to create clusters",
        look=f"at {workspace.host}/compute/interactive", secrets=secrets_in(request),
    )  # fmt: skip

    def send() -> Started:
        name = str(workspace.send("/api/2.1/clusters/create", request, asked)["cluster_id"])
        return Started(
            what=f"the cluster {name}",
            ids={"cluster_id": name},
            look=f"{workspace.host}/compute/clusters/{name}",
            state=lambda: clusters.started(workspace, name, asked.secrets),
        )

    minutes = request.get("autotermination_minutes")
    ends = f"It ends after {minutes} minutes without work." if minutes else "It costs money until somebody ends it."
    return Plan(
        call="clusters/create of Databricks",
        place=workspace.where(),
        resource=f"a new cluster {request.get('cluster_name', 'without a name')!r}, {request['spark_version']}",
        request=request,
        warnings=(ends, *secret_warnings(request)),
        send=send,
    )


def _job(workspace: Workspace, request: Json, where: str, needs: tuple[str, ...]) -> Plan:
    _known(request, "JobSettings", where)
    for at, cluster in _new_clusters(request):
        _machines(cluster, f"{where}: {at}")
    clusters.need(workspace, [cluster for _, cluster in _new_clusters(request)], needs)
    asked = Asked(
        what=f"the new job in {workspace.host}", rights="the right to create jobs and clusters",
        look=f"at {workspace.host}/jobs", secrets=secrets_in(request),
    )  # fmt: skip

    def send() -> Started:
        name = str(workspace.send("/api/2.2/jobs/create", request, asked)["job_id"])
        return Started(what=f"the job {name}", ids={"job_id": name}, look=f"{workspace.host}/jobs/{name}")

    return Plan(
        call="jobs/create of Databricks",
        place=workspace.where(),
        resource=f"a new job {request.get('name', 'without a name')!r} with {len(request['tasks'])} tasks",
        request=request,
        warnings=("It is created and not run, unless it has a schedule.", *secret_warnings(request)),
        send=send,
    )


def _new_clusters(job: Json) -> Iterator[tuple[str, Json]]:
    for name in ("job_clusters", "tasks"):
        for at, item in enumerate(job.get(name) or []):
            if isinstance(item, dict) and isinstance(item.get("new_cluster"), dict):
                yield f"{name}[{at}].new_cluster", item["new_cluster"]


def _machines(cluster: Json, where: str) -> None:
    """Raises ConfigError where Databricks cannot tell which machines, and how many."""
    kind = any(cluster.get(name) for name in ("node_type_id", "instance_pool_id", "policy_id"))
    count = any(name in cluster for name in ("num_workers", "autoscale", "is_single_node", "policy_id"))
    if not kind or not count:
        raise ConfigError(f"{where}: the cluster {_NO_MACHINES}, in a file that --into names.")


def _known(request: Json, name: str, where: str) -> None:
    """Raises ConfigError for a field or a value that the SDK's class does not know."""
    from databricks.sdk.service import compute, jobs

    kind: Any = getattr(compute, name, None) or getattr(jobs, name)
    try:
        again = kind.from_dict(request).as_dict()
    except Exception as error:  # noqa: BLE001 - of a value of another shape
        raise ConfigError(f"{where}: the Databricks SDK cannot read it as {name} ({type(error).__name__}).") from None
    if path := next(_lost(request, again, ""), None):
        raise ConfigError(f"{where}: {path} is no field of {name} or no value of it that this databricks-sdk knows.")


def _lost(given: Any, again: Any, path: str) -> Iterator[str]:
    """Where the class has not given back what it was given; empty values count as nothing."""
    if isinstance(given, dict):
        for key, inner in given.items():
            there = again.get(key) if isinstance(again, dict) else None
            yield from _lost(inner, there, f"{path}.{key}".lstrip("."))
    elif isinstance(given, list):
        for at, inner in enumerate(given):
            there = again[at] if isinstance(again, list) and at < len(again) else None
            yield from _lost(inner, there, f"{path}[{at}]")
    elif given is not None and again is None:
        yield path
