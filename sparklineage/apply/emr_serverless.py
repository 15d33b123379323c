"""Amazon EMR Serverless: a job run of an application (StartJobRun)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.apply.aws import Service, about, document, named, secret_warnings
from sparklineage.apply.aws_files import need
from sparklineage.apply.interface import Found, Plan, Started, State
from sparklineage.apply.scala import same_scala
from sparklineage.apply.shown import reason
from sparklineage.errors import ApplyError, ConfigError

if TYPE_CHECKING:
    from sparklineage.apply.interface import Json, Options

_TITLE = "Amazon EMR Serverless"
_ID = r"[0-9a-z]{1,64}"
_ROLE = r"arn:aws[a-zA-Z0-9-]*:iam::[0-9]{12}:role/\S{1,500}"
_WANTED = "the input of start-job-run (--application URI, or --into FILE)"
_ABSENT = "check --application-id and --region"
_FAILED, _ENDED = frozenset(("FAILED", "CANCELLED")), frozenset(("SUCCESS", "FAILED", "CANCELLED"))


def artefacts(options: Options) -> tuple[str, ...]:  # noqa: ARG001
    return ("job-run.json",)


def existing(options: Options) -> Found | None:
    """The application, where an option names it. Raises ApplyError for one that has been ended."""
    if options.application_id is None:
        return None
    name = named(
        options.application_id, None, flag="--application-id", field_name="applicationId", pattern=_ID, where="--apply"
    )  # fmt: skip
    return _application(_service(options), name)


def plan(value: object, options: Options, found: Found | None, *, where: str) -> Plan:
    """StartJobRun."""
    request = document(value, where, _WANTED)
    name = named(
        options.application_id, request.get("applicationId"), flag="--application-id", field_name="applicationId",
        pattern=_ID, where=where,
    )  # fmt: skip
    role = named(
        options.execution_role, request.get("executionRoleArn"), flag="--execution-role",
        field_name="executionRoleArn", pattern=_ROLE, where=where,
    )  # fmt: skip
    request = {**request, "applicationId": name, "executionRoleArn": role}
    if "jobDriver" not in request:
        raise ConfigError(f"{where}: this starts nothing; --apply needs {_WANTED}.")
    service = _service(options)
    service.checked("StartJobRun", request, where)
    unchecked = need(service, options.needs)
    there = found or _application(service, name)
    same_scala("emr-serverless", there.release, options.needs, f"the application {name}")
    what = f"the job run of the application {name} in {service.region}"
    look = f"aws emr-serverless list-job-runs --application-id {name} --region {service.region}"
    action = f"emr-serverless:StartJobRun, and iam:PassRole for {role}"
    asked = about(what, action, _ABSENT, look=look, request=request)

    def send() -> Started:
        run = str(service.send("StartJobRun", request, asked)["jobRunId"])
        ids = {"applicationId": name, "jobRunId": run}
        return Started(
            what=f"the job run {run} of the application {name}",
            ids=ids,
            look=f"aws emr-serverless get-job-run --application-id {name} --job-run-id {run} --region {service.region}",
            state=lambda: _state(service, ids, asked.secrets),
        )

    return Plan(
        call=f"StartJobRun of {_TITLE}",
        place=service.where(),
        resource=f"the application {name} ({there.state.get('name', 'no name')}, {there.release}) runs "
        f"{request.get('name', 'a job')!r} as {role}",
        request=request,
        warnings=(*unchecked, *secret_warnings(request)),
        send=send,
    )


def _application(service: Service, name: str) -> Found:
    asked = about(f"the application {name} in {service.region}", "emr-serverless:GetApplication", _ABSENT)
    found: Json = service.ask("GetApplication", {"applicationId": name}, asked)["application"]
    if found.get("state") == "TERMINATED":
        raise ApplyError(f"{asked.what} is TERMINATED, and runs nothing any more; name another one.")
    return Found(name=name, release=found.get("releaseLabel"), state=found)


def _state(service: Service, ids: dict[str, str], secrets: tuple[str, ...]) -> State:
    asked = about(f"the job run {ids['jobRunId']}", "emr-serverless:GetJobRun", _ABSENT)
    run: Json = service.ask("GetJobRun", ids, asked)["jobRun"]
    state = str(run.get("state"))
    why = reason(run.get("stateDetails") or "", secrets)
    return State(text=state, done=state in _ENDED, failed=state in _FAILED, reason=why)


def _service(options: Options) -> Service:
    return Service(name="emr-serverless", title=_TITLE, options=options)
