"""EMR Serverless and EMR on EKS: requests that their models allow, their limits, and documents of the user's."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from sparklineage.errors import ConfigError
from sparklineage.targets import Application
from sparklineage.targets.arguments import options_conf, split
from tests.support.aws_models import refusals
from tests.unit.targets.aws_orders import HTTP, LISTENER, names, order, read, render, text_of

SECRET = {**HTTP, "auth": {"type": "api_key", "apiKey": "aws-secretsmanager:ol"}}
BOTH = pytest.mark.parametrize("platform", ["emr-serverless", "emr-containers"])
DRIVER = {"emr-serverless": "sparkSubmit", "emr-containers": "sparkSubmitJobDriver"}
LATER = {
    "emr-serverless": ("applicationId", "clientToken", "executionRoleArn"),
    "emr-containers": ("virtualClusterId", "clientToken"),
}
API_KEY = "OPENLINEAGE__TRANSPORT__AUTH__API_KEY"


def properties(configuration: list[Any]) -> dict[str, str]:
    (found,) = [one["properties"] for one in configuration if one["classification"] == "spark-defaults"]
    return dict(found)


def of_run(run: dict[str, Any]) -> dict[str, str]:
    return properties(run["configurationOverrides"]["applicationConfiguration"])


def parameters(run: dict[str, Any], platform: str) -> dict[str, str]:
    words = shlex.split(run["jobDriver"][DRIVER[platform]].get("sparkSubmitParameters", ""))
    return {key: value.written for key, value in options_conf(split(words)[0], "").items()}


def mine(platform: str, text: str = "--conf spark.extraListeners=com.acme.Mine --name a") -> dict[str, Any]:
    return {
        "jobDriver": {DRIVER[platform]: {"entryPoint": "s3://b/own.py", "sparkSubmitParameters": text}},
        "configurationOverrides": {
            "applicationConfiguration": [
                {"classification": "spark-defaults", "properties": {"spark.jars": "s3://b/mine.jar", "spark.a": "b c"}}
            ],
            "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://b/log"}},
        },
    }


@BOTH
@pytest.mark.parametrize("transport", [HTTP, SECRET])
def test_every_request_is_one_that_the_service_takes(tmp_path: Path, platform: str, transport: dict[str, Any]) -> None:
    rendered = render(order(tmp_path, platform, release="emr-7.5.0", transport=transport), platform)
    run = read(rendered, "job-run.json")
    assert refusals(platform, "StartJobRun", run, later=LATER[platform]) == []
    found = of_run(run)
    assert found["spark.extraListeners"] == LISTENER
    assert found["spark.jars"].startswith("s3://b/lineage/openlineage-spark_2.12-")
    assert found["spark.openlineage.transport.url"] == HTTP["url"]


def test_an_application_gives_the_same_to_its_jobs(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr-serverless", release="emr-7.5.0"), "emr-serverless")
    application = read(rendered, "application.json")
    assert refusals("emr-serverless", "UpdateApplication", application, later=("applicationId", "clientToken")) == []
    assert properties(application["runtimeConfiguration"]) == of_run(read(rendered, "job-run.json"))
    alone = render(order(tmp_path, "emr-serverless", release="emr-7.5.0", application=None), "emr-serverless")
    assert names(alone) == ["application.json"]


def test_without_an_application_there_are_the_overrides_of_eks(tmp_path: Path) -> None:
    alone = render(order(tmp_path, "emr-containers", release="emr-7.5.0", application=None), "emr-containers")
    assert names(alone) == ["configuration-overrides.json"]
    assert LISTENER in text_of(alone, "configuration-overrides.json")


@BOTH
def test_the_agent_sends_itself(tmp_path: Path, platform: str) -> None:
    with pytest.raises(ConfigError, match="allows direct alone"):
        order(tmp_path, platform, release="emr-7.5.0", delivery={"mode": "outbox"})


# Secrets -----------------------------------------------------------------------------------------------------------


def test_serverless_fetches_a_whole_secret(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr-serverless", release="emr-7.5.0", transport=SECRET), "emr-serverless")
    found = of_run(read(rendered, "job-run.json"))
    assert found["spark.openlineage.transport.auth.apiKey"] == "EMR.secret@ol"
    assert found["spark.openlineage.transport.auth.type"] == "api_key"
    assert any("EMR fetches ol when a job starts" in note for note in rendered.notes)


@pytest.mark.parametrize("key", ["env:KEY", "aws-ssm:/ol", "aws-secretsmanager:ol#key", "file:/key"])
def test_serverless_fetches_nothing_else(tmp_path: Path, key: str) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": key}}
    given = order(tmp_path, "emr-serverless", release="emr-7.5.0", transport=transport)
    with pytest.raises(ConfigError, match="fetches whole secrets of AWS Secrets Manager alone"):
        render(given, "emr-serverless")


def test_kubernetes_brings_the_key_into_the_drivers_environment(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr-containers", release="emr-7.5.0", transport=SECRET), "emr-containers")
    found = of_run(read(rendered, "job-run.json"))
    assert found[f"spark.kubernetes.driver.secretKeyRef.{API_KEY}"] == f"sparklineage:{API_KEY}"
    assert found["spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__TYPE"] == "http"
    assert found["spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__AUTH__TYPE"] == "api_key"
    assert "spark.openlineage.transport.auth.type" not in found
    assert any(f'key {API_KEY} with the text "<aws-secretsmanager:ol>"' in note for note in rendered.notes)
    template = yaml.safe_load(text_of(rendered, "driver-pod-template.yaml"))
    (container,) = template["spec"]["containers"]
    assert container["name"] == "spark-kubernetes-driver"
    assert container["env"][-1] == {
        "name": API_KEY,
        "valueFrom": {"secretKeyRef": {"name": "sparklineage", "key": API_KEY}},
    }


def test_the_rule_for_secrets_is_that_of_kubernetes(tmp_path: Path) -> None:
    """`env:NAME` is the entry NAME of the Secret that the platform's section names."""
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": "env:MARQUEZ_KEY"}}
    section = {"secretName": "lineage-keys"}
    given = order(tmp_path, "emr-containers", release="emr-7.5.0", transport=transport, section=section)
    rendered = render(given, "emr-containers")
    found = of_run(read(rendered, "job-run.json"))
    assert found[f"spark.kubernetes.driver.secretKeyRef.{API_KEY}"] == "lineage-keys:MARQUEZ_KEY"
    template = yaml.safe_load(text_of(rendered, "driver-pod-template.yaml"))
    reference = template["spec"]["containers"][0]["env"][-1]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "lineage-keys", "key": "MARQUEZ_KEY"}
    (note,) = [note for note in rendered.notes if "Secret" in note]
    assert "the Secret lineage-keys needs the entry MARQUEZ_KEY. The agent reads it as JSON" in note
    given = order(tmp_path, "emr-containers", release="emr-7.5.0", transport=transport, section={"secretName": "A_B"})
    with pytest.raises(ConfigError, match=r"platforms\.emr-containers\.secretName is 'A_B'"):
        render(given, "emr-containers")


