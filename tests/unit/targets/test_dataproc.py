"""Clusters and jobs of Dataproc."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.config.platforms import platforms
from sparklineage.errors import ConfigError
from sparklineage.targets import Application, Order, Rendered, dataproc
from sparklineage.targets.dataproc_shell import dictionary
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, THEIRS, file, order

_JAR = "gs://lake/openlineage-spark_2.12-1.53.0.jar"
_SWITCH = "dataproc:dataproc.lineage.enabled"


def _order(properties: dict[str, str] = HTTP, release: str = "2.2", **changes: Any) -> Order:
    settings = {"artifacts": "gs://lake", "release": release, "region": "europe-west1", **changes.pop("settings", {})}
    found = platforms().find("dataproc", release).release
    return order(properties, jars=(_JAR,), release=found, settings=settings, **changes)


def _text(rendered: Rendered, name: str) -> str:
    return next(artefact.text for artefact in rendered.artefacts if artefact.name == name)


def _properties(rendered: Rendered) -> Any:
    return json.loads(_text(rendered, "cluster.json"))["config"]["softwareConfig"]["properties"]


def _job(rendered: Rendered) -> Any:
    return json.loads(_text(rendered, "job.json"))["job"]


def _gcloud(text: str) -> dict[str, str]:
    """A flag's dictionary as gcloud reads it (gcloud topic escaping)."""
    delimiter = ","
    if text.startswith("^") and "^" in text[1:]:
        delimiter, _, text = text[1:].partition("^")
    return dict(item.split("=", 1) for item in text.split(delimiter))


def _words(script: str) -> list[str]:
    return shlex.split(script, comments=True)


def _flag(script: str, name: str) -> str:
    return next(word.partition("=")[2] for word in _words(script) if word.startswith(f"--{name}="))


def test_the_cluster_has_our_agent_and_not_its_own() -> None:
    rendered = dataproc.render(_order())
    assert _properties(rendered) == {
        "spark:spark.jars": _JAR,
        "spark:spark.extraListeners": AGENT,
        **{f"spark:{key}": text for key, text in HTTP.items()},
        _SWITCH: "false",
    }
    script = _text(rendered, "create-cluster.sh")
    assert _gcloud(_flag(script, "properties")) == _properties(rendered)
    assert (_flag(script, "region"), _flag(script, "image-version")) == ("europe-west1", "2.2")
    assert any("=false keeps it off" in note for note in rendered.notes)
    config = json.loads(_text(rendered, "cluster.json"))["config"]
    assert config["softwareConfig"]["imageVersion"] == "2.2"
    assert "initializationActions" not in config
    assert any(
        "`sparklineage jar upload gs://lake --platform dataproc --release 2.2 --version 1.53.0`" in note
        for note in rendered.notes
    )


def test_a_request_has_the_action_that_the_command_has() -> None:
    rendered = dataproc.render(_order(KEY))
    actions = json.loads(_text(rendered, "cluster.json"))["config"]["initializationActions"]
    assert actions == [{"executableFile": _flag(_text(rendered, "create-cluster.sh"), "initialization-actions")}]
    assert any(f"Put lineage-env.sh at {actions[0]['executableFile']}" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("application", "body", "words"),
    [
        (
            Application(uri="gs://b/job.py", arguments=("a b", "$(x)")),
            {"pysparkJob": {"mainPythonFileUri": "gs://b/job.py", "args": ["a b", "$(x)"], "jarFileUris": [_JAR]}},
            ["pyspark", "gs://b/job.py", f"--jars={_JAR}", "--", "a b", "$(x)"],
        ),
        (
            Application(uri="gs://b/job.jar", main_class="org.example.Main"),
            {"sparkJob": {"mainClass": "org.example.Main", "jarFileUris": ["gs://b/job.jar", _JAR]}},
            ["spark", "--class=org.example.Main", f"--jars=gs://b/job.jar,{_JAR}"],
        ),
        (
            Application(uri="gs://b/job.jar"),
            {"sparkJob": {"mainJarFileUri": "gs://b/job.jar", "jarFileUris": [_JAR]}},
            ["spark", "--jar=gs://b/job.jar", f"--jars={_JAR}"],
        ),
    ],
)
def test_a_job_has_its_jars_in_its_list(application: Application, body: Any, words: list[str]) -> None:
    rendered = dataproc.render(_order(application=application))
    name = next(iter(body))
    body[name]["properties"] = {"spark.extraListeners": AGENT, **HTTP}
    assert _job(rendered) == body
    script = _text(rendered, "submit-job.sh")
    assert [word for word in words if word not in _words(script)] == []
    assert _gcloud(_flag(script, "properties")) == body[name]["properties"]


