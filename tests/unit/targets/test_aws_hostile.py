"""Whatever stands in a field, the targets of AWS carry it on as it is, or refuse it with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sparklineage.config.properties import entries
from sparklineage.errors import SparklineageError
from sparklineage.targets import Application, Order, Rendered
from sparklineage.targets.arguments import options_conf, split
from sparklineage.targets.glue import conf_pairs
from tests.support.aws_models import refusals
from tests.unit.targets.aws_orders import existing, order, read, render

KEYS = ("spark.acme.x", "spark.openlineage.acme", "spark.driver.extraJavaOptions")
ODD = st.sampled_from(
    ["'", '"', "\n", "\r", "\t", "$(id)", "`id`", "\\", "]", "[", ";", ",", "=", " ", "--conf", "\u2028", "\x85", "é",
     "😀", "\x00", "\x7f", "#", "%", "{{a}}", "s3://"]
)  # fmt: skip
TEXT = st.lists(ODD | st.text(max_size=5), min_size=1, max_size=6).map("".join)
RELEASES = {"emr": "emr-7.5.0", "emr-serverless": "emr-7.5.0", "emr-containers": "emr-7.5.0", "glue": "5.0",
            "sagemaker": "3.5"}  # fmt: skip
SERVICE: dict[str, list[tuple[str, str, str, tuple[str, ...]]]] = {
    "emr": [("emr", "RunJobFlow", "cluster.json", ()), ("emr", "AddJobFlowSteps", "steps.json", ("JobFlowId",))],
    "emr-serverless": [
        ("emr-serverless", "StartJobRun", "job-run.json", ("applicationId", "clientToken", "executionRoleArn"))
    ],
    "emr-containers": [("emr-containers", "StartJobRun", "job-run.json", ("virtualClusterId", "clientToken"))],
    "glue": [("glue", "CreateJob", "job.json", ("Role",))],
    "sagemaker": [],
}


def made(folder: Path, platform: str, **changes: Any) -> Order | None:
    """The order, or None where the configuration itself is refused."""
    try:
        return order(folder, platform, release=RELEASES[platform], **changes)
    except SparklineageError:
        return None


def refused(error: SparklineageError) -> bool:
    text = str(error)
    return "\n" not in text.strip() and len(text) < 2000


def carried(rendered: Rendered, platform: str) -> dict[str, str]:
    """What Spark would have as its properties."""
    if platform == "emr":
        (step,) = [
            one for one in read(rendered, "steps.json")["Steps"] if "spark-submit" in one["HadoopJarStep"]["Args"]
        ]
        args = step["HadoopJarStep"]["Args"]
        options, rest = split(args[args.index("spark-submit") + 1 :])
        by_step = {key: value.written for key, value in options_conf(options, "").items()}
        (by_cluster,) = [
            one["Properties"] for one in read(rendered, "configurations.json") if "spark-d" in one["Classification"]
        ]
        assert by_cluster.items() <= by_step.items()
        assert rest[0].startswith("s3://b/")
        return by_step
    if platform == "glue":
        return dict(conf_pairs(read(rendered, "arguments.json")["--conf"], ""))
    if platform == "sagemaker":
        (item,) = read(rendered, "processor.json")["configuration"]
        text = "".join(f"{key} {value}\n" for key, value in item["Properties"].items())
        return {entry.key: entry.trimmed for entry in entries(text)}
    run = read(rendered, "job-run.json")
    (item,) = run["configurationOverrides"]["applicationConfiguration"]
    (driver,) = run["jobDriver"].values()
    options, _ = split(driver.get("sparkSubmitParameters", "").split())
    return {**item["properties"], **{key: value.written for key, value in options_conf(options, "").items()}}


@pytest.mark.parametrize("platform", list(RELEASES))
@settings(max_examples=60, deadline=None)
@given(value=TEXT, key=st.sampled_from(KEYS))
def test_a_property(platform: str, value: str, key: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    given_order = made(tmp_path_factory.mktemp("p"), platform, spark={key: value})
    assume(given_order is not None and key in given_order.conf)
    assert given_order is not None
    meant = given_order.conf[key].written
    try:
        rendered = render(given_order, platform)
    except SparklineageError as error:
        assert refused(error)
        return
    found = carried(rendered, platform)
    assert found[key] == (meant.strip() if platform == "sagemaker" else meant)
    for service, operation, name, later in SERVICE[platform]:
        assert refusals(service, operation, read(rendered, name), later=later) == []
    for artefact in rendered.artefacts:
        artefact.text.encode()


@pytest.mark.parametrize("platform", list(RELEASES))
@settings(max_examples=60, deadline=None)
@given(name=TEXT, argument=TEXT, uri=TEXT, main_class=st.none() | TEXT)
def test_an_application(
    platform: str, name: str, argument: str, uri: str, main_class: str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    arguments = ("--day", argument)
    job = Application(uri=f"s3://b/{uri}", arguments=arguments, main_class=main_class)
    given_order = made(tmp_path_factory.mktemp("a"), platform, application=job, job={"name": name})
    assume(given_order is not None)
    assert given_order is not None
    try:
        rendered = render(given_order, platform)
    except SparklineageError as error:
        assert refused(error)
        return
    for service, operation, document, later in SERVICE[platform]:
        assert refusals(service, operation, read(rendered, document), later=later) == []
    if platform == "emr":
        for document in (read(rendered, "cluster.json"), read(rendered, "steps.json")):
            args = document["Steps"][-1]["HadoopJarStep"]["Args"]
            assert args[-3:] == [job.uri, *arguments]
            assert split(args[args.index("spark-submit") + 1 :])[1] == [job.uri, *arguments]
    elif platform == "glue":
        assert read(rendered, "job.json")["DefaultArguments"]["--day"] == argument
    elif platform != "sagemaker":
        (driver,) = read(rendered, "job-run.json")["jobDriver"].values()
        assert [driver["entryPoint"], *driver["entryPointArguments"]] == [job.uri, *arguments]


PROPERTIES = st.dictionaries(
    st.sampled_from(
        ["spark.jars", "spark.extraListeners", "spark.acme.x", "spark.openlineage.namespace", "spark.redaction.regex",
         *(f"spark.openlineage.transport.{name}" for name in ("type", "url", "auth.apiKey"))]
    ),
    TEXT,
)  # fmt: skip


@pytest.mark.parametrize("platform", list(RELEASES))
@pytest.mark.parametrize("key", [None, "aws-secretsmanager:ol"])
@settings(max_examples=40, deadline=None)
@given(mine=PROPERTIES, indent=st.sampled_from([None, 1, 4, "\t"]))
def test_merging_twice_is_merging_once(
    platform: str, key: str | None, mine: dict[str, str], indent: int | str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    transport = {"type": "http", "url": "https://h", **({"auth": {"type": "api_key", "apiKey": key}} if key else {})}
    given_order = made(tmp_path_factory.mktemp("m"), platform, transport=transport, application=None)
    assert given_order is not None
    lower = platform in {"emr-serverless", "emr-containers"}
    names = ("classification", "properties") if lower else ("Classification", "Properties")
    document: Any = [{names[0]: "spark-defaults", names[1]: mine}, {names[0]: "core-site", names[1]: {"a": "\u2028"}}]
    if platform == "glue":
        assume(all(text.strip() and not text.split()[1:] for text in mine.values()))
        document = {"--conf": " --conf ".join(f"{name}={text}" for name, text in mine.items()), "--a": "\u2028"}
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    assume("\ud800" not in text)
    try:
        once = render(given_order, platform, text)
    except SparklineageError as error:
        assert refused(error)
        return
    main = existing(once.artefacts[0].text)
    twice = render(given_order, platform, main.text)
    assert twice.artefacts == once.artefacts
    assert "a" in main.text
