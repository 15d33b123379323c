"""SparkApplications and ConfigMaps of Kubernetes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.lint import check_text
from sparklineage.lint.readers import READERS, UnreadableError, reader_for
from sparklineage.lint.readers.template import untemplated
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
KUBEFLOW = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: spark
---
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
  name: orders
  namespace: jobs
spec:
  type: Python
  mode: cluster
  image: spark:3.5.6
  sparkVersion: "3.5.6"
  mainApplicationFile: local:///opt/job.py
  sparkConf:
    "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener"
    spark.openlineage.transport.type: http
    spark.openlineage.transport.url: http://marquez:5000
    spark.jars: /opt/a.jar
  deps:
    jars:
      - local:///opt/other.jar
      - local:///opt/openlineage-spark_2.12-1.53.0.jar
    repositories: [https://repo.example.com]
  driver:
    javaOptions: -Dx=y
    envVars: {OLD: way}
    env:
      - name: OPENLINEAGE__TRANSPORT__AUTH__API_KEY
        valueFrom: {secretKeyRef: {name: lineage, key: key}}
      - name: OPENLINEAGE_URL
        value: http://m
  executor:
    env: [{name: IGNORED, value: x}]
"""


def _sheets(text: str) -> list[Sheet]:
    return list(READERS["spark-application"].read(text, "f"))


def _told(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.name, setting.value.replace(UNKNOWN, "?")) for setting in settings]


def _cut(text: str, setting: Setting) -> tuple[str | None, str | None]:
    key, value = (span and text[slice(*span)] for span in (setting.key_span, setting.value_span))
    return key or None, value or None


@pytest.mark.parametrize(
    ("name", "text", "claimed"),
    [
        ("app.yaml", KUBEFLOW, True),
        ("cron.yml", "kind: ScheduledSparkApplication\n", True),
        ("list.yaml", "kind: List\nitems:\n- apiVersion: x\n  kind: 'SparkApplication'\n", True),
        ("app.json", '{\n  "kind": "SparkApplication"\n}', True),
        ("map.yaml", "kind: ConfigMap\ndata:\n  spark-defaults.conf: |\n    spark.x y\n", True),
        ("map.yaml", "kind: ConfigMap\ndata:\n  app.properties: |\n    a=b\n", False),
        ("deploy.yaml", "kind: Deployment\nmetadata: {name: SparkApplication}\n", False),
        ("app.md", KUBEFLOW, False),
    ],
)
def test_objects_of_spark_are_claimed(name: str, text: str, claimed: bool) -> None:
    """By their kind; a cluster has many YAML files that have nothing to do with Spark."""
    reader = reader_for(name, text)
    assert (reader is not None and reader.KIND == "spark-application") == claimed


def test_an_application_tells_settings_dependencies_and_variables() -> None:
    """Every other object of the file is left out, and so are the executors: the agent runs on the driver."""
    (sheet,) = _sheets(KUBEFLOW)
    assert _told(sheet.settings) == [
        ("spark.extraListeners", LISTENER),
        ("spark.openlineage.transport.type", "http"),
        ("spark.openlineage.transport.url", "http://marquez:5000"),
        ("spark.jars", "/opt/a.jar"),
        ("driver.javaOptions", "-Dx=y"),
        ("deps.jars", "local:///opt/other.jar,local:///opt/openlineage-spark_2.12-1.53.0.jar"),
        ("deps.repositories", "https://repo.example.com"),
        ("metadata.name", "orders"),
    ]
    assert _told(sheet.environment) == [
        ("OLD", "way"),
        ("OPENLINEAGE__TRANSPORT__AUTH__API_KEY", "?"),
        ("OPENLINEAGE_URL", "http://m"),
    ]
    assert (sheet.platform, sheet.spark, sheet.partial, sheet.place.line) == ("kubernetes", "3.5.6", False, 6)
    jars = sheet.get("spark.jars")
    assert jars is not None
    assert (jars.spelled, jars.place.line) == ("deps.jars", 25)


