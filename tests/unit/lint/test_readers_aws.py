"""What the readers of EMR, EMR Serverless, EMR on EKS and Glue take from JSON."""

from __future__ import annotations

import json

import pytest

from sparklineage.lint.readers import READERS, reader_for
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet


def read(kind: str, text: str) -> list[Sheet]:
    return list(READERS[kind].read(text, "f.json"))


def told(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.spelled or setting.key, setting.value.replace(UNKNOWN, "?")) for setting in settings]


def spans(text: str, sheet: Sheet) -> list[str]:
    """What would be written anew: keys and values as they stand in the text."""
    found = [(setting.key_span, setting.value_span) for setting in sheet.settings]
    return [text[slice(*span)] for pair in found for span in pair if span]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("conf.json", '[{"Classification": "spark-defaults", "Properties": {}}]', "emr"),
        ("conf.json", '[{"classification": "spark-defaults", "properties": {}}]', "emr"),
        ("steps.json", '[{"Name": "a", "HadoopJarStep": {"Jar": "x"}}]', "emr"),
        ("steps.json", '[{"Type": "Spark", "Args": ["a.py"]}]', "emr"),
        ("stack.json", '{"Type": "Spark"}', None),
        ("run.json", '{"jobDriver": {"sparkSubmit": {"entryPoint": "x"}}}', "emr-serverless"),
        ("app.json", '{"runtimeConfiguration": []}', "emr-serverless"),
        ("run.json", '{"jobDriver": {"sparkSubmitJobDriver": {}}, "configurationOverrides": {}}', "emr-containers"),
        ("job.json", '{"DefaultArguments": {}, "GlueVersion": "5.0"}', "glue"),
        ("args.json", '{"--extra-jars": "s3://b/a.jar"}', "glue"),
        ("package.json", '{"name": "x", "dependencies": {}}', None),
        ("args.yml", '"--extra-jars": x', None),
    ],
)
def test_formats_are_recognised(name: str, text: str, kind: str | None) -> None:
    reader = reader_for(name, text)
    assert (reader.KIND if reader else None) == kind


CONFIGURATIONS = """[
  {
    "Classification": "spark-defaults",
    "Properties": {
      "spark.extraListeners": "A",
      "spark.jars": "s3://b/a.jar",
      "spark.jars": "s3://b/b.jar"
    }
  },
  {
    "Classification": "spark-env",
    "Configurations": [{"Classification": "export", "Properties": {"OPENLINEAGE_URL": "http://h"}}]
  },
  {"Classification": "core-site", "Properties": {"spark.x": "not Spark's"}}
]
"""


def test_configurations() -> None:
    """What is given twice stays twice, in its order."""
    (sheet,) = read("emr", CONFIGURATIONS)
    assert told(sheet.settings) == [
        ("spark.extraListeners", "A"), ("spark.jars", "s3://b/a.jar"), ("spark.jars", "s3://b/b.jar"),
    ]  # fmt: skip
    assert (sheet.settings[1].place.line, sheet.settings[1].place.column) == (6, 7)
    assert told(sheet.environment) == [("OPENLINEAGE_URL", "http://h")]
    assert spans(CONFIGURATIONS, sheet)[:2] == ['"spark.extraListeners"', '"A"']
    assert (sheet.platform, sheet.release, sheet.partial) == ("emr", None, False)


def test_cluster_with_steps() -> None:
    """A step has what its cluster sets and then its own; steps that start no Spark are left out."""
    args = ["spark-submit", "--conf", "spark.a=1", "--jars", "s3://b/c.jar", "s3://b/job.py", "--conf", "spark.z=1"]
    cluster = {
        "Name": "nightly",
        "ReleaseLabel": "emr-7.12.0",
        "Configurations": [{"Classification": "spark-defaults", "Properties": {"spark.b": "2"}}],
        "BootstrapActions": [{"Name": "x", "ScriptBootstrapAction": {"Path": "s3://b/boot.sh", "Args": []}}],
        "Steps": [
            {"Name": "copy", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["s3-dist-cp", "--src=x"]}},
            {"Name": "run", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": args, "Properties": [{"Key": "k"}]}},
        ],
        "Instances": {"InstanceGroups": [{"Configurations": [
            {"Classification": "spark-defaults", "Properties": {"spark.c": "3"}}
        ]}]},
    }  # fmt: skip
    step, group = read("emr", json.dumps(cluster))
    assert told(step.settings) == [("spark.b", "2"), ("spark.a", "1"), ("--jars", "s3://b/c.jar")]
    assert [(script.key, script.value) for script in step.scripts] == [("ScriptBootstrapAction.Path", "s3://b/boot.sh")]
    assert (step.platform, step.release, step.spark) == ("emr", "emr-7.12.0", "3.5.6")
    assert step.arguments == len("command-runner.jar") + len("".join(args))
    assert told(group.settings) == [("spark.c", "3")]
    assert group.partial


def test_steps_of_the_command_line_interface() -> None:
    """In the short form the arguments begin behind spark-submit, which AWS adds and counts."""
    text = '[{"Type": "Spark", "Name": "n", "Args": ["--conf", "spark.a=b c", "--class", "x", "s3://b/x.jar"]}]'
    (sheet,) = read("emr", text)
    assert told(sheet.settings) == [("spark.a", "b c")]
    assert sheet.settings[0].place.column == text.index('"spark.a') + 1
    assert sheet.arguments == len("command-runner.jarspark-submit--confspark.a=b c--classxs3://b/x.jar")
    assert read("emr", '[{"Type": "Spark"}, {"Type": "Hive", "Args": ["-f", "x"]}]') == []


