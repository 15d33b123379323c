"""A conf of Spark in Airflow, in Livy, and alone."""

from __future__ import annotations

import json

import pytest

from sparklineage.lint.readers import READERS, reader_for
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet


def read(text: str) -> list[Sheet]:
    return list(READERS["airflow"].read(text, "f"))


def told(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.spelled or setting.key, setting.value.replace(UNKNOWN, "?")) for setting in settings]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("conf.json", '{"spark.jars": "a"}', "airflow"),
        ("variables.json", '{"x": "{\\"spark.jars\\": \\"a\\"}"}', "airflow"),
        ("spark.yml", "# x\nspark.jars: a\n", "airflow"),
        ("values.yaml", "sparkConf:\n  'spark.jars': a\n", "airflow"),
        ("values.yaml", "image: spark.jars\n", None),
        ("sparklineage.yml", "spark.jars: a\n", None),
        ("notes.md", "spark.jars: a\n", None),
    ],
)
def test_formats_are_recognised(name: str, text: str, kind: str | None) -> None:
    reader = reader_for(name, text)
    assert (reader.KIND if reader else None) == kind


@pytest.mark.parametrize(
    "text",
    [
        '{"spark.a": "1", "other": 2,\n "spark.b": true, "spark.a": "3"}',
        "spark.a: '1'\nother: 2\nspark.b: true\n'spark.a': 3\n",
        "x:\n- conf: !Ref x\n- spark.a: '1'\n  spark.b: true\n  spark.a: 3 # last\n",
    ],
)
def test_flat_mappings(text: str) -> None:
    """What is given twice stays twice; other keys are not Spark's."""
    *_, sheet = read(text)
    assert told(sheet.settings) == [("spark.a", "1"), ("spark.b", "true"), ("spark.a", "3")]
    assert sheet.platform is None
    for setting in sheet.settings:
        assert setting.key_span
        assert setting.value_span
        assert text[slice(*setting.key_span)].strip("\"'") == setting.key
        assert text[slice(*setting.value_span)].strip("\"'") == setting.value
        begin = text.rfind("\n", 0, setting.key_span[0]) + 1
        assert (setting.place.line, setting.place.column) == (
            text.count("\n", 0, begin) + 1, setting.key_span[0] - begin + 1,
        )  # fmt: skip


def test_arguments_of_the_operator() -> None:
    """The fields beside the conf win over it; templates are not known."""
    text = json.dumps(
        {
            "task": {
                "application": "job.py",
                "jars": "a.jar,b.jar",
                "packages": None,
                "env_vars": {"OPENLINEAGE_URL": "{{ var.value.url }}"},
                "conf": {"spark.jars": "c.jar", "spark.openlineage.parentRunId": "{{ run_id }}"},
            }
        }
    )
    (sheet,) = read(text)
    assert told(sheet.settings) == [
        ("spark.jars", "c.jar"), ("spark.openlineage.parentRunId", "?"), ("jars", "a.jar,b.jar"),
    ]  # fmt: skip
    chosen = sheet.get("spark.jars")
    assert chosen is not None
    assert chosen.value == "a.jar,b.jar"
    assert told(sheet.environment) == [("OPENLINEAGE_URL", "?")]
    assert (sheet.platform, sheet.partial) == ("airflow", False)


def test_exported_connections_and_variables() -> None:
    """The extra of a connection is a text with JSON in it; its settings have the place of that text."""
    extra = json.dumps({"spark_conf": {"spark.a": "1"}, "deploy-mode": "cluster"})
    text = json.dumps({"spark_default": {"conn_type": "spark", "extra": extra}})
    (sheet,) = read(text)
    assert told(sheet.settings) == [("spark.a", "1")]
    assert sheet.platform == "airflow"
    assert sheet.settings[0].place.column == text.index(json.dumps(extra)) + 1
    assert sheet.settings[0].value_span is None
    (variable,) = read(json.dumps({"my_conf": json.dumps({"spark.b": "2"})}))
    assert told(variable.settings) == [("spark.b", "2")]


def test_a_conf_that_stands_elsewhere() -> None:
    """A variable may hold anything."""
    (sheet,) = read('{"conf": "{{ var.json.conf }}", "jars": "a.jar", "spark_conf": {}}')
    assert told(sheet.settings) == [("jars", "a.jar")]
    assert sheet.partial


def test_batches_of_livy() -> None:
    text = json.dumps({"file": "s3://b/x.py", "className": "C", "conf": {"spark.a": "1"}, "jars": ["a.jar", "b.jar"]})
    (sheet,) = read(text)
    assert told(sheet.settings) == [("spark.a", "1"), ("jars", "a.jar,b.jar")]
    assert sheet.settings[1].key == "spark.jars"
    assert sheet.platform == "livy"


def test_a_template_is_read_as_far_as_it_is_yaml() -> None:
    """Helm and Jinja; JSON that begins with braces of a template is YAML too."""
    (sheet,) = read("{{- if .Values.x }}\nspark.a: {{ .Values.a }}\nspark.b: ${B}x\n{{- end }}\n")
    assert told(sheet.settings) == [("spark.a", "?"), ("spark.b", "?x")]
