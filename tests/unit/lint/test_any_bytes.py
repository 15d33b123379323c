"""Whatever a file holds, lint answers with findings or one sentence."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparklineage.cli import main
from sparklineage.config.properties import entries
from sparklineage.lint import READERS, RULES, check_text
from sparklineage.lint.readers import UnreadableError
from sparklineage.lint.readers.shell import commands

NAMES = {
    "spark-defaults": "f.conf",
    "python": "f.py",
    "openlineage-yml": "openlineage.yml",
    "command-line": "f.sh",
    "databricks": "cluster.json",
    "databricks-bundle": "databricks.yml",
    "spark-application": "app.yaml",
    "dataproc": "cluster.json",
    "terraform": "main.tf.json",
    "emr": "emr.json",
    "emr-serverless": "job.json",
    "emr-containers": "job.json",
    "glue": "glue.json",
    "airflow": "conf.json",
    "requirements": "requirements.txt",
}
IN_JSON = ("terraform", "databricks", "dataproc", "emr", "emr-serverless", "emr-containers", "glue", "airflow")
PIECES = [
    "spark.openlineage.transport.url", "spark.openlineage.transport.type", "spark.extraListeners", "spark.jars",
    "spark.openlineage.", "openlineage.x", "transport", "transports", "url", "type", "timeout", "http", "composite",
    "http://h:1/p?q=1", "http://[", "?", "=", ":", ": ", "\n", "\r\n", "\\", "\\\n", "\\u12", "#", "'", '"', "`", "$",
    "$(", "${", "${A[@]}", "A=(", "A+=(", "(", ")", "{", "}", "[", "]", ",", ";", "-", "- ", "&a", "*a", "<<", "<<E",
    "E", ">", "|", "  ", "\t", "spark-submit", "--conf", "--jars", "--jars=", "-c", "export ", "OPENLINEAGE_URL=",
    ".config(", ".set(", ".setAll(", "SparkSession.builder", "SparkConf()", ".getOrCreate()", "f'{x}'", "map=",
    "spark = ", "def f():\n ", "lambda x: ", "# sparklineage: ignore[SL001]", "\0", "\x1b[31m", "é", "航", "\ud800"[:0],
    '{"new_cluster": ', '"spark_conf": {', '"init_scripts": [', '"libraries": [{"jar": ', '"job_clusters": [',
    '"tasks": [', '"spark_submit_task": {"parameters": [', '"definition": ',
    '"spark_conf.spark.x": {"type": "fixed", "value": ', "\n  new_cluster:\n   ",
    "resources:\n ", "targets:\n ", "configuration:\n ", "kind: SparkApplication\n",
    "kind: ConfigMap\n", "\nspec:\n ", "\ndata:\n ", "sparkConf:\n  ", "spark-defaults.conf: |\n  ", "deps: {jars: [",
    "driver: {env: [{name: ", "openLineage: {host: ", "---\n", "{{", "}}", "{%", "%}", "${var.x}", "{{ end }}",
    '{"Classification": "spark-defaults", "Properties": {', '"HadoopJarStep": {"Args": [', '{"spark_conf": ',
    '{"config": {"softwareConfig": {"properties": {"spark:spark.jars": ', '{"pysparkJob": {"properties": ',
    '"--conf": ', '"jobDriver": {"sparkSubmit": {"sparkSubmitParameters": ',
    '"resource": {"databricks_cluster": {"x": ', "!Ref ",
    "[a;b]", "true", "5s", "openlineage-spark_2.12-1.53.0.jar", "io.openlineage:openlineage-spark_2.13:1.36.0",
]  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
everything = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

FIELDS = [
    "Classification", "classification", "Properties", "ConfigurationProperties", "Configurations", "configurations",
    "configurations_json", "HadoopJarStep", "hadoop_jar_step", "Args", "Jar", "Type", "Steps", "step", "Path",
    "BootstrapActions", "bootstrap_action", "ScriptBootstrapAction", "ReleaseLabel", "release_label", "jobDriver",
    "sparkSubmit", "sparkSubmitJobDriver", "sparkSubmitParameters", "configurationOverrides",
    "applicationConfiguration", "runtimeConfiguration", "DefaultArguments", "Arguments", "GlueVersion", "--conf",
    "--extra-jars", "resource", "planned_values", "resources", "instances", "attributes", "type", "values",
    "child_modules", "aws_emr_cluster",
    "aws_glue_job", "databricks_job", "google_dataproc_cluster", "google_dataproc_job", "cluster_config",
    "software_config", "pyspark_config", "softwareConfig", "pysparkJob", "jarFileUris", "initializationActions",
    "submit_jars", "configuration", "properties", "spark:spark.jars", "new_cluster", "spark_conf", "init_scripts",
    "libraries", "conf", "jars", "file", "env_vars", "spark.jars", "spark.extraListeners", "spark.openlineage.x", "Ref",
]  # fmt: skip
TEXTS = [
    "spark-defaults", "spark-env", "export", "Spark", "spark-submit", "--conf", "spark.a=1", "--jars a.jar --conf 'x",
    "k=v --conf spark.b=2 --conf", "aws_emr_cluster", "databricks_cluster", "5.0", "emr-7.12.0", "emr-999.999", "{{x}}",
    "${x}", '[{"Classification": "spark-defaults", "Properties": {"spark.jars": "a.jar"}}]', '{"spark.jars": "a.jar"}',
    "s3://b/a.jar", "\0", "\n", "",
]  # fmt: skip
trees = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(TEXTS), st.text(max_size=5)),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), below, max_size=4),
    max_leaves=30,
)


@pytest.mark.parametrize("kind", IN_JSON)
@everything
@given(tree=trees, indent=st.sampled_from([None, 1]))
def test_no_tree_breaks_a_reader(kind: str, tree: object, indent: int | None) -> None:
    """Whatever stands where; and where a setting can be written anew, there it stands."""
    text = json.dumps(tree, indent=indent)
    assert check_text(text, NAMES[kind], kind=kind).kind == kind
    for sheet in READERS[kind].read(text, NAMES[kind]):
        for setting in (*sheet.settings, *sheet.environment, *sheet.scripts):
            if setting.value_span:
                found = json.loads(text[slice(*setting.value_span)])
                assert (setting.text if isinstance(found, str) else setting.text.lower()) == _shown(found)
            if setting.key_span:
                assert isinstance(json.loads(text[slice(*setting.key_span)]), str)


def _shown(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kind", READERS)
@everything
@given(text=texts)
def test_no_text_breaks_a_reader(kind: str, text: str) -> None:
    """Findings have places inside the text, or the reader says where it gave up."""
    try:
        checked = check_text(text, NAMES[kind], kind=kind)
    except UnreadableError as error:
        assert str(error).startswith(f"{NAMES[kind]}:")
        return
    lines = text.split("\n")
    for finding in checked.findings:
        assert finding.code in RULES
        assert finding.place.line >= 1
        assert kind == "spark-defaults" or finding.place.line <= len(lines) + 1
        assert all(part.isprintable() for part in (finding.found, finding.reality, finding.fix))


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=300), texts.map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_bytes_break_the_command(kind: str, form: str, data: bytes, tmp_path: Path) -> None:
    """Status 0, 1 or 2, and never a bug or a traceback."""
    file = tmp_path / NAMES[kind]
    file.write_bytes(data)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["lint", str(file), "--as", kind, "--format", form, "--spark", "4.2.0", "--agent", "1.34.0"], {})
    assert status in {0, 1, 2}
    assert (status == 2) == bool(err.getvalue())
    assert "bug" not in err.getvalue()
    assert len(err.getvalue().splitlines()) <= 1


@everything
@given(words=st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20)))
def test_quoted_words_come_back(words: list[str]) -> None:
    """What `shlex.quote` writes, the shell reader reads."""
    line = shlex.join(["run", *words])
    (command,) = commands(line)
    assert [word.value for word in command] == ["run", *words]


@everything
@given(
    pairs=st.lists(
        st.tuples(
            st.from_regex(r"spark\.[a-zA-Z.]{1,20}", fullmatch=True), st.from_regex(r"[!-\[\]-~]{0,20}", fullmatch=True)
        )
    )
)
def test_properties_come_back(pairs: list[tuple[str, str]]) -> None:
    """Keys and values in their order, each with its line."""
    text = "".join(f"{key} = {value}\n" for key, value in pairs)
    found = list(entries(text))
    assert [(entry.key, entry.value, entry.line) for entry in found] == [
        (key, value, line) for line, (key, value) in enumerate(pairs, 1)
    ]


CANARY = "cAnAry7f3e9b1d"
SECRETS = {
    "f.conf": [
        "spark.openlineage.apiKey={0}",
        "spark.openlineage.transport.auth.apiKey {0}",
        "spark.openlineage.transport.auth.type={0}\nspark.openlineage.transport.type={0}",
        "spark.openlineage.transport.headers.Authorization=Bearer {0}",
        "spark.openlineage.transport.type=http\nspark.openlineage.transport.url=https://u:{0}@h/in/{0}?code={0}&x={0}",
        "spark.openlineage.transport.type=http\nspark.openlineage.transport.url=https://h/?{0}",
        "spark.openlineage.transport.timeoutInMillis={0}\nspark.openlineage.parentRunId={0}",
        "spark.openlineage.transport.properties.sasl.jaas.config=x password=\"{0}\";",
        "spark.openlineage.context={{\"token\": \"{0}\"}}\nspark.openlineage.namespace=[{0}]",
        "spark.jars=/x/{0}/a.jar\nspark.jars=/x/{0}/b.jar\nspark.extraListeners=openlineage.spark.{0}",
        "spark.openlineage.transport.auth.apiKey\\:{0}==",
        "openlineage.transport.auth.apiKey\\:{0}==",
    ],
    "f.sh": [
        "OPENLINEAGE_API_KEY={0} spark-submit --conf spark.openlineage.transport.auth.apiKey={0} job.py",
        "spark-submit --conf spark.openlineage.transport.headers.X-Api-Key={0} --name 2026-01-01-{0} job.py",
        "spark-submit --packages io.openlineage:openlineage-spark:{0} --conf spark.openlineage.appName={0} job.py",
    ],
    "f.py": [
        "b.config('spark.openlineage.transport.auth.apiKey', '{0}').config('spark.openlineage.transport.url', 'http://h?k={0}')",
        "spark.conf.set('spark.openlineage.transport.headers.Authorization', 'Bearer {0}')",
        "b.config('spark.openlineage.x', '{0}'",
    ],
    "conf.json": [
        '{{"spark.openlineage.transport.auth.apiKey": "{0}", "spark.openlineage.transport.type": "{0}"}}',
        '{{"spark.openlineage.transport.headers.Authorization": "{0}", "spark.jars": "{0}" "{0}"}}',
        '{{"conf": "{{\\"spark.openlineage.transport.auth.apiKey\\": \\"{0}\\"}}", "spark_conf": 1}}',
    ],
    "emr.json": [
        '[{{"Classification": "spark-defaults", "Properties": {{"spark.openlineage.transport.auth.apiKey": "{0}"}}}}]',
        '[{{"Type": "Spark", "Args": ["--conf", "spark.openlineage.transport.headers.X-Api-Key={0}"]}}]',
        '{{"sparkSubmitParameters": "--conf spark.openlineage.apiKey={0}", "Classification": {0}}}',
    ],
    "glue.json": ['{{"--conf": "spark.openlineage.transport.auth.apiKey={0} --conf spark.openlineage.x={0}"}}'],
    "conf.yaml": ["spark.openlineage.apiKey: {0}\nb: !{0} {0}\n", "spark.openlineage.apiKey: !!{0} x\n"],
    "openlineage.yml": [
        "transport: {{type: http, url: 'https://h/{0}', endpoint: '{0}', auth: {{type: {0}, apiKey: {0}}}}}",
        "transport:\n  type: {0}\n  apiKey: {0}\n  transports: {{a: {{type: {0}, apiKey: {0}}}}}",
        "transport: [{0}, *{0}]",
    ],
    "cluster.json": [
        '{{"new_cluster": {{"spark_conf": {{"spark.openlineage.transport.auth.apiKey": "{0}"}}}}}}',
        '{{"spark_env_vars": {{"OPENLINEAGE_API_KEY": "{0}\'"}}}}',
        '{{"spark_version": "1", "libraries": [{{"jar": "/{0}/openlineage-spark.jar"}}]}}',
        '{{"init_scripts": [{{"{0}": {{"destination": "{0}"}}}}, {{"dbfs": {{"destination": "dbfs:/{0}"}}}}]}}',
        '{{"spark_conf.spark.openlineage.{0}": {{"type": "fixed", "value": "{0}"}}, "spark_version": "{0}"',
    ],
    "databricks.yml": [
        "resources:\n  spark_conf: {{spark.openlineage.transport.auth.apiKey: {0}, spark.extraListeners: {0}}}",
        "resources: *{0}",
        "resources: !{0} x",
    ],
    "app.yaml": [
        "kind: SparkApplication\nspec:\n  driver: {{env: [{{name: OPENLINEAGE_API_KEY, value: {0}}}]}}",
        "kind: SparkApplication\napiVersion: sparkoperator.k8s.io/v1\nmetadata: {{name: 2026-01-01-{0}}}",
        "kind: SparkApplication\nspec:\n  sparkConf: {{spark.openlineage.transport.headers.Authorization: Bearer {0}}}",
        "kind: SparkApplication\nspec: {{{{ {0}",
        "kind: ConfigMap\ndata:\n  spark-defaults.conf: 'spark.openlineage.apiKey {0}'",
        "kind: ConfigMap\ndata:\n  spark.properties: 'spark.x \\u{0}'",
        "kind: ConfigMap\ndata:\n  spark.conf: x\n  openlineage.yml: '{0}: [{0}'",
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize(("name", "text"), [(name, text) for name, all_ in SECRETS.items() for text in all_])
def test_no_secret_is_printed(
    name: str, text: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one that stands where it does not belong."""
    (tmp_path / name).write_text(text.format(CANARY) + "\n", encoding="utf-8")
    main(["lint", str(tmp_path / name), "--format", form], {})
    out, err = capsys.readouterr()
    assert out or err
    assert CANARY not in out + err