def test_settings_tell_where_they_stand() -> None:
    """Line and column of the key, and where key and value can be written anew, quotes included."""
    (sheet,) = _sheets(KUBEFLOW)
    first, second, *_ = sheet.settings
    assert (first.place.line, first.place.column) == (18, 5)
    assert _cut(KUBEFLOW, first) == ('"spark.extraListeners"', f'"{LISTENER}"')
    assert _cut(KUBEFLOW, second) == ("spark.openlineage.transport.type", "http")
    assert _cut(KUBEFLOW, sheet.environment[2]) == (None, "http://m")


def test_jars_of_the_configuration_are_lost_beside_deps() -> None:
    """The operator hands `deps.jars` to spark-submit as --jars, which counts more."""
    findings = check_text(KUBEFLOW, "app.yaml").findings
    (found,) = (finding for finding in findings if finding.code == "SL040")
    assert found.place.line == 21
    assert found.found == "spark.jars is given again as deps.jars in line 25."


def test_a_scheduled_application_has_a_new_name_each_time() -> None:
    """The operator appends the time; a name for the agent helps."""
    text = KUBEFLOW.partition("---\n")[2].replace("kind: Spark", "kind: ScheduledSpark")
    head, _, spec = text.partition("spec:\n")
    spec = "".join(f"  {line}\n" for line in spec.splitlines())
    text = f"{head}spec:\n  schedule: '@daily'\n  template:\n{spec}"
    codes = [finding.code for finding in check_text(text, "app.yaml").findings]
    assert "SL071" in codes
    named = text.replace("    sparkConf:\n", "    sparkConf:\n      spark.openlineage.appName: orders\n")
    assert "SL071" not in [finding.code for finding in check_text(named, "app.yaml").findings]
    assert "SL071" not in [finding.code for finding in check_text(KUBEFLOW, "app.yaml").findings]


STACKABLE = """\
apiVersion: spark.stackable.tech/v1alpha1
kind: SparkApplication
metadata:
  name: orders
spec:
  sparkImage:
    productVersion: 4.1.1
  mode: cluster
  mainApplicationFile: local:///stackable/spark/jobs/job.py
  openLineage:
    host: marquez
    port: 5000
    appName: orders
    tls: {verification: {server: {caCert: {secretClass: ca}}}}
  env:
    - name: A
      value: b
  deps:
    packages:
      - org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0
  sparkConf:
    spark.extraListeners: com.example.Mine
    spark.openlineage.namespace: prod
"""


def test_the_block_of_stackable_becomes_what_its_operator_makes_of_it() -> None:
    """Defaults for what the application does not set, and its own listener and JAR behind the others."""
    (sheet,) = _sheets(STACKABLE)
    assert _told(sheet.settings) == [
        ("openLineage", "http"),
        ("openLineage.host", "https://marquez:5000"),
        ("openLineage.appName", "orders"),
        ("spark.openlineage.namespace", "prod"),
        ("deps.packages", "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0"),
        ("spark.extraListeners", f"com.example.Mine,{LISTENER}"),
        ("openLineage", "?"),
    ]
    assert [setting.key for setting in sheet.settings][:2] == [
        "spark.openlineage.transport.type",
        "spark.openlineage.transport.url",
    ]
    assert (sheet.spark, _told(sheet.environment)) == ("4.1.1", [("A", "b")])


def test_without_the_block_stackable_adds_nothing() -> None:
    """And with it, what the application sets itself counts."""
    (plain,) = _sheets(STACKABLE.replace("  openLineage:\n", "  other:\n"))
    assert [setting.key for setting in plain.settings] == [
        "spark.extraListeners",
        "spark.openlineage.namespace",
        "spark.jars.packages",
    ]
    own = STACKABLE + "    spark.openlineage.transport.url: http://mine\n"
    (sheet,) = _sheets(own)
    url = sheet.agent("transport.url")
    assert url is not None
    assert url.value == "http://mine"
    assert len(list(sheet.all(url.key))) == 1


