"""Amazon EMR on EKS: a job run of a virtual cluster (StartJobRun)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.apply.aws import Service, about, document, named, secret_warnings
from sparklineage.apply.aws_files import need
from sparklineage.apply.interface import Found, Plan, Started, State
from sparklineage.apply.shown import reason
from sparklineage.errors import ApplyError, ConfigError

if TYPE_CHECKING:
    from sparklineage.apply.interface import Json, Options

_TITLE = "Amazon EMR on EKS"
_ID = r"[0-9a-z]{1,64}"
_ROLE = r"arn:aws[a-zA-Z0-9-]*:iam::(?:[0-9]{12})?:role/\S{1,500}"
_WANTED = "the input of start-job-run (--application URI, or --into FILE)"
_ABSENT = "check --virtual-cluster-id and --region"
_FAILED, _ENDED = frozenset(("FAILED", "CANCELLED")), frozenset(("COMPLETED", "FAILED", "CANCELLED"))


def artefacts(options: Options) -> tuple[str, ...]:  # noqa: ARG001
    return ("job-run.json",)


def existing(options: Options) -> Found | None:  # noqa: ARG001
    """Nothing: a virtual cluster has no release of its own, the job run names it."""
    return None


def plan(value: object, options: Options, found: Found | None, *, where: str) -> Plan:  # noqa: ARG001
    """StartJobRun."""
    request = document(value, where, _WANTED)
    name = named(
        options.virtual_cluster_id, request.get("virtualClusterId"), flag="--virtual-cluster-id",
        field_name="virtualClusterId", pattern=_ID, where=where,
    )  # fmt: skip
    request = {**request, "virtualClusterId": name}
    if "jobTemplateId" not in request:
        request["executionRoleArn"] = named(
            options.execution_role, request.get("executionRoleArn"), flag="--execution-role",
            field_name="executionRoleArn", pattern=_ROLE, where=where,
        )  # fmt: skip
        if "jobDriver" not in request:
            raise ConfigError(f"{where}: this starts nothing; --apply needs {_WANTED}.")
        if not request.get("releaseLabel"):
            raise ConfigError(f"{where}: releaseLabel is missing; say --release, such as emr-7.5.0-latest.")
    service = _service(options)
    service.checked("StartJobRun", request, where)
    unchecked = need(service, options.needs)
    there = _cluster(service, name)
    region = service.region
    look = f"aws emr-containers list-job-runs --virtual-cluster-id {name} --region {region}"
    what = f"the job run of the virtual cluster {name} in {region}"
    asked = about(what, "emr-containers:StartJobRun", _ABSENT, look=look, request=request)

    def send() -> Started:
        run = str(service.send("StartJobRun", request, asked)["id"])
        ids = {"virtualClusterId": name, "id": run}
        return Started(
            what=f"the job run {run} of the virtual cluster {name}",
            ids=ids,
            look=f"aws emr-containers describe-job-run --virtual-cluster-id {name} --id {run} --region {region}",
            state=lambda: _state(service, ids, asked.secrets),
        )

    return Plan(
        call=f"StartJobRun of {_TITLE}",
        place=service.where(),
        resource=f"the virtual cluster {name} ({there.get('name', 'no name')}) runs {request.get('name', 'a job')!r}, "
        f"{request.get('releaseLabel', 'as its template says')}, as {request.get('executionRoleArn', 'its role')}",
        request=request,
        warnings=(*unchecked, *secret_warnings(request)),
        send=send,
    )


def _cluster(service: Service, name: str) -> Json:
    asked = about(f"the virtual cluster {name} in {service.region}", "emr-containers:DescribeVirtualCluster", _ABSENT)
    found: Json = service.ask("DescribeVirtualCluster", {"id": name}, asked)["virtualCluster"]
    if found.get("state") in {"TERMINATED", "TERMINATING"}:
        raise ApplyError(f"{asked.what} is {found['state']}, and runs nothing any more; name another one.")
    return found


def _state(service: Service, ids: dict[str, str], secrets: tuple[str, ...]) -> State:
    asked = about(f"the job run {ids['id']}", "emr-containers:DescribeJobRun", _ABSENT)
    run: Json = service.ask("DescribeJobRun", ids, asked)["jobRun"]
    state = str(run.get("state"))
    why = reason("; ".join(filter(None, (run.get("failureReason"), run.get("stateDetails")))), secrets)
    return State(text=state, done=state in _ENDED, failed=state in _FAILED, reason=why)


def _service(options: Options) -> Service:
    return Service(name="emr-containers", title=_TITLE, options=options)
