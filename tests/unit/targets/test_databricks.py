"""What a Databricks workspace is given, and what is refused before it would."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given

from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.secret import Secret
from sparklineage.targets import Application, Order, databricks
from tests.support.databricks import BOTH, JOB, KEY, SCRIPT, cluster_order, texts
from tests.support.orders import HOSTILE, HTTP


def _cluster(order: Order) -> Any:
    return json.loads(texts(databricks.render(order))["cluster.json"])


def test_a_cluster_has_both_listeners_the_script_and_a_name_for_its_secret() -> None:
    assert _cluster(cluster_order(KEY)) == {
        "spark_version": "16.4.x-scala2.12",
        "data_security_mode": "SINGLE_USER",
        "spark_conf": {
            "spark.extraListeners": BOTH,
            **KEY,
            "spark.openlineage.transport.auth.apiKey": "{{secrets/lineage/key}}",
        },
        "init_scripts": [SCRIPT],
    }


@pytest.mark.parametrize(
    ("release", "written"),
    [
        ("16.4.x-scala2.13", "16.4.x-scala2.13"),
        ("16.4.x-photon-scala2.12", "16.4.x-photon-scala2.12"),
        ("17.3", "17.3.x-scala2.13"),
        ("19", "19.x-scala2.13"),
        ("15.2", None),
        (None, None),
    ],
)
def test_the_release_is_written_as_the_api_has_it(release: str | None, written: str | None) -> None:
    rendered = databricks.render(cluster_order(release=release))
    assert json.loads(rendered.artefacts[0].text).get("spark_version") == written
    assert any("spark_version, node_type_id" in note for note in rendered.notes) is (written is None)


def test_a_job_runs_the_application_on_a_cluster_of_its_own() -> None:
    found = json.loads(texts(databricks.render(cluster_order(application=JOB, name="Täglich: ETL")))["job.json"])
    assert found["name"] == "Täglich: ETL"
    assert found["tasks"] == [
        {
            "task_key": "T_glich_ETL",
            "job_cluster_key": "lineage",
            "spark_python_task": {"python_file": JOB.uri, "parameters": list(JOB.arguments)},
        }
    ]
    (cluster,) = found["job_clusters"]
    assert cluster["job_cluster_key"] == "lineage"
    assert cluster["new_cluster"]["spark_conf"]["spark.openlineage.appName"] == "Täglich: ETL"


def test_a_name_of_the_configuration_is_not_replaced() -> None:
    named = {**HTTP, "spark.openlineage.appName": "mine"}
    assert _cluster(cluster_order(named, application=JOB))["spark_conf"]["spark.openlineage.appName"] == "mine"


def test_a_jar_is_a_library_of_its_task() -> None:
    jar = Application(uri="/Volumes/main/ops/jars/a.jar", main_class="org.example.Main")
    (task,) = json.loads(texts(databricks.render(cluster_order(application=jar)))["job.json"])["tasks"]
    assert task["spark_jar_task"] == {"main_class_name": "org.example.Main"}
    assert task["libraries"] == [{"jar": jar.uri}]


def test_a_policy_fixes_each_value_under_its_path_but_no_name_of_an_application() -> None:
    found = json.loads(texts(databricks.render(cluster_order(KEY, application=JOB)))["policy.json"])
    assert {key: rule["value"] for key, rule in found.items()} == {
        "spark_version": "16.4.x-scala2.12",
        "data_security_mode": "SINGLE_USER",
        "spark_conf.spark.extraListeners": BOTH,
        **{f"spark_conf.{key}": text for key, text in HTTP.items()},
        "spark_conf.spark.openlineage.transport.auth.type": "api_key",
        "spark_conf.spark.openlineage.transport.auth.apiKey": "{{secrets/lineage/key}}",
        "init_scripts.0.volumes.destination": SCRIPT["volumes"]["destination"],
    }
    assert {rule["type"] for rule in found.values()} == {"fixed"}


def test_a_bundle_has_the_job_or_else_the_cluster() -> None:
    with_job = texts(databricks.render(cluster_order(application=JOB)))
    assert yaml.safe_load(with_job["bundle.yml"]) == {
        "resources": {"jobs": {"flights": json.loads(with_job["job.json"])}}
    }
    alone = texts(databricks.render(cluster_order()))
    cluster = {"cluster_name": "lineage", **json.loads(alone["cluster.json"])}
    assert yaml.safe_load(alone["bundle.yml"]) == {"resources": {"clusters": {"lineage": cluster}}}
    assert "job.json" not in alone


def test_what_a_bundle_would_take_for_its_variable_leaves_the_bundle_out() -> None:
    rendered = databricks.render(cluster_order({**HTTP, "spark.acme": "${var.x}"}))
    assert "bundle.yml" not in texts(rendered)
    assert any("There is no bundle.yml: sparklineage.yml: spark.acme holds ${…}" in note for note in rendered.notes)


@pytest.mark.parametrize(("mode", "said"), [("USER_ISOLATION", True), ("SINGLE_USER", False)])
def test_the_standard_mode_needs_an_entry_on_the_allowlist(mode: str, said: bool) -> None:
    rendered = databricks.render(cluster_order(mode=mode))
    assert any("MANAGE ALLOWLIST" in note for note in rendered.notes) is said


@pytest.mark.parametrize(
    ("release", "mode", "dependencies"),
    [
        ("19.x-scala2.13", "USER_ISOLATION", "DEPENDENCY_MODE_CLUSTER_LIBRARIES"),
        ("19.x-scala2.13", "SINGLE_USER", None),
        ("17.3.x-scala2.13", "USER_ISOLATION", None),
    ],
)
def test_where_init_scripts_may_be_left_out_they_are_asked_for(
    release: str, mode: str, dependencies: str | None
) -> None:
    assert _cluster(cluster_order(release=release, mode=mode)).get("dependency_mode") == dependencies


@pytest.mark.parametrize("written", ["/Workspace/Shared/lineage", "/Shared/lineage", "/Shared/lineage/"])
def test_the_workspace_is_written_as_a_node_sees_it(written: str) -> None:
    rendered = databricks.render(cluster_order(artifacts=written))
    assert json.loads(rendered.artefacts[0].text)["init_scripts"] == [
        {"workspace": {"destination": "/Workspace/Shared/lineage/init.sh"}}
    ]


def test_serverless_is_told_honestly() -> None:
    rendered = databricks.render(cluster_order(mode="SERVERLESS", artifacts="", jars=()))
    (artefact,) = rendered.artefacts
    assert artefact.name == "serverless.txt"
    assert "the OpenLineage agent cannot be installed there" in artefact.text
    assert any("takes no init script and no spark.extraListeners" in note for note in rendered.notes)


def test_notes_say_what_is_left_to_do() -> None:
    notes = "\n".join(databricks.render(cluster_order(KEY)).notes)
    assert "Agent 1.53.0 for Scala 2.12: the newest that is known." in notes
    assert "puts init.sh and openlineage-spark_2.12-1.53.0.jar into /Volumes/main/ops/lineage" in notes
    assert "transport.auth.apiKey: the cluster's owner needs READ on the secret scope" in notes


@pytest.mark.parametrize(
    ("artifacts", "sentence"),
    [
        ("s3://lake/lineage", "make an external volume"),
        ("dbfs:/lineage", "loads no init script from DBFS"),
        ("/dbfs/lineage", "loads no init script from DBFS"),
        ("dbfs:/Volumes/a/b/c", "written without dbfs:"),
        ("/Volumes/a/b", "is no folder of a volume or of the workspace"),
        ("/Volumes/a/b/../c", "without `.` and `..`"),
        ("lineage", "is no folder of a volume or of the workspace"),
        ("/Volumes/a/b/c\nd", "holds a line end"),
    ],
)
def test_a_place_that_no_script_can_read_is_refused(artifacts: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"^platforms\.databricks\.artifacts ") as caught:
        databricks.render(cluster_order(artifacts=artifacts))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"release": "12.2.x-scala2.12"}, "runtime 12.2.x-scala2.12 loads no init script from a volume; take 13.3"),
        ({"release": "10.4.x-scala2.12", "artifacts": "/Shared/a"}, "read no files of the workspace; take 11.3"),
        ({"mode": "USER_ISOLATION", "artifacts": "/Shared/a"}, "no init script runs from the workspace"),
        ({"scala": "2.13"}, "spark_version 16.4.x-scala2.12 is built for Scala 2.12, and this agent is for 2.13"),
        ({"release": "17.3", "scala": "2.12"}, "spark_version 17.3 is built for Scala 2.13"),
        ({"release": "15.4-scala2.13", "scala": "2.12"}, "would end the driver. Known is 15.4.x-scala2.12; write that"),
    ],
)
def test_a_cluster_that_would_not_start_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"^platforms\.databricks: ") as caught:
        databricks.render(cluster_order(**changes))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("application", "sentence"),
    [
        (Application(uri="jobs/etl.py"), "in a Git repository; write a whole path"),
        (Application(uri="/Shared/a.jar"), "a JAR needs its main class: --class NAME"),
        (Application(uri="/Shared/a.whl"), "takes a .py file, or a .jar with --class"),
    ],
)
def test_an_application_that_no_task_takes_is_refused(application: Application, sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"^--application is ") as caught:
        databricks.render(cluster_order(application=application))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("reference", ["env:KEY", "file:/key", "aws-ssm:/key", "aws-secretsmanager:key"])
def test_a_secret_that_lies_elsewhere_is_refused_with_what_to_write(reference: str) -> None:
    given = {**KEY, "spark.openlineage.transport.auth.apiKey": reference}
    with pytest.raises(ConfigError) as caught:
        databricks.render(cluster_order(given))
    assert str(caught.value) == (
        f"sparklineage.yml: spark.openlineage.transport.auth.apiKey is {reference}, which no Databricks cluster can "
        "look up; put it into a secret scope (`databricks secrets put-secret SCOPE KEY`) and write "
        "databricks:SCOPE/KEY."
    )


def test_a_secret_inside_of_a_text_is_refused_and_not_shown() -> None:
    for text in ("Bearer hunter2 {{secrets/a/b}}", "{{ secrets/a/b }}"):
        with pytest.raises(ConfigError, match=r"inside of a longer text, which Databricks does not put in") as caught:
            databricks.render(cluster_order({**HTTP, "spark.openlineage.transport.headers.Authorization": text}))
        assert "hunter2" not in str(caught.value)


def test_the_form_of_databricks_is_a_reference_too() -> None:
    given = {**KEY, "spark.openlineage.transport.auth.apiKey": "{{secrets/a/b}}"}
    spark_conf = _cluster(cluster_order(given))["spark_conf"]
    assert spark_conf["spark.openlineage.transport.auth.apiKey"] == "{{secrets/a/b}}"


def test_a_secret_in_plain_text_is_written_only_when_asked_for() -> None:
    literal = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter2"}
    with pytest.raises(ConfigError, match="--allow-literal-secrets") as caught:
        databricks.render(cluster_order(literal))
    assert "hunter2" not in str(caught.value)
    allowed = cluster_order(literal, allow_literal_secrets=True)
    assert _cluster(allowed)["spark_conf"]["spark.openlineage.transport.auth.apiKey"] == "hunter2"


def test_no_agent_of_databricks_can_be_reused() -> None:
    order = cluster_order()
    order = cluster_order(settings={**order.settings, "vendorAgent": "reuse"})
    with pytest.raises(ConfigError, match="brings no agent that is known; write `replace`"):
        databricks.render(order)


@given(HOSTILE, HOSTILE)
def test_any_text_arrives_or_is_refused(value: str, name: str) -> None:
    """In JSON and YAML alike; a secret is never in a sentence."""
    order = cluster_order({**HTTP, "spark.acme.value": value}, name=name, application=JOB)
    secret = ConfEntry(
        key="spark.openlineage.transport.headers.X", value=SecretValue(Secret(f"{value}hunter2")), source="f"
    )
    order = cluster_order(
        application=JOB, name=name, allow_literal_secrets=True, conf=ConfSet((*order.conf.entries, secret))
    )
    try:
        rendered = databricks.render(order)
    except ConfigError as error:
        assert "hunter2" not in str(error)
        return
    found = texts(rendered)
    job = json.loads(found["job.json"])
    spark_conf = job["job_clusters"][0]["new_cluster"]["spark_conf"]
    assert (job["name"], spark_conf["spark.acme.value"]) == (name, value)
    assert spark_conf["spark.openlineage.transport.headers.X"] == f"{value}hunter2"
    if "bundle.yml" in found:
        (bundled,) = yaml.safe_load(found["bundle.yml"])["resources"]["jobs"].values()
        assert bundled == job
    compile(found["check.py"], "check.py", "exec")
    assert all("hunter2" not in note for note in rendered.notes)