def test_a_list_and_json_are_read_too() -> None:
    """As `kubectl get -o` prints them."""
    text = (
        '{"kind": "List", "items": [{"kind": "SparkApplication", "apiVersion": "sparkoperator.k8s.io/v1beta2",\n'
        '  "spec": {"sparkConf": {"spark.x": "1"}}}, {"kind": "Pod"}]}'
    )
    (sheet,) = _sheets(text)
    assert _told(sheet.settings) == [("spark.x", "1")]


HELM = """\
{{- if .Values.enabled }}
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
  name: {{ .Release.Name }}-pi
spec:
  sparkVersion: {{ .Values.spark | quote }}
  sparkConf:
    spark.openlineage.transport.url: {{ .Values.url }}/api
    "spark.openlineage.namespace": "{{ .Values.env }}.team"
    spark.plain: x # {{ a comment }}
{{- end }}
"""


def test_a_template_has_values_that_are_not_known() -> None:
    """Nothing else about it is lost: conditions around lines add none."""
    (sheet,) = _sheets(HELM)
    assert _told(sheet.settings) == [
        ("spark.openlineage.transport.url", "?/api"),
        ("spark.openlineage.namespace", "?.team"),
        ("spark.plain", "x"),
        ("metadata.name", "?-pi"),
    ]
    assert (sheet.partial, sheet.spark) == (False, None)
    assert (sheet.settings[1].place.line, sheet.settings[1].place.column) == (10, 5)
    assert "SL010" in [finding.code for finding in check_text(HELM, "app.yaml").findings]


@pytest.mark.parametrize(
    "line",
    [
        "    {{- toYaml .Values.sparkConf | nindent 4 }}\n",
        "    {{- range $k, $v := .Values.conf }}\n    {{ $k }}: {{ $v }}\n    {{- end }}\n",
        "    {{- if .Values.a }}\n    spark.a: b\n    {{- else }}\n    spark.a: c\n    {{- end }}\n",
        "    {% for key in keys %}\n    spark.{{ key }}: x\n    {% endfor %}\n",
    ],
)
def test_a_template_that_brings_lines_makes_the_sheet_partial(line: str) -> None:
    """A missing setting proves nothing then."""
    (sheet,) = _sheets(HELM.replace("    spark.plain", f"{line}    spark.plain"))
    assert sheet.partial
    assert "spark.plain" in [setting.key for setting in sheet.settings]


def test_a_template_in_place_of_a_mapping_makes_the_sheet_partial() -> None:
    """The configuration is there, but nobody can read it."""
    text = "kind: SparkApplication\nspec:\n  sparkConf: {{ toJson .V }}\n  driver: {env: [{name: A, value: b}]}\n"
    (sheet,) = _sheets(text)
    assert sheet.partial


def test_a_template_keeps_its_length_and_lines() -> None:
    """So every place in it stays what it is."""
    text = "a: {{ x\n  | y }}\n  {{- z }}\nb: {{ c\n"
    found = untemplated(text)
    assert len(found.text) == len(text)
    assert found.text.count("\n") == text.count("\n")
    assert found.text.endswith("b: {{ c\n")
    assert untemplated("{" * 100_000).text == "{" * 100_000


MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: spark-conf}
data:
  spark-defaults.conf: |

      # the defaults
      spark.openlineage.url  http://m # sparklineage: ignore[SL001]
      spark.openlineage.version v1
  quoted.properties: "spark.openlineage.host=http://m\\nspark.x=y"
  openlineage.yml: |-
    transport:
      type: htpp
  log4j2.properties: |
    rootLogger.level = info
  README.md: "spark.x y"