def test_commas_take_another_delimiter() -> None:
    listeners = {**HTTP, "spark.openlineage.appName": "a,b"}
    script = _text(dataproc.render(_order(listeners)), "create-cluster.sh")
    assert _flag(script, "properties").startswith("^#^spark:")
    assert _gcloud(_flag(script, "properties"))["spark:spark.openlineage.appName"] == "a,b"


def test_reuse_leaves_our_agent_out_and_switches_theirs_on() -> None:
    # As assemble makes the order: without our JAR.
    rendered = dataproc.render(replace(_order(settings={"vendorAgent": "reuse"}), jars=()))
    properties = _properties(rendered)
    assert "spark:spark.extraListeners" not in properties
    assert properties[_SWITCH] == "true"
    assert properties["spark:spark.openlineage.transport.type"] == "http"


def test_compose_sends_to_both_with_the_agent_of_dataproc() -> None:
    rendered = dataproc.render(_order(settings={"vendorAgent": "compose"}))
    stem = "spark.openlineage.transport."
    assert _job(rendered)["pysparkJob"]["properties"] == {
        f"{stem}type": "composite",
        f"{stem}continueOnFailure": "true",
        f"{stem}transports.google.type": "gcplineage",
        f"{stem}transports.ours.type": "http",
        f"{stem}transports.ours.url": "https://marquez.example.com",
        "spark.openlineage.namespace": "prod.flights",
    }
    assert _JAR not in _text(rendered, "cluster.json")


def test_compose_keeps_a_composite_transport() -> None:
    stem = "spark.openlineage.transport."
    mine = {f"{stem}type": "composite", f"{stem}transports.a.type": "console"}
    properties = _properties(dataproc.render(_order(mine, settings={"vendorAgent": "compose"})))
    assert properties[f"spark:{stem}transports.google.type"] == "gcplineage"
    whole = {**mine, f"{stem}transports.b.type": "gcplineage"}
    assert f"spark:{stem}transports.google.type" not in _properties(
        dataproc.render(_order(whole, settings={"vendorAgent": "compose"}))
    )