def test_a_value_survives_the_pod_template(tmp_path: Path) -> None:
    odd = 'a"b\\c: {d} # é 😀 $(e)'
    transport = {
        **HTTP,
        "auth": {"type": "jwt", "apiKey": "aws-secretsmanager:ol", "tokenEndpoint": "https://t", "grantType": odd},
    }
    given = order(tmp_path, "emr-containers", release="emr-7.5.0", transport=transport)
    rendered = render(given, "emr-containers")
    (container,) = yaml.safe_load(text_of(rendered, "driver-pod-template.yaml"))["spec"]["containers"]
    values = {one["name"]: one.get("value") for one in container["env"]}
    assert values["OPENLINEAGE__TRANSPORT__AUTH__GRANT_TYPE"] == odd


def test_our_key_is_not_for_a_backend_of_theirs(tmp_path: Path) -> None:
    given = order(tmp_path, "emr-containers", release="emr-7.5.0", transport=SECRET)
    own = {"spark.openlineage.transport.type": "http", "spark.openlineage.transport.url": "https://theirs"}
    listed = [{"classification": "spark-defaults", "properties": own}]
    rendered = render(given, "emr-containers", listed)
    assert names(rendered) == ["mine.json"]
    assert "secretKeyRef" not in text_of(rendered, "mine.json")
    run = mine("emr-containers", "--conf spark.openlineage.transport.type=console")
    assert "secretKeyRef" not in text_of(render(given, "emr-containers", run), "mine.json")


