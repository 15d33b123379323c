"""What is rendered for AWS, sent by boto3 and by the command line of AWS to services that answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.unit.targets.aws_orders import HTTP, order, read, render, text_of

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/lineage"
SSM = {**HTTP, "auth": {"type": "api_key", "apiKey": "aws-ssm:/ol"}}
SECRET = {**HTTP, "auth": {"type": "api_key", "apiKey": "aws-secretsmanager:ol"}}


@pytest.fixture
def aws(moto: str) -> Any:
    def client(service: str) -> Any:
        return boto3.client(
            service, endpoint_url=moto, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )

    return client


def command(moto: str, home: Path, *words: str) -> Any:
    """What the command line of AWS answers."""
    if shutil.which("aws") is None:
        pytest.skip("the command line of AWS is not installed")
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(home), "AWS_ENDPOINT_URL": moto, "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "NO_PROXY": "127.0.0.1", "AWS_PAGER": "",
    }  # fmt: skip
    ended = subprocess.run(
        ["aws", "--output", "json", *words], env=environ, cwd=home, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.strip() else None


def test_a_cluster_starts_and_takes_steps(tmp_path: Path, aws: Any) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"}, transport=SSM)
    rendered = render(given, "emr")
    emr = aws("emr")
    cluster = emr.run_job_flow(**read(rendered, "cluster.json"))["JobFlowId"]
    described = emr.describe_cluster(ClusterId=cluster)["Cluster"]
    assert described["ReleaseLabel"] == "emr-7.5.0"
    assert described["Configurations"] == read(rendered, "configurations.json")
    (action,) = emr.list_bootstrap_actions(ClusterId=cluster)["BootstrapActions"]
    assert action["ScriptPath"] == "s3://b/lineage/node.sh"
    added = emr.add_job_flow_steps(JobFlowId=cluster, **read(rendered, "steps.json"))["StepIds"]
    assert len(added) == 2
    step = emr.describe_step(ClusterId=cluster, StepId=added[1])["Step"]
    assert step["Config"]["Args"] == read(rendered, "steps.json")["Steps"][1]["HadoopJarStep"]["Args"]


def test_the_command_line_takes_configurations_and_steps(tmp_path: Path, moto: str, aws: Any) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"}, transport=SSM)
    rendered = render(given, "emr")
    for name in ("configurations.json", "step.json"):
        (tmp_path / name).write_text(text_of(rendered, name))
    cluster = command(
        moto, tmp_path, "emr", "create-cluster", "--release-label", "emr-7.5.0", "--applications", "Name=Spark",
        "--instance-type", "m5.xlarge", "--instance-count", "1", "--use-default-roles",
        "--configurations", "file://configurations.json",
    )["ClusterId"]  # fmt: skip
    described = aws("emr").describe_cluster(ClusterId=cluster)["Cluster"]
    assert described["Configurations"] == read(rendered, "configurations.json")
    steps = command(moto, tmp_path, "emr", "add-steps", "--cluster-id", cluster, "--steps", "file://step.json")
    found = aws("emr").describe_step(ClusterId=cluster, StepId=steps["StepIds"][1])["Step"]
    assert found["Config"]["Args"] == read(rendered, "step.json")[1]["Args"]


def test_a_job_run_starts_on_emr_serverless(tmp_path: Path, moto: str, aws: Any) -> None:
    rendered = render(order(tmp_path, "emr-serverless", release="emr-7.5.0", transport=SECRET), "emr-serverless")
    client = aws("emr-serverless")
    application = client.create_application(name="a", releaseLabel="emr-7.5.0", type="SPARK")["applicationId"]
    client.stop_application(applicationId=application)
    client.update_application(applicationId=application, **read(rendered, "application.json"))
    client.start_application(applicationId=application)
    run = client.start_job_run(applicationId=application, executionRoleArn=ROLE, **read(rendered, "job-run.json"))
    found = client.get_job_run(applicationId=application, jobRunId=run["jobRunId"])["jobRun"]
    assert found["jobDriver"] == read(rendered, "job-run.json")["jobDriver"]
    assert found["configurationOverrides"] == read(rendered, "job-run.json")["configurationOverrides"]
    (tmp_path / "job-run.json").write_text(text_of(rendered, "job-run.json"))
    again = command(
        moto, tmp_path, "emr-serverless", "start-job-run", "--cli-input-json", "file://job-run.json",
        "--application-id", application, "--execution-role-arn", ROLE,
    )  # fmt: skip
    assert again["jobRunId"]


def test_a_job_run_starts_on_emr_on_eks(tmp_path: Path, aws: Any) -> None:
    rendered = render(order(tmp_path, "emr-containers", release="emr-7.5.0", transport=SECRET), "emr-containers")
    client = aws("emr-containers")
    provider = {"id": "c", "type": "EKS", "info": {"eksInfo": {"namespace": "jobs"}}}
    boto = aws("eks")
    boto.create_cluster(name="c", roleArn=ROLE, resourcesVpcConfig={"subnetIds": []})
    cluster = client.create_virtual_cluster(name="v", containerProvider=provider)["id"]
    run = client.start_job_run(virtualClusterId=cluster, executionRoleArn=ROLE, **read(rendered, "job-run.json"))
    found = client.describe_job_run(virtualClusterId=cluster, id=run["id"])["jobRun"]
    assert found["releaseLabel"] == "emr-7.5.0-latest"
    assert found["jobDriver"] == read(rendered, "job-run.json")["jobDriver"]
    assert found["configurationOverrides"] == read(rendered, "job-run.json")["configurationOverrides"]


def test_glue_takes_the_job_and_its_run(tmp_path: Path, aws: Any) -> None:
    rendered = render(order(tmp_path, "glue", release="5.0"), "glue")
    glue = aws("glue")
    job = read(rendered, "job.json")
    glue.create_job(Role=ROLE, **job)
    found = glue.get_job(JobName=job["Name"])["Job"]
    assert found["DefaultArguments"] == job["DefaultArguments"]
    run = glue.start_job_run(JobName=job["Name"], Arguments=read(rendered, "arguments.json"))["JobRunId"]
    found = glue.get_job_run(JobName=job["Name"], RunId=run)["JobRun"]["Arguments"]
    assert read(rendered, "arguments.json").items() <= found.items()
