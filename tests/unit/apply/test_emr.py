"""Clusters and steps of EMR: real boto3 against a real server, through the command."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto.backends import get_backend

from tests.unit.apply.conftest import AGENT, REGION, Sleep
from tests.unit.cli.desk import CANARY, Desk

APPLY = ("conf", "emr", "--apply", "--yes")
JOB = ("--application", "s3://lake/job.py")
ACCOUNT = "123456789012"


def emr() -> Any:
    return boto3.client("emr", region_name=REGION)


def clusters() -> list[Any]:
    """What the server holds."""
    regions = get_backend("emr")[ACCOUNT]
    return [cluster for name in list(regions) for cluster in regions[name].clusters.values()]


def cluster(**more: Any) -> str:
    """A cluster that waits."""
    instances = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}
    found = emr().run_job_flow(
        Name="shared", ReleaseLabel="emr-7.5.0", Instances=instances, JobFlowRole="e", ServiceRole="s", **more
    )
    return str(found["JobFlowId"])


def steps_become(state: str, **more: Any) -> None:
    for found in clusters():
        for step in found.steps:
            step.state = state
            for name, value in more.items():
                setattr(step, name, value)


@pytest.mark.usefixtures("aws")
def test_a_cluster_is_started_as_it_was_shown_and_waited_for(desk: Desk, sleep: Sleep) -> None:
    sleep.meanwhile = [lambda: None, lambda: steps_become("COMPLETED")]
    status, out, err = desk.run(*APPLY, *JOB)
    assert status == 0, err
    [found] = clusters()
    assert out == f"JobFlowId: {found.id}\nstate: WAITING: COMPLETED\n"
    assert f"account {ACCOUNT} as arn:aws:sts::{ACCOUNT}:user/moto, region {REGION}" in err
    assert "the plan is RunJobFlow of Amazon EMR" in err
    assert "a new cluster 'Daily flights', emr-7.5.0; steps: 1" in err
    described = emr().describe_cluster(ClusterId=found.id)["Cluster"]
    shown = json.loads(desk.good("conf", "emr", *JOB))
    assert described["Configurations"] == shown
    [step] = emr().list_steps(ClusterId=found.id)["Steps"]
    assert step["Config"]["Args"][-1] == "s3://lake/job.py"


@pytest.mark.usefixtures("aws")
def test_steps_are_added_to_a_cluster_that_says_the_release_itself(desk: Desk, sleep: Sleep) -> None:
    desk.write((desk.work / "sparklineage.yml").read_text().replace("release: emr-7.5.0, ", ""))
    name = cluster()
    sleep.meanwhile = [lambda: steps_become("COMPLETED")]
    status, out, err = desk.run(*APPLY, *JOB, "--cluster-id", name)
    assert status == 0, err
    [step] = emr().list_steps(ClusterId=name)["Steps"]
    assert out == f"JobFlowId: {name}\nStepIds: {step['Id']}\nstate: COMPLETED\n"
    assert f"s3://lake/lineage/{AGENT}" in step["Config"]["Args"]
    assert "runs on emr-7.5.0" in err
    assert f"the cluster {name} (shared, emr-7.5.0) gets the steps 'Daily flights'" in err


@pytest.mark.usefixtures("aws")
def test_what_the_clusters_own_properties_lose_is_told(desk: Desk) -> None:
    own = {"spark.jars": "s3://lake/own.jar", "spark.extraListeners": "org.example.Own"}
    name = cluster(Configurations=[{"Classification": "spark-defaults", "Properties": own}])
    _, _, err = desk.run(*APPLY, *JOB, "--cluster-id", name, "--no-wait")
    assert "The cluster's own spark.jars does not count in a step that has one: s3://lake/own.jar is missing" in err
    assert "The cluster's own spark.extraListeners does not count" in err


@pytest.mark.usefixtures("aws")
def test_steps_of_a_file_come_with_the_lineage(desk: Desk) -> None:
    name = cluster()
    jar = {
        "Jar": "command-runner.jar",
        "Args": ["spark-submit", "--conf", "spark.jars=s3://lake/own.jar", "s3://lake/job.py"],
    }
    desk.write(json.dumps({"JobFlowId": name, "Steps": [{"Name": "mine", "HadoopJarStep": jar}]}), "steps.json")
    status, _, err = desk.run(*APPLY, "--into", "steps.json", "--no-wait")
    assert status == 0, err
    [step] = emr().list_steps(ClusterId=name)["Steps"]
    assert step["Name"] == "mine"
    assert any(AGENT in word and "s3://lake/own.jar" in word for word in step["Config"]["Args"])


@pytest.mark.usefixtures("aws")
def test_a_failed_step_has_its_own_status_and_says_why_without_secrets(desk: Desk, sleep: Sleep) -> None:
    instances = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1}
    own = {"spark.hadoop.fs.s3a.secret.key": CANARY}
    described = {
        "Name": "mine", "ReleaseLabel": "emr-7.5.0", "Instances": instances, "JobFlowRole": "e", "ServiceRole": "s",
        "Configurations": [{"Classification": "spark-defaults", "Properties": own}],
    }  # fmt: skip
    desk.write(json.dumps(described), "mine.json")
    sleep.meanwhile = [lambda: steps_become("FAILED", last_state_change_reason=f"it said {CANARY}.")]
    status, out, err = desk.run(*APPLY, *JOB, "--into", "mine.json")
    assert status == 87
    assert "ended with WAITING: FAILED: it said ********. See aws emr describe-cluster" in err
    assert "spark.hadoop.fs.s3a.secret.key holds a secret in plain text" in err
    assert CANARY not in out + err
    [found] = clusters()
    assert CANARY in json.dumps(emr().describe_cluster(ClusterId=found.id)["Cluster"]["Configurations"])


@pytest.mark.usefixtures("aws")
def test_ctrl_c_leaves_the_cluster_running(desk: Desk, sleep: Sleep) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    sleep.meanwhile = [stop]
    status, out, err = desk.run(*APPLY, *JOB)
    [found] = clusters()
    assert (status, out) == (130, f"JobFlowId: {found.id}\n")
    assert f"not waited for any more: the cluster {found.id} goes on there; see aws emr describe-cluster" in err
    assert found.state == "WAITING"


@pytest.mark.usefixtures("aws")
def test_a_cluster_that_is_not_there_or_has_ended_gets_nothing(desk: Desk) -> None:
    sentence = desk.refused(82, *APPLY, *JOB, "--cluster-id", "j-ABSENT")
    assert sentence == "the cluster j-ABSENT in eu-west-1: it is not there; check --cluster-id and --region."
    name = cluster()
    emr().terminate_job_flows(JobFlowIds=[name])
    sentence = desk.refused(86, *APPLY, *JOB, "--cluster-id", name)
    assert (
        sentence
        == f"the cluster {name} in eu-west-1 is TERMINATED, and takes no steps; name another one, or start one."
    )
    assert clusters()[0].steps == []


@pytest.mark.usefixtures("aws")
def test_what_an_endpoint_of_its_own_leaves_unchecked_is_said(desk: Desk, moto: str) -> None:
    _, _, err = desk.run(*APPLY, *JOB, "--no-wait", "--endpoint-url", moto)
    assert f"Whether s3://lake/lineage/{AGENT}, s3://lake/job.py lie there was not checked" in err
    assert len(clusters()) == 1
    _, _, err = desk.run(*APPLY, *JOB, "--no-wait")
    assert "was not checked" not in err


@pytest.mark.usefixtures("aws")
def test_a_jar_that_is_not_there_yet_stops_it(desk: Desk) -> None:
    boto3.client("s3", region_name=REGION).delete_object(Bucket="lake", Key=f"lineage/{AGENT}")
    status, out, err = desk.run(*APPLY, *JOB)
    assert (status, out) == (82, "")
    assert f"s3://lake/lineage/{AGENT}: not there yet, so nothing was sent; put it there first" in err
    assert clusters() == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"Nmae": CANARY}, 'Unknown parameter in input: "Nmae", must be one of: Name,'),
        ({"Instances": CANARY}, "Invalid type for parameter Instances is of the wrong type"),
        ({"Applications": [{"Name": 1}]}, "Invalid type for parameter Applications[0].Name is of the wrong type"),
        ({"Name": None}, "Invalid type for parameter Name is of the wrong type"),
    ],
)
def test_what_the_services_model_does_not_allow_is_never_sent(desk: Desk, change: Any, sentence: str) -> None:
    base = {"Name": "mine", "ReleaseLabel": "emr-7.5.0", "Instances": {"InstanceCount": 1}}
    desk.write(json.dumps(base | change), "mine.json")
    status, out, err = desk.run(*APPLY, "--into", "mine.json")
    assert (status, out) == (64, "")
    assert f"mine.json: Amazon EMR would refuse it: {sentence}" in err
    assert CANARY not in err
    assert clusters() == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ((), 0, ""),
        (("--cluster-id", "j-"), 2, "--cluster-id is 'j-', which is no cluster id."),
        (("--release", ""), 64, "release"),
    ],
)
def test_options(desk: Desk, options: tuple[str, ...], status: int, sentence: str) -> None:
    found, _, err = desk.run(*APPLY, *JOB, "--no-wait", *options)
    assert found == status, err
    assert sentence in err


@pytest.mark.usefixtures("aws")
def test_configurations_alone_start_nothing(desk: Desk) -> None:
    desk.write("[]", "configurations.json")
    status, out, err = desk.run(*APPLY, "--into", "configurations.json")
    assert (status, out) == (64, "")
    assert "configurations.json: this starts nothing; --apply needs the input of run-job-flow" in err
    name = cluster()
    sentence = desk.run(*APPLY, "--cluster-id", name)[2]
    assert "there is no steps.json to send; give --application URI" in sentence


@pytest.mark.usefixtures("aws")
def test_an_agent_for_another_scala_is_kept_from_a_cluster(desk: Desk) -> None:
    name = cluster()
    s3 = boto3.client("s3", region_name=REGION)
    s3.put_object(Bucket="lake", Key=f"lineage/{AGENT.replace('2.12', '2.13')}", Body=b"")
    status, out, err = desk.run(*APPLY, *JOB, "--cluster-id", name, "--release", "emr-spark-8.0.0")
    assert (status, out, clusters()[0].steps) == (64, "", [])
    assert err.splitlines()[-1] == (
        f"sparklineage: the cluster {name} has emr-7.5.0 with Scala 2.12, and the agent is the one for 2.13: it "
        "would end every job. Say --release emr-7.5.0."
    )


@pytest.mark.usefixtures("aws")
def test_a_name_that_means_the_terminal_reaches_none(desk: Desk) -> None:
    name = cluster(Tags=[])
    clusters()[0].name = "\x1b]0;mine\x07\u202e"
    _, _, err = desk.run(*APPLY, *JOB, "--cluster-id", name, "--no-wait")
    assert f"the cluster {name} (" in err
    assert not {"\x1b", "\x07", "\u202e"} & set(err)
