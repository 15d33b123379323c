"""SageMaker: PySparkProcessor as JSON and as Python, and environments within their limits."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError
from tests.support.aws_models import refusals
from tests.unit.targets.aws_orders import HTTP, LISTENER, names, order, read, render, text_of


def defaults(configuration: list[Any]) -> dict[str, str]:
    (found,) = [one["Properties"] for one in configuration if one["Classification"] == "spark-defaults"]
    return dict(found)


class Processor:
    """Keeps what the real one would be made with."""

    def __init__(self, **options: Any) -> None:
        self.options = options


@pytest.fixture(params=["sagemaker.core.spark.processing", "sagemaker.spark.processing"])
def sagemaker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 3, or 2, as far as the import goes."""
    parts = request.param.split(".")
    for at in range(1, len(parts) + 1):
        module = ModuleType(".".join(parts[:at]))
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(sys.modules[request.param], "PySparkProcessor", Processor, raising=False)


def test_the_arguments_of_a_processor(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "sagemaker", release="3.5"), "sagemaker")
    assert names(rendered) == ["processor.json", "processing.py", "environment.json"]
    found = read(rendered, "processor.json")
    properties = defaults(found["configuration"])
    assert properties["spark.extraListeners"] == LISTENER
    assert not [key for key in properties if "jars" in key or "extraClassPath" in key]
    assert [jar.partition("-spark_")[0] for jar in found["submit_jars"]] == ["s3://b/lineage/openlineage"]
    assert found["env"] == {"OPENLINEAGE_NAMESPACE": "prod", "OPENLINEAGE_URL": HTTP["url"]}
    assert read(rendered, "environment.json") == found["env"]


@pytest.mark.parametrize("operation", ["CreateProcessingJob", "CreateTrainingJob"])
def test_the_environment_is_one_that_jobs_take(tmp_path: Path, operation: str) -> None:
    found = read(render(order(tmp_path, "sagemaker", release="3.5"), "sagemaker"), "environment.json")
    problems = refusals("sagemaker", operation, {"Environment": found})
    assert not [problem for problem in problems if "Environment" in problem]


def test_what_the_container_writes_is_what_was_meant(tmp_path: Path) -> None:
    """Its spark-defaults.conf gets `key value` on a line for each property, and nothing is escaped."""
    spark = {"spark.acme.a": "x = y: z # é", "spark.acme.b": "[a;b]"}
    found = read(render(order(tmp_path, "sagemaker", release="3.5", spark=spark), "sagemaker"), "processor.json")
    properties = defaults(found["configuration"])
    text = "".join(f"{key} {value}\n" for key, value in properties.items())
    assert {entry.key: entry.trimmed for entry in entries(text)} == properties
    assert spark.items() <= properties.items()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a\\b", "escapes nothing in spark-defaults.conf"),
        ("a\\", "escapes nothing in spark-defaults.conf"),
        ("\\u12", "cannot be written for SageMaker"),
        ("=a", "escapes nothing"),
        ("a\nspark.extraListeners x", "holds a line end"),
    ],
)
def test_what_its_file_would_say_otherwise_is_refused(tmp_path: Path, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        render(order(tmp_path, "sagemaker", release="3.5", spark={"spark.acme.a": value}), "sagemaker")
    assert says in str(raised.value)
    assert "sparklineage.yml:" in str(raised.value)


def test_a_secret_is_refused(tmp_path: Path) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": "aws-secretsmanager:ol"}}
    with pytest.raises(ConfigError, match="SageMaker shows the environment"):
        render(order(tmp_path, "sagemaker", release="3.5", transport=transport), "sagemaker")


def test_a_variable_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="OPENLINEAGE_NAMESPACE has 257 characters, and 256 are allowed"):
        render(order(tmp_path, "sagemaker", release="3.5", namespace="n" * 257), "sagemaker")