# Limits ------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_long_value_goes_into_the_parameters(tmp_path: Path, platform: str) -> None:
    spark = {"spark.acme.long": "x" * 1025, "spark.acme.short": "x" * 1024}
    given = order(tmp_path, platform, release="emr-7.5.0", spark=spark)
    run = read(render(given, platform), "job-run.json")
    assert refusals(platform, "StartJobRun", run, later=LATER[platform]) == []
    assert parameters(run, platform) == {"spark.acme.long": "x" * 1025}
    assert of_run(run)["spark.acme.short"] == "x" * 1024
    with pytest.raises(ConfigError, match="say --application, whose job run has more room"):
        render(order(tmp_path, platform, release="emr-7.5.0", spark=spark, application=None), platform)


@BOTH
def test_more_than_a_hundred_properties_are_shared_out(tmp_path: Path, platform: str) -> None:
    spark = {f"spark.acme.p{number}": "v" for number in range(120)}
    run = read(render(order(tmp_path, platform, release="emr-7.5.0", spark=spark), platform), "job-run.json")
    assert refusals(platform, "StartJobRun", run, later=LATER[platform]) == []
    assert len(of_run(run)) == 100
    assert spark.items() <= {**of_run(run), **parameters(run, platform)}.items()


@BOTH
@pytest.mark.parametrize(
    ("value", "says"),
    [("x " * 1000, "has 2,000 characters"), ("a\nb", "holds a line end"), ("a\x7fb", "U+007F"), (" ", "is blank")],
)
def test_what_no_place_can_carry_is_refused(tmp_path: Path, platform: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        render(order(tmp_path, platform, release="emr-7.5.0", spark={"spark.acme.x": value}), platform)
    assert says in str(raised.value)
    assert "sparklineage.yml" in str(raised.value)


@pytest.mark.parametrize(("platform", "most"), [("emr-serverless", 4096), ("emr-containers", 256)])
def test_the_entry_point_has_its_limit(tmp_path: Path, platform: str, most: int) -> None:
    fits = Application(uri="s3://b/" + "x" * (most - 7))
    run = read(render(order(tmp_path, platform, release="emr-7.5.0", application=fits), platform), "job-run.json")
    assert refusals(platform, "StartJobRun", run, later=LATER[platform]) == []
    long = Application(uri="s3://b/" + "x" * (most - 6))
    with pytest.raises(ConfigError, match=f"the application's URI has {most + 1:,} characters"):
        render(order(tmp_path, platform, release="emr-7.5.0", application=long), platform)


@BOTH
def test_a_class_with_blanks_is_refused(tmp_path: Path, platform: str) -> None:
    job = Application(uri="s3://b/a.jar", main_class="a b")
    with pytest.raises(ConfigError, match="cannot stand in sparkSubmitParameters"):
        render(order(tmp_path, platform, release="emr-7.5.0", application=job), platform)


def test_the_label_of_eks_names_an_image(tmp_path: Path) -> None:
    for release, label in [("emr-7.5.0", "emr-7.5.0-latest"), ("emr-7.5.0-20250101", "emr-7.5.0-20250101")]:
        run = read(render(order(tmp_path, "emr-containers", release=release), "emr-containers"), "job-run.json")
        assert run["releaseLabel"] == label


# Documents of the user's -------------------------------------------------------------------------------------------


@BOTH
def test_a_list_in_the_parameters_is_joined_there(tmp_path: Path, platform: str) -> None:
    given = order(tmp_path, platform, release="emr-7.5.0")
    merged = read(render(given, platform, mine(platform)), "mine.json")
    assert refusals(platform, "StartJobRun", merged, later=LATER[platform]) == []
    assert parameters(merged, platform)["spark.extraListeners"] == f"com.acme.Mine,{LISTENER}"
    assert of_run(merged)["spark.jars"].startswith("s3://b/mine.jar,s3://b/lineage/")
    assert of_run(merged)["spark.a"] == "b c"
    own = mine(platform)["configurationOverrides"]["monitoringConfiguration"]
    assert merged["configurationOverrides"]["monitoringConfiguration"] == own
    assert merged["jobDriver"][DRIVER[platform]]["entryPoint"] == "s3://b/own.py"


@BOTH
def test_a_list_stands_in_the_parameters_once(tmp_path: Path, platform: str) -> None:
    """And every other word is as it was."""
    text = "--name 'a b'  --jars s3://b/mine.jar --conf spark.x=\"c\" --conf spark.extraListeners=com.acme.Mine"
    merged = read(render(order(tmp_path, platform, release="emr-7.5.0"), platform, mine(platform, text)), "mine.json")
    found = merged["jobDriver"][DRIVER[platform]]["sparkSubmitParameters"]
    assert found.count("--jars") == found.count("spark.extraListeners") == 1
    assert found.startswith("--name 'a b' --jars s3://b/mine.jar,s3://b/lineage/openlineage")
    assert ' --conf spark.x="c" --conf spark.extraListeners=com.acme.Mine,' in found


@BOTH
@pytest.mark.parametrize("transport", [HTTP, SECRET])
@pytest.mark.parametrize(
    "shape", ["run", "run without a driver", "overrides", "list", "empty list", "long", "application"]
)
def test_twice_is_once(tmp_path: Path, platform: str, transport: dict[str, Any], shape: str) -> None:
    whole = mine(platform)
    document: Any = {
        "run": whole,
        "run without a driver": {"configurationOverrides": {}},
        "overrides": whole["configurationOverrides"],
        "list": whole["configurationOverrides"]["applicationConfiguration"],
        "empty list": [],
        "long": mine(platform, ""),
        "application": {"type": "SPARK", "runtimeConfiguration": []},
    }[shape]
    if shape == "application" and platform != "emr-serverless":
        document = {"applicationConfiguration": []}
    spark = {"spark.acme.long": "x" * 2000} if shape == "long" else {}
    given = order(tmp_path, platform, release="emr-7.5.0", transport=transport, spark=spark)
    once = render(given, platform, document)
    twice = render(given, platform, text_of(once, "mine.json"))
    assert [one.text for one in twice.artefacts] == [one.text for one in once.artefacts]
    assert LISTENER in text_of(once, "mine.json")


@BOTH
@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"a": 1}, "none of the documents"),
        ([{"Classification": "spark-defaults"}], "none of the documents"),
        ({"jobDriver": {"hive": {}}}, "lineage is for that alone"),
        ({"configurationOverrides": 1}, None),
        ({"configurationOverrides": {"applicationConfiguration": 1}}, "is no list of objects with classification"),
        ({"releaseLabel": "emr-spark-8.0.0-latest", "jobDriver": {}}, "the release is emr-spark-8.0.0-latest"),
    ],
)
def test_what_cannot_be_merged_is_said_in_a_sentence(
    tmp_path: Path, platform: str, document: object, says: str | None
) -> None:
    with pytest.raises(ConfigError) as raised:
        render(order(tmp_path, platform, release="emr-7.5.0"), platform, document)
    assert (says or "is no object") in str(raised.value)