def test_cloudformation() -> None:
    """What is computed has an unknown value, and a configuration that is, may set anything."""
    text = json.dumps(
        {
            "Resources": {
                "Cluster": {
                    "Type": "AWS::EMR::Cluster",
                    "Properties": {
                        "ReleaseLabel": {"Ref": "Label"},
                        "Configurations": [
                            {
                                "Classification": "spark-defaults",
                                "ConfigurationProperties": {"spark.a": "1", "spark.b": {"Fn::Sub": "http://${Host}"}},
                            }
                        ],
                        "BootstrapActions": [{"Name": "b", "ScriptBootstrapAction": {"Path": {"Ref": "Script"}}}],
                    },
                },
                "Step": {
                    "Type": "AWS::EMR::Step",
                    "Properties": {"HadoopJarStep": {"Args": ["spark-submit", "--conf", {"Ref": "X"}, "a.py"]}},
                },
            }
        }
    )
    cluster, step = read("emr", text)
    assert told(cluster.settings) == [("spark.a", "1"), ("spark.b", "?")]
    assert cluster.release is None
    assert step.partial


def test_emr_serverless() -> None:
    """The parameters of the job come after what the application is configured with."""
    job = {
        "applicationId": "x",
        "jobDriver": {
            "sparkSubmit": {
                "entryPoint": "s3://b/job.py",
                "entryPointArguments": ["--conf", "spark.no=1"],
                "sparkSubmitParameters": "--conf spark.a=1 --conf 'spark.b=x y' --jars s3://b/a.jar",
            }
        },
        "configurationOverrides": {
            "applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.c": "3"}}]
        },
    }
    text = json.dumps(job)
    (sheet,) = read("emr-serverless", text)
    assert told(sheet.settings) == [
        ("spark.c", "3"), ("spark.a", "1"), ("spark.b", "x y"), ("--jars", "s3://b/a.jar"),
    ]  # fmt: skip
    assert [setting.place.column for setting in sheet.settings[1:]] == [
        text.index("spark.a=") + 1, text.index("'spark.b=") + 1, text.index("s3://b/a.jar") + 1,
    ]  # fmt: skip
    assert (sheet.platform, sheet.partial, sheet.arguments) == ("emr-serverless", False, 57)


def test_emr_serverless_application() -> None:
    """Its jobs can set more."""
    text = '{"releaseLabel": "emr-spark-8.0.0", "runtimeConfiguration": [{"classification": "spark-defaults",\n'
    (sheet,) = read("emr-serverless", text + '"properties": {"spark.a": "1"}}]}')
    assert told(sheet.settings) == [("spark.a", "1")]
    assert (sheet.release, sheet.spark, sheet.partial) == ("emr-spark-8.0.0", "4.0.2", True)


def test_emr_on_eks() -> None:
    job = {
        "virtualClusterId": "x",
        "releaseLabel": "emr-7.1.0-latest",
        "jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "x", "sparkSubmitParameters": "--conf spark.a=\"1 2\""}},
    }  # fmt: skip
    (sheet,) = read("emr-containers", json.dumps(job, indent=1))
    assert told(sheet.settings) == [("spark.a", "1 2")]
    assert (sheet.platform, sheet.release, sheet.spark) == ("emr-containers", "emr-7.1.0-latest", "3.5.0")


def test_glue() -> None:
    """One argument holds all settings."""
    text = """{
 "Name": "job", "GlueVersion": "5.0",
 "DefaultArguments": {
  "--conf": "spark.a=1 --conf spark.b=x y=z --conf  spark.c=",
  "--extra-jars": "s3://b/a.jar,s3://b/b.jar",
  "--user-jars-first": "true", "--TempDir": "s3://t"
 }
}
"""
    (sheet,) = read("glue", text)
    assert told(sheet.settings) == [
        ("spark.a", "1"), ("spark.b", "x y=z"), ("spark.c", ""),
        ("--extra-jars", "s3://b/a.jar,s3://b/b.jar"), ("--user-jars-first", "true"),
    ]  # fmt: skip
    assert sheet.settings[3].key == "spark.jars"
    places = [(setting.place.line, setting.place.column) for setting in sheet.settings]
    assert places == [(4, 14), (4, 31), (4, 53), (5, 3), (6, 3)]
    assert (sheet.platform, sheet.release, sheet.spark, sheet.partial) == ("glue", "5.0", "3.5.4", False)
    assert spans(text, sheet)[-1] == '"true"'


def test_glue_arguments_of_a_run_are_laid_over_those_of_the_job() -> None:
    text = '{"JobName": "x", "Arguments": {"--conf": "--conf spark.a=\\"1\\"", "--extra-jars": {"Ref": "J"}}}'
    (run,) = read("glue", text)
    assert told(run.settings) == [("spark.a", '"1"'), ("--extra-jars", "?")]
    assert run.partial
    # With escapes in it, only the beginning of the text is sure.
    assert run.settings[0].place.column == text.index('"--conf spark') + 1
