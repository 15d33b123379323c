"""Clusters, jobs, policies and bundles of Databricks."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.lint import check_text
from sparklineage.lint.readers import READERS, UnreadableError, reader_for
from sparklineage.lint.readers.databricks_cluster import spark_of
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
AGENT = "io.openlineage:openlineage-spark_2.12:1.53.0"
CLUSTER = """\
{
  "cluster_id": "1120-101010-abc",
  "cluster_name": "etl",
  "spark_version": "16.4.x-scala2.12",
  "node_type_id": "m5d.large",
  "data_security_mode": "SINGLE_USER",
  "spark_conf": {
    "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
    "spark.openlineage.transport.auth.apiKey": "{{secrets/lineage/key}}",
    "spark.databricks.delta.preview.enabled": true
  },
  "spark_env_vars": {"OPENLINEAGE_URL": "http://m:5000", "SPARK_NAME": null},
  "init_scripts": [
    {"dbfs": {"destination": "dbfs:/databricks/openlineage/init.sh"}},
    {"volumes": {"destination": "/Volumes/main/x/y/init.sh"}},
    {"s3": {"destination": "s3://b/init.sh", "region": "eu-central-1"}}
  ]
}
"""


def _sheets(text: str, kind: str = "databricks") -> list[Sheet]:
    return list(READERS[kind].read(text, "f"))


def _told(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.name, setting.value.replace(UNKNOWN, "?")) for setting in settings]


def _cut(text: str, setting: Setting) -> tuple[str | None, str | None]:
    """What stands where the setting says that its key and value stand."""
    key, value = (span and text[slice(*span)] for span in (setting.key_span, setting.value_span))
    return key or None, value or None


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("cluster.json", CLUSTER, "databricks"),
        ("job.json", '{"tasks": [{"new_cluster": {}}]}', "databricks"),
        ("policy.json", '{"spark_conf.spark.x": {"type": "fixed", "value": "1"}}', "databricks"),
        ("cluster.json", '{"spark_conf": {}, "num_workers": 2}', "databricks"),
        ("package.json", '{"name": "spark_conf"}', None),
        ("cluster.txt", CLUSTER, None),
        ("databricks.yml", "bundle: {name: x}\n", "databricks-bundle"),
        ("etl.job.yml", "resources:\n  jobs:\n    a:\n      job_clusters:\n        - x: 1\n", "databricks-bundle"),
        ("cloudformation.yml", "resources:\n  bucket:\n    type: x\n", None),
    ],
)
def test_files_are_claimed_by_what_they_hold(name: str, text: str, kind: str | None) -> None:
    """Not by their ending alone."""
    reader = reader_for(name, text)
    assert (reader and reader.KIND) == kind


def test_a_cluster_tells_its_settings_variables_and_scripts() -> None:
    """Also those of an answer of the API; references to secrets stay as they are."""
    (sheet,) = _sheets(CLUSTER)
    assert _told(sheet.settings) == [
        ("spark.extraListeners", LISTENER),
        ("spark.openlineage.transport.auth.apiKey", "{{secrets/lineage/key}}"),
        ("spark.databricks.delta.preview.enabled", "true"),
        ("data_security_mode", "SINGLE_USER"),
    ]
    assert _told(sheet.environment) == [("OPENLINEAGE_URL", "http://m:5000"), ("SPARK_NAME", "")]
    assert {setting.origin for setting in sheet.environment} == {"environment"}
    assert _told(sheet.scripts) == [
        ("init_scripts.dbfs", "dbfs:/databricks/openlineage/init.sh"),
        ("init_scripts.volumes", "/Volumes/main/x/y/init.sh"),
        ("init_scripts.s3", "s3://b/init.sh"),
    ]
    assert (sheet.platform, sheet.release, sheet.spark, sheet.partial) == (
        "databricks",
        "16.4.x-scala2.12",
        "3.5.2",
        False,
    )


def test_settings_tell_where_they_stand() -> None:
    """Line and column of the key, and where key and value can be written anew, quotes included."""
    (sheet,) = _sheets(CLUSTER)
    first = sheet.settings[0]
    assert (first.place.line, first.place.column) == (8, 5)
    assert _cut(CLUSTER, first) == ('"spark.extraListeners"', f'"{LISTENER}"')
    assert (sheet.scripts[0].place.line, sheet.scripts[0].place.column) == (14, 6)


@pytest.mark.parametrize(
    ("release", "spark"),
    [
        ("12.2.x-scala2.12", "3.3.2"),
        ("14.3.x-photon-scala2.12", "3.5.0"),
        ("15.1.x-cpu-ml-scala2.12", "3.5"),
        ("16.4.x-scala2.13", "3.5.2"),
        ("17.3.x-scala2.13", "4.0.0"),
        ("18.x-scala2.13", "4.1.0"),
        ("18.2.x-scala2.13", "4.1"),
        ("19.0.x-scala2.13", "4.2"),
        ("99.1.x-scala3", None),
        ("auto:latest-lts", None),
        ("", None),
        (None, None),
    ],
)
def test_the_release_tells_the_spark(release: str | None, spark: str | None) -> None:
    """To the last digit for the long-term releases; not at all for those nobody knows yet."""
    assert spark_of(release) == spark


def test_libraries_are_one_list_each() -> None:
    """A cluster has them all; the place is that of the agent."""
    text = json.dumps(
        {
            "spark_version": "16.4.x-scala2.12",
            "libraries": [
                {"jar": "/Volumes/m/x/other.jar"},
                {"jar": "/Volumes/m/x/openlineage-spark_2.12-1.53.0.jar"},
                {"pypi": {"package": "requests"}},
                {"maven": {"coordinates": AGENT, "exclusions": ["a:b"]}},
            ],
        },
        indent=1,
    )
    (sheet,) = _sheets(text)
    jars, packages = sheet.settings
    assert (jars.key, jars.spelled) == ("spark.jars", "libraries.jar")
    assert jars.entries == ("/Volumes/m/x/other.jar", "/Volumes/m/x/openlineage-spark_2.12-1.53.0.jar")
    assert jars.place.line == 8
    assert (packages.key, packages.value) == ("spark.jars.packages", AGENT)
    assert _cut(text, jars) == (None, None)
    assert _cut(text, packages) == (None, f'"{AGENT}"')


def test_a_library_does_not_replace_the_jars_of_the_configuration() -> None:
    """Databricks installs both, so nothing is given twice."""
    text = json.dumps({"spark_conf": {"spark.jars": "/a.jar"}, "libraries": [{"jar": "/b.jar"}]})
    assert not [finding for finding in check_text(text, "f.json").findings if finding.code == "SL040"]


JOB = """\
{"settings": {
  "job_clusters": [
    {"job_cluster_key": "main", "new_cluster": {"spark_version": "17.3.x-scala2.13", "policy_id": "ABC"}},
    {"job_cluster_key": "idle", "new_cluster": {"spark_version": "17.3.x-scala2.13", "num_workers": 1}}
  ],
  "tasks": [
    {"task_key": "a", "job_cluster_key": "main", "libraries": [{"jar": "/x/openlineage-spark_2.13-1.53.0.jar"}]},
    {"task_key": "b", "new_cluster": {"spark_conf": {"spark.openlineage.namespace": "b"}},
     "spark_submit_task": {"parameters": ["--conf", "spark.openlineage.namespace=c", "--jars", "a.jar", "j.py", "x"]}},
    {"task_key": "c", "existing_cluster_id": "1-2-3", "libraries": [{"maven": {"coordinates": "a:b:1"}}]},
    {"task_key": "d", "for_each_task": {"task": {"new_cluster": {"spark_conf": {"spark.x": "y"}}}}}
  ]
}}
"""


def test_a_job_has_a_sheet_for_each_cluster() -> None:
    """Libraries and spark-submit parameters of its tasks belong to the cluster that they run on."""
    main, own, existing, each = _sheets(JOB)
    assert _told(main.settings) == [("libraries.jar", "/x/openlineage-spark_2.13-1.53.0.jar")]
    assert (main.spark, main.partial, main.place.line) == ("4.0.0", True, 3)
    assert _told(own.settings) == [
        ("spark.openlineage.namespace", "b"),
        ("spark.openlineage.namespace", "c"),
        ("--jars", "a.jar"),
    ]
    assert [setting.origin for setting in own.settings] == ["properties", "command", "command"]
    assert (own.partial, own.settings[1].place.line, own.settings[1].place.column) == (False, 9, 53)
    assert _told(existing.settings) == [("libraries.maven.coordinates", "a:b:1")]
    assert existing.partial
    assert _told(each.settings) == [("spark.x", "y")]


POLICY = """\
{
  "spark_version": {"type": "fixed", "value": "16.4.x-scala2.12"},
  "spark_conf.spark.extraListeners": {"type": "fixed", "value": "a.B", "hidden": true},
  "spark_conf.spark.openlineage.namespace": {"type": "unlimited", "defaultValue": "x"},
  "spark_env_vars.OPENLINEAGE_URL": {"type": "fixed", "value": "http://m"},
  "init_scripts.0.volumes.destination": {"type": "fixed", "value": "/Volumes/a/b/c/init.sh"},
  "num_workers": {"type": "range", "maxValue": 5}
}
"""


def test_a_policy_tells_what_it_fixes() -> None:
    """Whoever uses it sets the rest, so a missing setting proves nothing."""
    (sheet,) = _sheets(POLICY)
    assert _told(sheet.settings) == [("spark.extraListeners", "a.B")]
    assert _told(sheet.environment) == [("OPENLINEAGE_URL", "http://m")]
    assert _told(sheet.scripts) == [("init_scripts.volumes", "/Volumes/a/b/c/init.sh")]
    assert (sheet.partial, sheet.release, sheet.settings[0].place.line) == (True, "16.4.x-scala2.12", 3)
    assert _cut(POLICY, sheet.settings[0]) == (None, '"a.B"')


def test_a_policy_may_be_json_in_json() -> None:
    """As the API takes it; all places are then the place of that text."""
    text = json.dumps({"name": "p", "definition": POLICY}, indent=1)
    (sheet,) = _sheets(text)
    assert _told(sheet.settings) == [("spark.extraListeners", "a.B")]
    assert {(setting.place.line, setting.place.column) for setting in sheet.settings} == {(3, 16)}
    assert _cut(text, sheet.settings[0]) == (None, None)
    assert _sheets(json.dumps({"definition": "{broken", "new_cluster": {}})) == []


def test_a_pipeline_may_set_more_than_one_sees() -> None:
    """Its configuration and its clusters are one set, and neither is all of it."""
    text = '{"configuration": {"spark.x": "1", "a.b": "c"}, "clusters": [{"spark_conf": {"spark.y": "2"}}]}'
    sheets = _sheets(text)
    assert [_told(sheet.settings) for sheet in sheets] == [[("spark.x", "1")], [("spark.y", "2")]]
    assert all(sheet.partial for sheet in sheets)


def test_blocks_of_terraform_are_read_too() -> None:
    """Rendered as JSON each block is a list with one object."""
    text = json.dumps(
        {
            "new_cluster": [
                {
                    "spark_version": "16.4.x-scala2.12",
                    "spark_conf": {"spark.x": "1"},
                    "init_scripts": [{"dbfs": [{"destination": "dbfs:/i.sh"}], "s3": []}],
                    "library": [{"jar": "", "maven": [{"coordinates": AGENT}]}],
                }
            ]
        }
    )
    (sheet,) = _sheets(text)
    assert _told(sheet.settings) == [("spark.x", "1"), ("libraries.maven.coordinates", AGENT)]
    assert _told(sheet.scripts) == [("init_scripts.dbfs", "dbfs:/i.sh")]


BUNDLE = """\
bundle:
  name: lineage