def test_a_jar_has_to_be_in_s3(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is 'https://h/jars', which sagemaker does not read; write s3://"):
        order(tmp_path, "sagemaker", release="3.5", section={"artifacts": "https://h/jars"})
    given = replace(order(tmp_path, "sagemaker", release="3.5"), jars=("https://h/jars/a.jar",))
    with pytest.raises(ConfigError, match="submit_jars takes files and s3:// addresses alone, not https://h/jars/"):
        render(given, "sagemaker")


@pytest.mark.usefixtures("sagemaker")
def test_the_python_starts_a_processor(tmp_path: Path) -> None:
    given = order(tmp_path, "sagemaker", release="3.5")
    code = text_of(render(given, "sagemaker"), "processing.py")
    module: dict[str, Any] = {}
    exec(compile(code, "processing.py", "exec"), module)  # noqa: S102 - what a user would run
    made = module["processor"](role="r", env={"OPENLINEAGE_NAMESPACE": "own", "A": "b"})
    assert made.options["role"] == "r"
    assert made.options["env"] == {"OPENLINEAGE_URL": HTTP["url"], "OPENLINEAGE_NAMESPACE": "own", "A": "b"}
    run = module["with_lineage"](
        submit_app="job.py",
        submit_jars=["mine.jar"],
        configuration=[
            {"Classification": "core-site", "Properties": {"a": "b"}},
            {"Classification": "spark-defaults", "Properties": {"spark.extraListeners": "com.acme.Mine"}},
        ],
    )
    assert run["submit_app"] == "job.py"
    assert run["submit_jars"][0] == "mine.jar"
    assert defaults(run["configuration"])["spark.extraListeners"] == f"com.acme.Mine,{LISTENER}"
    assert {"Classification": "core-site", "Properties": {"a": "b"}} in run["configuration"]
    both = module["with_lineage"](configuration=run["configuration"])
    assert both["configuration"] == run["configuration"]
    plain = module["with_lineage"]()
    assert plain["configuration"] == read(render(given, "sagemaker"), "processor.json")["configuration"]


@pytest.mark.usefixtures("sagemaker")
def test_the_python_joins_patterns_and_mixes_no_transports(tmp_path: Path) -> None:
    """As the file does that a configuration is merged into."""
    given = order(tmp_path, "sagemaker", release="3.5")
    module: dict[str, Any] = {}
    exec(compile(text_of(render(given, "sagemaker"), "processing.py"), "processing.py", "exec"), module)  # noqa: S102
    ours = module["CONFIGURATION"][0]["Properties"]["spark.redaction.regex"]
    own = {"spark.redaction.regex": "ssn", "spark.openlineage.transport.type": "console"}
    mine = {"Classification": "spark-defaults", "Properties": own}
    once = module["with_lineage"](configuration=mine)["configuration"]
    assert defaults(once)["spark.redaction.regex"] == f"{ours}|ssn"
    transport = {key: value for key, value in defaults(once).items() if ".transport." in key}
    assert transport == {"spark.openlineage.transport.type": "console"}
    assert module["with_lineage"](configuration=once)["configuration"] == once
    merged = read(render(given, "sagemaker", [mine]), "mine.json")
    assert defaults(merged) == defaults(once)


@pytest.mark.parametrize(
    "mine",
    [
        [],
        {"Classification": "spark-defaults", "Properties": {"spark.jars": "s3://b/mine.jar", "spark.a": "b"}},
        [{"Classification": "core-site", "Properties": {"a": "b"}}],
        {"configuration": [], "submit_jars": ["s3://b/mine.jar"], "wait": True},
    ],
)
def test_twice_is_once(tmp_path: Path, mine: Any) -> None:
    given = order(tmp_path, "sagemaker", release="3.5")
    once = render(given, "sagemaker", mine)
    twice = render(given, "sagemaker", text_of(once, "mine.json"))
    assert [one.text for one in twice.artefacts[1:]] == [one.text for one in once.artefacts[1:]]
    assert text_of(twice, "mine.json") == text_of(once, "mine.json")
    compile(text_of(once, "processing.py"), "processing.py", "exec")


def test_jars_of_the_configuration_are_not_lost(tmp_path: Path) -> None:
    """`--jars` takes the place of spark.jars."""
    mine = [{"Classification": "spark-defaults", "Properties": {"spark.jars": "s3://b/mine.jar"}}]
    rendered = render(order(tmp_path, "sagemaker", release="3.5"), "sagemaker", mine)
    assert "SUBMIT_JARS = ['s3://b/mine.jar'," in text_of(rendered, "processing.py")
    assert any("would have no effect beside submit_jars" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        ([{"Classification": "spark-default"}], "no classification 'spark-default'. Did you mean spark-defaults?"),
        ({"a": 1}, "none of the documents"),
        ("[1]", "none of the documents"),
        ({"submit_jars": "a"}, "submit_jars is no list of texts"),
        ({"submit_jars": [], "env": 1}, "env is no object"),
    ],
)
def test_what_cannot_be_merged_is_said_in_a_sentence(tmp_path: Path, mine: object, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        render(order(tmp_path, "sagemaker", release="3.5"), "sagemaker", mine)
    assert says in str(raised.value)
