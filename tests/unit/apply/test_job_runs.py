"""Job runs of EMR Serverless and EMR on EKS: real boto3 against a real server, through the command."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.emrserverless import models

from tests.unit.apply.conftest import AGENT, REGION, ROLE, Sleep
from tests.unit.cli.desk import CANARY, Desk

JOB = ("--application", "s3://lake/job.py", "--argument=--day")
ACCOUNT = "123456789012"


def serverless() -> str:
    client = boto3.client("emr-serverless", region_name=REGION)
    return str(client.create_application(name="nightly", releaseLabel="emr-7.5.0", type="SPARK")["applicationId"])


def virtual_cluster() -> str:
    client = boto3.client("emr-containers", region_name=REGION)
    provider = {"id": "eks", "type": "EKS", "info": {"eksInfo": {"namespace": "jobs"}}}
    return str(client.create_virtual_cluster(name="virtual", containerProvider=provider)["id"])


def runs(service: str) -> list[Any]:
    """What the server holds."""
    held = get_backend(service)[ACCOUNT][REGION].job_runs
    return [run for found in held.values() for run in (found if isinstance(found, list) else [found])]


def become(service: str, state: str, **more: Any) -> Any:
    def change() -> None:
        for run in runs(service):
            run.state = state
            for name, value in more.items():
                setattr(run, name, value)

    return change


@pytest.mark.usefixtures("aws")
def test_emr_serverless_runs_a_job_and_says_how_it_ended(
    desk: Desk, sleep: Sleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "JOB_STATUS", "RUNNING")
    name = serverless()
    apply = ("conf", "emr-serverless", *JOB, "--apply", "--yes", "--application-id", name, "--execution-role", ROLE)
    sleep.meanwhile = [become("emr-serverless", "SUCCESS")]
    status, out, err = desk.run(*apply)
    assert status == 0, err
    [run] = runs("emr-serverless")
    assert out == f"applicationId: {name}\njobRunId: {run.id}\nstate: SUCCESS\n"
    assert f"the application {name} (nightly, emr-7.5.0) runs 'Daily flights' as {ROLE}" in err
    shown = json.loads(desk.good("conf", "emr-serverless", *JOB))
    found = boto3.client("emr-serverless", region_name=REGION).get_job_run(applicationId=name, jobRunId=run.id)[
        "jobRun"
    ]
    assert {key: found[key] for key in shown} == shown
    assert AGENT in json.dumps(found["configurationOverrides"])
    sleep.meanwhile = [become("emr-serverless", "FAILED", state_details="Job failed, see\nlogs.")]
    status, _, err = desk.run(*apply)
    assert status == 87
    assert (
        f"of the application {name} ended with FAILED: Job failed, see logs. See aws emr-serverless get-job-run" in err
    )


@pytest.mark.usefixtures("aws")
def test_emr_on_eks_runs_a_job_and_says_how_it_ended(desk: Desk, sleep: Sleep) -> None:
    name = virtual_cluster()
    apply = ("conf", "emr-containers", *JOB, "--apply", "--yes", "--virtual-cluster-id", name, "--execution-role", ROLE)
    sleep.meanwhile = [become("emr-containers", "COMPLETED")]
    status, out, err = desk.run(*apply)
    assert status == 0, err
    [run] = runs("emr-containers")
    assert out == f"virtualClusterId: {name}\nid: {run.id}\nstate: COMPLETED\n"
    assert f"the virtual cluster {name} (virtual) runs 'Daily-flights', emr-7.5.0-latest, as {ROLE}" in err
    found = boto3.client("emr-containers", region_name=REGION).describe_job_run(id=run.id, virtualClusterId=name)[
        "jobRun"
    ]
    shown = json.loads(desk.good("conf", "emr-containers", *JOB))
    assert {key: found[key] for key in shown} == shown
    sleep.meanwhile = [become("emr-containers", "FAILED", failure_reason="USER_ERROR")]
    status, _, err = desk.run(*apply)
    assert status == 87
    assert (
        f"of the virtual cluster {name} ended with FAILED: USER_ERROR. See aws emr-containers describe-job-run" in err
    )


@pytest.mark.usefixtures("aws")
def test_a_request_of_the_users_says_where_itself_and_keeps_what_it_has(desk: Desk) -> None:
    name = serverless()
    parameters = f"--conf spark.jars=s3://lake/own.jar --conf spark.my.password={CANARY}"
    driver = {"entryPoint": "s3://lake/job.py", "sparkSubmitParameters": parameters}
    run = {"applicationId": name, "executionRoleArn": ROLE, "jobDriver": {"sparkSubmit": driver}, "tags": {"team": "a"}}
    desk.write(json.dumps(run), "run.json")
    status, out, err = desk.run("conf", "emr-serverless", "--into", "run.json", "--apply", "--yes", "--no-wait")
    assert status == 0, err
    assert CANARY not in out + err
    assert "spark.my.password=********" in err
    assert "spark.my.password holds a secret in plain text, which everybody can read who may describe it." in err
    [sent] = runs("emr-serverless")
    assert sent.tags == {"team": "a"}
    # The list grows where it stands; what is beside it stays as it was.
    jars = "--jars s3://lake/own.jar,s3://lake/lineage/openlineage-spark_2.12-1.53.0.jar"
    wanted = f"{jars} --conf spark.my.password={CANARY}"
    assert sent.job_driver["sparkSubmit"]["sparkSubmitParameters"] == wanted
    other = ("--application-id", "00other")
    status, out, err = desk.run("conf", "emr-serverless", "--into", "run.json", "--apply", "--yes", *other)
    assert (status, out) == (82, "")
    assert len(runs("emr-serverless")) == 1


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("target", "options", "status", "sentence"),
    [
        ("emr-serverless", (), 2, "job-run.json: applicationId is missing; give --application-id."),
        ("emr-serverless", ("--application-id", "A B"), 2, "--application-id is 'A B', which is no applicationId."),
        ("emr-serverless", ("--application-id", "00absent"), 82, "00absent in eu-west-1: it is not there"),
        ("emr-containers", (), 2, "job-run.json: virtualClusterId is missing; give --virtual-cluster-id."),
        ("emr-containers", ("--virtual-cluster-id", "absent"), 2,
         "job-run.json: executionRoleArn is missing; give --execution-role."),
        ("emr-containers", ("--virtual-cluster-id", "absent", "--execution-role", ROLE), 82,
         "the virtual cluster absent in eu-west-1: it is not there; check --virtual-cluster-id and --region."),
        ("emr-containers", ("--virtual-cluster-id", "absent", "--execution-role", "me"), 2,
         "--execution-role is 'me', which is no executionRoleArn."),
    ],
)  # fmt: skip
def test_whatever_is_missing_or_not_there_has_a_sentence(
    desk: Desk, target: str, options: tuple[str, ...], status: int, sentence: str
) -> None:
    found, out, err = desk.run("conf", target, *JOB, "--apply", "--yes", *options)
    assert (found, out) == (status, ""), err
    assert sentence in err.splitlines()[-1]
    assert runs(target) == []


@pytest.mark.usefixtures("aws")
def test_what_has_been_ended_runs_nothing(desk: Desk) -> None:
    name = serverless()
    client = boto3.client("emr-serverless", region_name=REGION)
    client.stop_application(applicationId=name)
    client.delete_application(applicationId=name)
    apply = ("--apply", "--yes", "--application-id", name, "--execution-role", ROLE)
    sentence = desk.refused(86, "conf", "emr-serverless", *JOB, *apply)
    assert sentence == (
        f"the application {name} in eu-west-1 is TERMINATED, and runs nothing any more; name another one."
    )


@pytest.mark.usefixtures("aws")
def test_without_an_application_there_is_nothing_to_run(desk: Desk) -> None:
    for target in ("emr-serverless", "emr-containers"):
        status, out, err = desk.run("conf", target, "--apply", "--yes", "--execution-role", ROLE)
        assert (status, out) == (2, "")
        assert f"conf {target}: there is no job-run.json to send; give --application URI" in err