"""


def test_files_in_a_config_map_are_read_as_such() -> None:
    """Each is a sheet; the lines of a literal block have their place, other texts have that of their beginning."""
    defaults, quoted, agent = _sheets(MAP)
    assert _told(defaults.settings)[1] == ("spark.openlineage.version", "v1")
    assert [(setting.place.line, setting.place.column) for setting in defaults.settings] == [(8, 7), (9, 7)]
    assert [(setting.place.line, setting.place.column) for setting in quoted.settings] == [(10, 22), (10, 22)]
    assert [(setting.name, setting.place.line, setting.place.column) for setting in agent.settings] == [
        ("transport.type", 13, 7)
    ]
    assert all(setting.value_span is None for sheet in (defaults, quoted, agent) for setting in sheet.settings)
    assert {sheet.platform for sheet in (defaults, quoted, agent)} == {"kubernetes"}


def test_a_broken_file_in_a_config_map_gets_one_sentence() -> None:
    """With the place of the text that holds it."""
    with pytest.raises(UnreadableError, match=r"^f:3:20: in openlineage.yml, this is no YAML"):
        _sheets("kind: ConfigMap\ndata:\n  openlineage.yml: |\n    a: [\n    spark\n")


def test_comments_silence_rules() -> None:
    """In the same line, and above the application for all of it."""
    loud = KUBEFLOW.replace("transport.url: http://marquez:5000", "url: http://m")
    assert "SL001" in [finding.code for finding in check_text(loud, "a.yaml").findings]
    quiet = loud.replace("url: http://m\n", "url: http://m # sparklineage: ignore[SL001]\n", 1)
    assert "SL001" not in [finding.code for finding in check_text(quiet, "a.yaml").findings]
    whole = loud.replace("apiVersion: sparkop", "# sparklineage: ignore[SL001]\napiVersion: sparkop")
    assert "SL001" not in [finding.code for finding in check_text(whole, "a.yaml").findings]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("kind: SparkApplication\nspec:\n\tsparkConf: x\n", "f:3:1: this is no YAML: a tab"),
        ("kind: SparkApplication\nspec: {{ x\n", "f:"),
        ("kind: SparkApplication\nspec: *x\n", "f:2:7: this alias refers to an anchor"),
        ('{"kind": "SparkApplication",}', "f:1:29: this is no JSON"),
    ],
)
def test_broken_files_get_one_sentence(text: str, where: str) -> None:
    """With the place."""
    with pytest.raises(UnreadableError) as caught:
        _sheets(text)
    assert str(caught.value).startswith(where)


@pytest.mark.parametrize(
    "text", ["", "---\n", "kind: SparkApplication\n", "kind: SparkApplication\nspec: [1]\n", "- 1\n"]
)
def test_objects_without_settings_have_no_sheets(text: str) -> None:
    """Whatever their shape is."""
    assert _sheets(text) == []


CONFS = st.dictionaries(
    st.from_regex(r"spark\.[a-zA-Z][a-zA-Z.]{0,20}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"], exclude_characters="{$"), min_size=1, max_size=30),
    min_size=1,
)


@settings(max_examples=100, deadline=None)
@given(conf=CONFS)
@pytest.mark.parametrize(("render", "parse"), [(json.dumps, json.loads), (yaml.safe_dump, yaml.safe_load)])
def test_a_conf_comes_back(
    render: Callable[[object], str], parse: Callable[[str], object], conf: dict[str, str]
) -> None:
    """Every key and value, whatever quotes and escapes they need, each where it says that it stands."""
    text = render({"kind": "SparkApplication", "spec": {"sparkConf": conf}})
    (sheet,) = _sheets(text)
    assert {setting.key: setting.value for setting in sheet.settings} == conf
    for setting in sheet.settings:
        key, value = _cut(text, setting)
        assert key is not None
        assert parse(key) == setting.key
        assert value is None or parse(value) == setting.value


@settings(max_examples=200, deadline=None)
@given(
    text=st.lists(st.sampled_from(["{{", "}}", "{%", "%}", "\n", " ", "a: ", "x", "if", "-", "{", "}"])).map("".join)
)
def test_any_template_keeps_its_length_and_lines(text: str) -> None:
    """Whatever is open or closed in it."""
    found = untemplated(text).text
    assert len(found) == len(text)
    assert [at for at, char in enumerate(found) if char == "\n"] == [at for at, char in enumerate(text) if char == "\n"]