@pytest.mark.parametrize(
    ("properties", "start"),
    [
        ({}, "vendorAgent is compose, but no transport is configured; write one"),
        (
            KEY,
            "sparklineage.yml: vendorAgent is compose, but spark.openlineage.transport.auth.apiKey goes by variables",
        ),
        (
            {
                "spark.openlineage.transport.type": "kafka",
                "spark.openlineage.transport.topicName": "t",
                "spark.openlineage.transport.properties.bootstrap.servers": "b:9092",
            },
            "sparklineage.yml: vendorAgent is compose, but spark.openlineage.transport.properties.bootstrap.servers",
        ),
    ],
)
def test_what_cannot_be_composed_is_refused(properties: dict[str, str], start: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dataproc.render(_order(properties, settings={"vendorAgent": "compose"}))
    assert str(caught.value).startswith(start)


def test_listeners_of_theirs_do_not_put_dataprocs_agent_out() -> None:
    properties = {**HTTP, "spark.extraListeners": f"com.example.Theirs,{AGENT}"}
    found = _properties(dataproc.render(_order(properties, settings={"vendorAgent": "reuse"})))
    assert found["spark:spark.extraListeners"] == f"com.example.Theirs,{AGENT}"


def test_keys_come_from_secret_manager(tmp_path: Path) -> None:
    rendered = dataproc.render(_order(KEY))
    assert "auth" not in _text(rendered, "cluster.json") + _text(rendered, "job.json")
    script = _text(rendered, "lineage-env.sh")
    assert _flag(_text(rendered, "create-cluster.sh"), "initialization-actions") == "gs://lake/lineage-env.sh"
    spark_env = tmp_path / "spark-env.sh"
    spark_env.write_text("export THEIRS=1\n")
    action = script.replace("/etc/spark/conf/spark-env.sh", str(spark_env))
    fake = tmp_path / "gcloud"
    fake.write_text('#!/bin/sh\n[ "$*" = "secrets versions access latest --secret=MARQUEZ_KEY" ] && printf 0123\n')
    fake.chmod(0o755)
    for _ in range(2):
        subprocess.run(["bash", "-c", action], check=True, timeout=30)
    assert spark_env.read_text().count("# sparklineage") == 1
    shown = subprocess.run(
        ["bash", "-c", f'. {spark_env}; echo "$THEIRS"; env'],
        check=True, timeout=30, capture_output=True, text=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    ).stdout  # fmt: skip
    assert "1\n" in shown
    assert 'OPENLINEAGE__TRANSPORT__AUTH__API_KEY="0123"\n' in shown
    assert "OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key\n" in shown


def test_an_action_that_cannot_write_lets_the_cluster_be() -> None:
    script = _text(dataproc.render(_order(KEY)), "lineage-env.sh").replace("/etc/spark", "/nonexistent/spark")
    done = subprocess.run(["bash", "-c", script], check=False, timeout=30, capture_output=True, text=True)
    assert done.returncode == 0
    assert "cannot be written" in done.stderr


def test_a_secret_of_another_place_is_refused() -> None:
    elsewhere = {**KEY, "spark.openlineage.transport.auth.apiKey": "aws-ssm:/key"}
    with pytest.raises(ConfigError, match=r"is aws-ssm:/key, which no node of Dataproc can look up"):
        dataproc.render(_order(elsewhere))


def test_a_cluster_of_theirs_grows() -> None:
    theirs = """\
# exported
config:
  gceClusterConfig: {zoneUri: europe-west1-b}
  softwareConfig:
    imageVersion: 2.2-debian12   # pinned
    properties:
      core:fs.gs.block.size: '134217728'
      spark:spark.extraListeners: com.example.Theirs
      spark:spark.openlineage.namespace: mine
"""
    rendered = dataproc.render(_order(), file(theirs, "cluster.yaml"))
    text = rendered.artefacts[0].text
    assert text.startswith(theirs.replace("com.example.Theirs", f'"com.example.Theirs,{AGENT}"'))
    properties = yaml.safe_load(text)["config"]["softwareConfig"]["properties"]
    assert properties["core:fs.gs.block.size"] == "134217728"
    assert properties["spark:spark.extraListeners"] == f"com.example.Theirs,{AGENT}"
    assert properties["spark:spark.openlineage.namespace"] == "mine"
    assert properties[_SWITCH] == "false"
    assert dataproc.render(_order(), file(text, "cluster.yaml")).artefacts[0].text == text


def test_a_cluster_with_both_agents_is_refused() -> None:
    theirs = json.dumps({"config": {"softwareConfig": {"properties": {_SWITCH: "true"}}}})
    with pytest.raises(ConfigError) as caught:
        dataproc.render(_order(), file(theirs))
    assert str(caught.value) == (
        f"theirs:1:84: {_SWITCH} is true, but vendorAgent is replace, so that two agents would run or none; change one "
        "of them."
    )
    rendered = dataproc.render(_order(settings={"vendorAgent": "reuse"}), file(theirs))
    assert json.loads(rendered.artefacts[0].text)["config"]["softwareConfig"]["properties"][_SWITCH] == "true"


@pytest.mark.parametrize(
    ("job", "jars", "property_"),
    [
        ({"pysparkJob": {"jarFileUris": ["gs://b/a.jar"]}}, ["gs://b/a.jar", _JAR], None),
        ({"pysparkJob": {"properties": {"spark.jars": "gs://b/a.jar"}}}, None, f"gs://b/a.jar,{_JAR}"),
        ({"sparkJob": {}}, [_JAR], None),
        ({"sparkRJob": {"mainRFileUri": "gs://b/a.R"}}, None, _JAR),
    ],
)
def test_jars_go_where_theirs_count(job: Any, jars: list[str] | None, property_: str | None) -> None:
    rendered = dataproc.render(_order(), file(json.dumps({"job": job})))
    found = next(iter(json.loads(rendered.artefacts[0].text)["job"].values()))
    assert found.get("jarFileUris") == jars
    assert found["properties"].get("spark.jars") == property_


def test_keys_written_before_stay_in_their_place() -> None:
    once = dataproc.render(_order(KEY), file('{"pysparkJob": {}}'))
    twice = dataproc.render(_order(KEY), file(once.artefacts[0].text))
    assert [artefact.name for artefact in twice.artefacts] == ["theirs", "lineage-env.sh"]
    assert twice.artefacts == once.artefacts


def test_keys_do_not_go_to_a_backend_of_theirs() -> None:
    theirs = {"pysparkJob": {"properties": {"spark.openlineage.transport.url": "https://theirs.example.com"}}}
    rendered = dataproc.render(_order(KEY), file(json.dumps(theirs)))
    assert [artefact.name for artefact in rendered.artefacts] == ["theirs"]
    assert not any("Secret Manager" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a: 1\n",
            "theirs:1:1: is neither a cluster (config.softwareConfig.properties) nor a job of Spark (pysparkJob).",
        ),
        ("config:\n\tx: 1\n", "theirs:2:1: this is no YAML: a tab stands where only spaces may; indent with spaces."),
        ("", "theirs: has 0 documents; one is needed."),
    ],
)
def test_what_is_nothing_of_dataprocs_is_told(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dataproc.render(_order(), file(text))
    assert str(caught.value) == sentence


_LINES = HOSTILE.map(lambda text: "".join(filter(str.isprintable, text)))


@settings(deadline=None)
@given(st.dictionaries(_LINES.map(lambda key: key.replace("=", "")), _LINES, min_size=1))
def test_gcloud_reads_back_what_is_written(properties: dict[str, str]) -> None:
    # Ours begin with a name, never with ^.
    wanted = {f"spark:{key}": text for key, text in properties.items()}
    assert _gcloud(dictionary(wanted)) == wanted


@settings(deadline=None)
@given(HOSTILE)
def test_what_a_properties_file_cannot_hold_is_refused(text: str) -> None:
    try:
        rendered = dataproc.render(_order({**HTTP, "spark.openlineage.appName": text}))
    except ConfigError as error:
        assert "spark.openlineage.appName" in str(error)
        assert not text.isprintable()
        return
    assert _properties(rendered)["spark:spark.openlineage.appName"] == text
    script = _text(rendered, "create-cluster.sh")
    assert _gcloud(_flag(script, "properties"))["spark:spark.openlineage.appName"] == text


@settings(deadline=None)
@given(THEIRS, st.booleans())
def test_twice_is_once(theirs: dict[str, str], job: bool) -> None:
    document = (
        {"pysparkJob": {"mainPythonFileUri": "gs://b/a.py", "properties": theirs}}
        if job
        else {"config": {"softwareConfig": {"properties": {f"spark:{key}": text for key, text in theirs.items()}}}}
    )
    once = dataproc.render(_order(), file(json.dumps(document))).artefacts[0].text
    found = json.loads(once)
    properties = found["pysparkJob"]["properties"] if job else found["config"]["softwareConfig"]["properties"]
    for key in {"spark.app.x", "a b", "é"} & set(theirs):
        assert properties[key if job else f"spark:{key}"] == theirs[key]
    assert dataproc.render(_order(), file(once)).artefacts[0].text == once