variables:
  wide:
    type: complex
    default:
      spark_version: 16.4.x-scala2.12
      spark_conf: {spark.openlineage.url: "http://old"} # sparklineage: ignore[SL001]
resources:
  jobs:
    etl:
      job_clusters:
        - job_cluster_key: main
          new_cluster:
            spark_version: ${var.runtime}
            spark_conf: &conf
              spark.extraListeners: io.openlineage.spark.agent.OpenLineageSparkListener
              spark.openlineage.transport.url: https://${var.host}:5000
            init_scripts:
              - workspace:
                  destination: ${workspace.file_path}/init.sh
      tasks:
        - task_key: a
          job_cluster_key: main
          libraries:
            - maven:
                coordinates: io.openlineage:openlineage-spark_2.12:${var.agent}
  clusters:
    shared:
      spark_version: 15.4.x-scala2.12
      spark_conf:
        <<: *conf
        spark.openlineage.namespace: prod
  pipelines:
    bronze:
      configuration:
        spark.openlineage.namespace: pipe
targets:
  prod:
    resources:
      jobs:
        etl:
          job_clusters:
            - job_cluster_key: main
              new_cluster:
                spark_conf:
                  spark.openlineage.transport.type: http
"""


def test_a_bundle_has_a_sheet_for_each_cluster() -> None:
    """What a target changes is a partial sheet, and so is what it is changed from."""
    wide, etl, shared, pipeline, target = _sheets(BUNDLE, "databricks-bundle")
    assert _told(etl.settings) == [
        ("spark.extraListeners", LISTENER),
        ("spark.openlineage.transport.url", "https://?:5000"),
        ("libraries.maven.coordinates", "io.openlineage:openlineage-spark_2.12:?"),
    ]
    assert _told(etl.scripts) == [("init_scripts.workspace", "?/init.sh")]
    assert (etl.release, etl.partial) == (None, True)
    assert _told(shared.settings)[1:] == [
        ("spark.openlineage.transport.url", "https://?:5000"),
        ("spark.openlineage.namespace", "prod"),
    ]
    assert (shared.spark, shared.partial) == ("3.5.0", False)
    assert _told(pipeline.settings) == [("spark.openlineage.namespace", "pipe")]
    assert pipeline.partial
    assert _told(target.settings) == [("spark.openlineage.transport.type", "http")]
    assert target.partial
    assert (target.settings[0].place.line, target.settings[0].place.column) == (47, 19)
    assert _told(wide.settings) == [("spark.openlineage.url", "http://old")]


def test_comments_in_a_bundle_silence_rules() -> None:
    """In the same line, and alone in the line above."""
    codes = [finding.code for finding in check_text(BUNDLE, "databricks.yml").findings]
    assert "SL001" not in codes
    loud = BUNDLE.replace(" # sparklineage: ignore[SL001]", "")
    (found,) = (finding for finding in check_text(loud, "databricks.yml").findings if finding.code == "SL001")
    assert (found.place.line, found.place.column) == (8, 20)
    above = loud.replace("      spark_conf: {", "      # sparklineage: ignore[SL001]\n      spark_conf: {")
    assert "SL001" not in [finding.code for finding in check_text(above, "databricks.yml").findings]


def test_aliases_and_blocks_are_not_written_anew() -> None:
    """What an alias repeats belongs to others too, and a block of lines has no quotes to put it in."""
    text = "resources:\n a:\n  spark_conf:\n   k: &v spark\n   spark.x: *v\n   spark.y: |\n    text\n   spark.z: 'q'\n"
    (sheet,) = _sheets(text, "databricks-bundle")
    spans = {setting.key: _cut(text, setting) for setting in sheet.settings}
    assert spans["spark.x"] == ("spark.x", None)
    assert spans["spark.y"] == ("spark.y", None)
    assert spans["spark.z"] == ("spark.z", "'q'")


@pytest.mark.parametrize(
    ("kind", "text", "where"),
    [
        ("databricks", '{"new_cluster": {', "f:1:18: this is no JSON"),
        ("databricks", '{"new_cluster": // x\n}', "f:1:17: this is no JSON: JSON has no comments."),
        ("databricks", "[" * 5000, "f:1:51: this JSON is nested too deeply"),
        ("databricks-bundle", "resources:\n\tjobs: x\n", "f:2:1: this is no YAML: a tab"),
        ("databricks-bundle", "a: *b\n", "f:1:4: this alias refers to an anchor"),
    ],
)
def test_broken_files_get_one_sentence(kind: str, text: str, where: str) -> None:
    """With the place."""
    with pytest.raises(UnreadableError) as caught:
        _sheets(text, kind)
    assert str(caught.value).startswith(where)


@pytest.mark.parametrize("text", ["", "[]", "1", '{"new_cluster": "x", "tasks": {"a": 1}, "init_scripts": "x"}'])
def test_files_without_settings_have_no_sheets(text: str) -> None:
    """Whatever their shape is."""
    assert _sheets(text) == []
    assert _sheets(text, "databricks-bundle") == []


CONFS = st.dictionaries(
    st.from_regex(r"spark\.[a-zA-Z][a-zA-Z.]{0,20}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"], exclude_characters="$"), min_size=1, max_size=30),
    min_size=1,
)


@settings(max_examples=100, deadline=None)
@given(conf=CONFS)
def test_a_conf_comes_back(conf: dict[str, str]) -> None:
    """Every key and value of clusters, policies and bundles, whatever quotes and escapes they need."""
    policy = {f"spark_conf.{key}": {"type": "fixed", "value": value} for key, value in conf.items()}
    for kind, text in (
        ("databricks", json.dumps({"spark_conf": conf})),
        ("databricks", json.dumps(policy, indent=1)),
        ("databricks", json.dumps({"definition": json.dumps(policy)})),
        ("databricks-bundle", yaml.safe_dump({"resources": {"clusters": {"c": {"spark_conf": conf}}}})),
    ):
        (sheet,) = _sheets(text, kind)
        assert {setting.key: setting.value for setting in sheet.settings} == conf
        for setting in sheet.settings:
            _, value = _cut(text, setting)
            parse = yaml.safe_load if kind == "databricks-bundle" else json.loads
            assert value is None or parse(value) == setting.value
