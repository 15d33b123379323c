"""Amazon EMR on EC2: a new cluster (RunJobFlow), or steps for one that is there (AddJobFlowSteps)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sparklineage.apply import emr_states
from sparklineage.apply.aws import Service, about, document, named, secret_warnings
from sparklineage.apply.aws_files import need
from sparklineage.apply.interface import Found, Plan, Started
from sparklineage.apply.scala import same_scala
from sparklineage.errors import ApplyError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.apply.interface import Json, Options

_TITLE = "Amazon EMR"
_ID = r"j-[A-Z0-9]{1,60}"
_TAKES_STEPS = frozenset(("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"))
_CLUSTER = "the input of run-job-flow (--release, or --into FILE)"
_STEPS = "steps (--application, or --into FILE with the input of add-job-flow-steps)"
_LISTS = {"spark.extraListeners": "", "spark.jars": "--jars", "spark.jars.packages": "--packages", "spark.plugins": ""}
"""What both a cluster and a step may have, with the flag that means the same."""
_ABSENT = "check --cluster-id and --region"


def artefacts(options: Options) -> tuple[str, ...]:
    return ("steps.json",) if options.cluster_id else ("cluster.json",)


def existing(options: Options) -> Found | None:
    """The cluster that steps are for. Raises ApplyError for one that takes none any more."""
    if options.cluster_id is None:
        return None
    name = named(options.cluster_id, None, flag="--cluster-id", field_name="cluster id", pattern=_ID, where="--apply")
    return _existing(options, name)


def plan(value: object, options: Options, found: Found | None, *, where: str) -> Plan:
    """RunJobFlow, or with --cluster-id (or JobFlowId in the document) AddJobFlowSteps."""
    service = _service(options)
    if isinstance(value, list) and found is not None:
        value = {"Steps": value}
    request = document(value, where, _STEPS if found else _CLUSTER)
    if found is None and "JobFlowId" not in request:
        return _cluster(service, request, where)
    if "Instances" in request:
        raise ConfigError(f"{where}: this describes a new cluster; leave --cluster-id out, or merge into steps.")
    given = request.get("JobFlowId")
    name = named(options.cluster_id, given, flag="--cluster-id", field_name="JobFlowId", pattern=_ID, where=where)
    found = found or _existing(options, name)
    same_scala("emr", found.release, options.needs, f"the cluster {name}")
    return _steps(service, {"JobFlowId": name} | request, found.state, where)


def _existing(options: Options, name: str) -> Found:
    service = _service(options)
    asked = about(f"the cluster {name} in {service.region}", "elasticmapreduce:DescribeCluster", _ABSENT)
    cluster: Json = service.ask("DescribeCluster", {"ClusterId": name}, asked)["Cluster"]
    state = str(cluster.get("Status", {}).get("State"))
    if state not in _TAKES_STEPS:
        raise ApplyError(f"{asked.what} is {state}, and takes no steps; name another one, or start one.")
    return Found(name=name, release=cluster.get("ReleaseLabel"), state=cluster)


def _cluster(service: Service, request: Json, where: str) -> Plan:
    if "Instances" not in request:
        raise ConfigError(f"{where}: this starts nothing; --apply needs {_CLUSTER}.")
    service.checked("RunJobFlow", request, where)
    steps = request.get("Steps") or []
    stays = request["Instances"].get("KeepJobFlowAliveWhenNoSteps") is True
    look = "aws emr list-clusters --active"
    action = "elasticmapreduce:RunJobFlow, and iam:PassRole for its roles"
    scripts = [action["ScriptBootstrapAction"]["Path"] for action in request.get("BootstrapActions") or []]
    unchecked = need(service, [*service.options.needs, *scripts])
    asked = about(f"the new cluster in {service.region}", action, "check --region", look=look, request=request)

    def send() -> Started:
        name = str(service.send("RunJobFlow", request, asked)["JobFlowId"])
        return Started(
            what=f"the cluster {name}",
            ids={"JobFlowId": name},
            look=f"aws emr describe-cluster --cluster-id {name} --region {service.region}",
            state=lambda: emr_states.of_cluster(service, name, asked.secrets, steps=bool(steps)),
        )

    ends = "It stays until somebody ends it, and costs money." if stays else "It ends after its last step."
    return Plan(
        call=f"RunJobFlow of {_TITLE}",
        place=service.where(),
        resource=f"a new cluster {request['Name']!r}, {request.get('ReleaseLabel', 'no release')}; steps: {len(steps)}",
        request=request,
        warnings=(ends, *unchecked, *secret_warnings(request)),
        send=send,
    )


def _steps(service: Service, request: Json, cluster: Json, where: str) -> Plan:
    service.checked("AddJobFlowSteps", request, where)
    name, steps = request["JobFlowId"], request["Steps"]
    if not steps:
        raise ConfigError(f"{where}: there is no step in it.")
    unchecked = need(service, service.options.needs)
    look = f"aws emr list-steps --cluster-id {name} --region {service.region}"
    what = f"the cluster {name} in {service.region}"
    asked = about(what, "elasticmapreduce:AddJobFlowSteps", _ABSENT, look=look, request=request)

    def send() -> Started:
        ids = [str(one) for one in service.send("AddJobFlowSteps", request, asked)["StepIds"]]
        return Started(
            what=f"{'the step' if len(ids) == 1 else 'the steps'} {', '.join(ids)} of the cluster {name}",
            ids={"JobFlowId": name, "StepIds": " ".join(ids)},
            look=look,
            state=lambda: emr_states.of_steps(service, name, ids, asked.secrets),
        )

    label = f"{cluster.get('Name', 'no name')}, {cluster.get('ReleaseLabel', 'no release')}"
    titles = ", ".join(repr(str(step.get("Name"))) for step in steps)
    return Plan(
        call=f"AddJobFlowSteps of {_TITLE}",
        place=service.where(),
        resource=f"the cluster {name} ({label}) gets the steps {titles}",
        request=request,
        warnings=(*_replaced(cluster, steps), *unchecked, *secret_warnings(request)),
        send=send,
    )


def _replaced(cluster: Json, steps: list[Json]) -> Iterator[str]:
    """What the cluster's own properties lose against the steps: spark-submit joins nothing."""
    given: dict[str, str] = {}
    for item in cluster.get("Configurations") or []:
        if item.get("Classification") == "spark-defaults":
            given.update(item.get("Properties") or {})
    words = [word for step in steps for word in step["HadoopJarStep"].get("Args") or []]
    for key, flag in _LISTS.items():
        values = [word.partition("=")[2] for word in words if word.startswith(f"{key}=")]
        values += [value for word, value in pairwise(words) if word == flag]
        lost = [part for part in given.get(key, "").split(",") if part and any(part not in value for value in values)]
        if lost:
            yield f"The cluster's own {key} does not count in a step that has one: {', '.join(lost)} is missing there."


def _service(options: Options, **more: Any) -> Service:
    return Service(name="emr", title=_TITLE, options=options, **more)