@BOTH
def test_parameters_that_cannot_be_taken_apart_are_refused(tmp_path: Path, platform: str) -> None:
    with pytest.raises(ConfigError, match="sparkSubmitParameters: cannot be taken apart: No closing quotation"):
        render(order(tmp_path, platform, release="emr-7.5.0"), platform, mine(platform, "--name 'a"))


def test_serverless_loads_amazons_agent_where_it_is_asked_for(tmp_path: Path) -> None:
    given = order(tmp_path, "emr-serverless", release="emr-7.5.0", section={"vendorAgent": "reuse"})
    found = of_run(read(render(given, "emr-serverless"), "job-run.json"))
    assert found["spark.jars"] == "/usr/share/aws/datazone-openlineage-spark/lib/DataZoneOpenLineageSpark-1.0.jar"
    assert found["spark.extraListeners"] == LISTENER


def test_a_request_without_a_release_is_told_to_need_one(tmp_path: Path) -> None:
    """The agent's Scala can be known without it; the service takes no request without."""
    rendered = render(order(tmp_path, "emr-containers", agent={"scala": "2.12"}), "emr-containers")
    assert "releaseLabel" not in read(rendered, "job-run.json")
    assert any(note.startswith("Give virtualClusterId, releaseLabel and executionRoleArn") for note in rendered.notes)
    whole = render(order(tmp_path, "emr-containers", release="emr-7.5.0"), "emr-containers")
    assert read(whole, "job-run.json")["releaseLabel"] == "emr-7.5.0-latest"
    assert any(note.startswith("Give virtualClusterId and executionRoleArn") for note in whole.notes)
