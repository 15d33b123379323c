"""What the reader of Terraform's JSON takes from plans, states and .tf.json."""

from __future__ import annotations

import json

import pytest

from sparklineage.lint.readers import READERS, reader_for
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet


def read(document: object) -> list[Sheet]:
    return list(READERS["terraform"].read(json.dumps(document), "f.json"))


def told(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.spelled or setting.key, setting.value.replace(UNKNOWN, "?")) for setting in settings]


def plan(kind: str, values: object) -> object:
    """As `terraform show -json` has it, in a module of a module, with what it was before."""
    before = {"root_module": {"resources": [{"type": kind, "values": {"spark_conf": {"spark.old": "1"}}}]}}
    module = {"address": "module.a", "resources": [{"type": kind, "name": "x", "values": values}]}
    after = {"root_module": {"resources": [{"type": "aws_vpc", "values": {}}], "child_modules": [module]}}
    return {"format_version": "1.2", "planned_values": after, "prior_state": {"values": before}}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("main.tf.json", "{}", "terraform"),
        ("plan.json", '{"planned_values": {"x": "databricks_cluster"}}', "terraform"),
        ("plan.json", '{"planned_values": {"x": "aws_vpc"}}', None),
        ("terraform.tfstate", '{"version": 4}', "terraform"),
    ],
)
def test_formats_are_recognised(name: str, text: str, kind: str | None) -> None:
    reader = reader_for(name, text)
    assert (reader.KIND if reader else None) == kind


def test_databricks_cluster() -> None:
    values = {
        "spark_version": "16.4.x-scala2.12",
        "spark_conf": {"spark.a": "${x}"},
        "spark_env_vars": {"E": "1"},
        "init_scripts": [{"volumes": [{"destination": "/Volumes/a"}], "dbfs": []}],
    }
    (sheet,) = read(plan("databricks_cluster", values))
    assert told(sheet.settings) == [("spark.a", "${x}")]
    assert told(sheet.environment) == [("E", "1")]
    assert [script.value for script in sheet.scripts] == ["/Volumes/a"]
    assert (sheet.platform, sheet.release) == ("databricks", "16.4.x-scala2.12")


def test_emr_cluster() -> None:
    """The configurations are a text; what stands in it has the place of the text and cannot be rewritten."""
    configurations = json.dumps([{"Classification": "spark-defaults", "Properties": {"spark.a": "1"}}])
    values = {
        "release_label": "emr-7.8.0",
        "configurations": None,
        "configurations_json": configurations,
        "bootstrap_action": [{"name": "n", "path": "s3://b/x.sh", "args": []}],
        "step": [
            {
                "name": "s",
                "hadoop_jar_step": [{"jar": "command-runner.jar", "args": ["spark-submit", "--name", "n", "x.py"]}],
            }
        ],
    }
    document = plan("aws_emr_cluster", values)
    (sheet,) = read(document)
    assert told(sheet.settings) == [("spark.a", "1"), ("--name", "n")]
    assert sheet.settings[0].place.column == json.dumps(document).index(json.dumps(configurations)) + 1
    assert (sheet.settings[0].key_span, sheet.settings[0].value_span) == (None, None)
    assert [(script.key, script.value) for script in sheet.scripts] == [("bootstrap_action.path", "s3://b/x.sh")]
    assert (sheet.platform, sheet.release, sheet.partial) == ("emr", "emr-7.8.0", False)


def test_source_has_references() -> None:
    """Lists may stand where mappings do."""
    document = {
        "resource": [
            {"aws_glue_job": {"j": [{"glue_version": "4.0", "default_arguments": {"--conf": "spark.a=${var.x}"}}]}},
            {"aws_emr_cluster": {"c": {"configurations_json": "${jsonencode(local.x)}", "bootstrap_action": {
                "path": "${local.script}"}}}},
            {"aws_vpc": {"v": {"spark_conf": {"spark.no": "1"}}}},
        ]
    }  # fmt: skip
    glue, emr = read(document)
    assert told(glue.settings) == [("spark.a", "?")]
    assert (glue.platform, glue.release) == ("glue", "4.0")
    assert emr.partial
    assert emr.scripts[0].value == UNKNOWN


def test_state_file() -> None:
    """And EMR Serverless and EMR on EKS."""
    application = {"runtime_configuration": [{"classification": "spark-defaults", "properties": {"spark.a": "1"}}]}
    driver = {"spark_submit_job_driver": [{"spark_submit_parameters": "--conf spark.b=2"}]}
    template = {"job_template_data": [{"release_label": "emr-7.9.0-latest", "job_driver": [driver]}]}
    found = read(
        {
            "version": 4,
            "resources": [
                {"type": "aws_emrserverless_application", "instances": [{"attributes": application}]},
                {"type": "aws_emrcontainers_job_template", "instances": [{"attributes": template}]},
            ],
        }
    )
    assert [told(sheet.settings) for sheet in found] == [[("spark.a", "1")], [("spark.b", "2")]]
    assert [sheet.platform for sheet in found] == ["emr-serverless", "emr-containers"]
    assert found[1].spark == "3.5.5"


def test_dataproc() -> None:
    """Properties of Spark have a word in front on a cluster, and none in a job."""
    cluster = {
        "cluster_config": [
            {
                "software_config": [
                    {
                        "image_version": "2.2-debian12",
                        "override_properties": {"spark:spark.a": "1", "core:x": "2"},
                        "properties": {"spark:spark.a": "1", "spark:spark.default": "3"},
                    }
                ],
                "initialization_action": [{"script": "gs://b/x.sh"}],
            }
        ]
    }
    (sheet,) = read(plan("google_dataproc_cluster", cluster))
    assert [(setting.key, setting.spelled, setting.value) for setting in sheet.settings] == [
        ("spark.a", "spark:spark.a", "1")
    ]
    assert [(script.key, script.value) for script in sheet.scripts] == [("initialization_action.script", "gs://b/x.sh")]
    assert (sheet.platform, sheet.release) == ("dataproc", "2.2-debian12")
    job = {"pyspark_config": [{"properties": {"spark.b": "2"}, "jar_file_uris": ["gs://a.jar", "gs://b.jar"]}]}
    (sheet,) = read(plan("google_dataproc_job", job))
    assert told(sheet.settings) == [("spark.b", "2"), ("jar_file_uris", "gs://a.jar,gs://b.jar")]
    assert sheet.partial
