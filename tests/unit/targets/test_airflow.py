"""Airflow's section, variables, conf and DAG."""

from __future__ import annotations

import ast
import configparser
import json
import shlex
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openlineage.client import OpenLineageClient

from sparklineage.errors import ConfigError
from sparklineage.targets import Application, Rendered, airflow
from sparklineage.targets.airflow_dag import templated
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, THEIRS, file, order


def _text(rendered: Rendered, name: str) -> str:
    return next(artefact.text for artefact in rendered.artefacts if artefact.name == name)


def _section(rendered: Rendered) -> dict[str, str]:
    """As Airflow's parser reads it: Python's own, with interpolation."""
    parser = configparser.ConfigParser()
    parser.read_string(_text(rendered, "airflow.cfg"))
    return dict(parser["openlineage"])


def _variables(rendered: Rendered) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(_text(rendered, "airflow.env"), comments=True))


def _names(rendered: Rendered) -> dict[str, Any]:
    """The mappings of the DAG, and the arguments of its operator."""
    tree = ast.parse(_text(rendered, "lineage_dag.py"))
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "SparkSubmitOperator":
            found |= {
                word.arg: ast.literal_eval(word.value)
                for word in node.keywords
                if word.arg and not isinstance(word.value, ast.Name)
            }
    return found


def _rendered(text: str) -> str:
    """As Airflow renders a field that is a template."""
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(text).render()  # noqa: S701


def _client(section: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OPENLINEAGE_CONFIG", "/nonexistent")
    return OpenLineageClient(config={"transport": json.loads(section["transport"])}).transport


def test_section_and_variables_say_the_same() -> None:
    rendered = airflow.render(order())
    section = _section(rendered)
    assert section["namespace"] == "prod.flights"
    assert section["spark_inject_parent_job_info"] == "True"
    assert section["spark_inject_transport_info"] == "False"
    assert {f"AIRFLOW__OPENLINEAGE__{key.upper()}": text for key, text in section.items()} == _variables(rendered)
    assert rendered.artefacts[0].name == "airflow.cfg"


def test_airflows_own_client_posts_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = {
        **HTTP,
        "spark.openlineage.transport.endpoint": "/lineage-proxy/api/v1/lineage",
        "spark.openlineage.transport.timeoutInMillis": "2500",
        "spark.openlineage.transport.urlParams.team": "a b",
        "spark.openlineage.transport.headers.X-Team": "data",
        "spark.openlineage.transport.compression": "gzip",
    }
    transport = _client(_section(airflow.render(order(properties))), monkeypatch)
    assert (transport.url, transport.endpoint) == (
        "https://marquez.example.com",
        "lineage-proxy/api/v1/lineage?team=a+b",
    )
    assert transport.timeout == 2.5
    assert transport.config.custom_headers == {"X-Team": "data"}
    assert str(transport.config.compression.value) == "gzip"


def test_keys_come_by_variables_that_both_clients_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = airflow.render(order(KEY))
    assert not any("auth" in text for text in (*_section(rendered).values(), _text(rendered, "spark_conf.json")))
    note = next(note for note in rendered.notes if "needs OPENLINEAGE__" in note)
    for name, value in (("TYPE", "http"), ("AUTH__TYPE", "api_key"), ("AUTH__API_KEY", "key-1")):
        assert f"OPENLINEAGE__TRANSPORT__{name}" in note
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)
    assert _client(_section(rendered), monkeypatch).config.auth.get_bearer() == "Bearer key-1"


def test_a_plain_key_is_refused_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    literal = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError) as caught:
        airflow.render(order(literal))
    assert "hunter22" not in str(caught.value)
    transport = _client(_section(airflow.render(order(literal, allow_literal_secrets=True))), monkeypatch)
    assert transport.config.auth.get_bearer() == "Bearer hunter22"


def test_kafka_and_composite_are_translated() -> None:
    stem = "spark.openlineage.transport."
    members = {
        f"{stem}type": "composite",
        f"{stem}continueOnFailure": "false",
        f"{stem}transports.a.type": "http",
        f"{stem}transports.a.url": "http://a:5000",
        f"{stem}transports.b.type": "console",
    }
    assert json.loads(_section(airflow.render(order(members)))["transport"]) == {
        "type": "composite",
        "transports": {
            "a": {"type": "http", "url": "http://a:5000", "endpoint": "api/v1/lineage"},
            "b": {"type": "console"},
        },
        "continue_on_failure": False,
    }
    kafka = {
        f"{stem}type": "kafka",
        f"{stem}topicName": "lineage",
        f"{stem}messageKey": "k",
        f"{stem}properties.bootstrap.servers": "b:9092",
        f"{stem}properties.key.serializer": "org.apache.kafka.common.serialization.StringSerializer",
    }
    assert json.loads(_section(airflow.render(order(kafka)))["transport"]) == {
        "type": "kafka",
        "topic": "lineage",
        "config": {"bootstrap.servers": "b:9092"},
        "messageKey": "k",
    }


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({}, "No transport is configured for Airflow's own client; without one it prints its events."),
        (
            {"spark.openlineage.transport.type": "s3", "spark.openlineage.transport.bucketName": "b"},
            "Airflow's own client cannot be told the transport s3 from here; give it one of its own.",
        ),
    ],
)
def test_a_transport_that_python_has_not_is_told(properties: dict[str, str], sentence: str) -> None:
    rendered = airflow.render(order(properties))
    assert "transport" not in _section(rendered)
    assert sentence in rendered.notes


def test_the_dag_hands_conf_and_parent_on() -> None:
    application = Application(uri="s3a://lake/job.jar", arguments=("{{ ds }}", "x"), main_class="org.example.Main")
    found = _names(airflow.render(order(application=application)))
    assert found["SPARK_CONF"]["spark.extraListeners"] == AGENT
    assert found["application"] == "s3a://lake/job.jar"
    assert found["java_class"] == "org.example.Main"
    assert [_rendered(text) for text in found["application_args"]] == ["{{ ds }}", "x"]
    assert found["openlineage_inject_parent_job_info"] is True
    assert len(found["PARENT"]) == 6
    assert all(key.startswith(("spark.openlineage.parent", "spark.openlineage.rootParent")) for key in found["PARENT"])


def test_a_conf_of_theirs_grows() -> None:
    theirs = '{"spark.executor.cores": "{{ var.value.cores }}", "spark.jars": "s3a://lake/theirs.jar"}\n'
    rendered = airflow.render(order(), file(theirs, "conf.json"))
    assert rendered.artefacts[0].name == "conf.json"
    assert json.loads(rendered.artefacts[0].text) == {
        "spark.executor.cores": "{{ var.value.cores }}",
        "spark.jars": "s3a://lake/theirs.jar,s3a://lake/openlineage-spark_2.12-1.53.0.jar",
        "spark.extraListeners": AGENT,
        **HTTP,
    }


def test_a_parent_of_theirs_switches_the_provider_off() -> None:
    rendered = airflow.render(order(), file('{"spark.openlineage.parentJobName": "x"}'))
    assert any("the provider adds none" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[openlineage]\nnamespace\n", "theirs:2: no option of a section, so this is no airflow.cfg."),
        ("[a]\n[a]\n", "theirs:2: a section or option stands there for the second time, so this is no airflow.cfg."),
        ("x = 1\n[a]\n", "theirs:1: no option of a section, so this is no airflow.cfg."),
        ("7", 'theirs:1:1: is no object of properties; write one such as {"spark.executor.cores": "2"}.'),
    ],
)
def test_what_is_no_conf_is_told(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        airflow.render(order(), file(text))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("namespace", ["~me", "$HOME", " x", "a\nb"])
def test_a_namespace_that_airflow_would_change_is_refused(namespace: str) -> None:
    with pytest.raises(ConfigError, match=r"^spark\.openlineage\.namespace "):
        airflow.render(order({**HTTP, "spark.openlineage.namespace": namespace}))


@settings(deadline=None)
@given(HOSTILE)
def test_a_template_gives_the_text_back(text: str) -> None:
    assert _rendered(templated(text)) == text


@settings(deadline=None)
@given(HOSTILE, HOSTILE, THEIRS)
def test_what_goes_in_comes_out_and_twice_is_once(header: str, argument: str, theirs: dict[str, str]) -> None:
    key = "spark.openlineage.transport.headers.X-Note"
    wanted = order({**HTTP, key: header}, application=Application(uri="a.py", arguments=(argument,)), name=argument)
    rendered = airflow.render(wanted)
    transport = json.loads(_section(rendered)["transport"])
    assert transport["custom_headers"] == {"X-Note": header}
    assert json.loads(_variables(rendered)["AIRFLOW__OPENLINEAGE__TRANSPORT"]) == transport
    assert "$" not in _section(rendered)["transport"]
    found = _names(rendered)
    assert _rendered(found["SPARK_CONF"][key]) == header
    assert (_rendered(found["application_args"][0]), _rendered(found["name"])) == (argument, argument)
    assert _rendered(json.loads(_text(rendered, "spark_conf.json"))[key]) == header
    once = airflow.render(wanted, file(json.dumps(theirs))).artefacts[0].text
    assert (
        json.loads(once).items()
        >= {name: text for name, text in theirs.items() if name in ("spark.app.x", "a b", "é")}.items()
    )
    assert airflow.render(wanted, file(once)).artefacts[0].text == once


CFG = """\
[core]
# Where DAGs are.
dags_folder = /dags%%x

[openlineage]
# The transport,
#   which has its own comment.
transport =
Disabled: False
spark_inject_parent_job_info = False


[scheduler]
a = b
  c
"""


def _cfg_values(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


def test_a_cfg_of_theirs_gets_the_section_and_keeps_every_line() -> None:
    given_ = order({**HTTP, "spark.openlineage.transport.url": "https://h/%20x", "spark.openlineage.namespace": "p%d"})
    rendered = airflow.render(given_, file(CFG, "airflow.cfg"))
    text = _text(rendered, "airflow.cfg")
    found, fresh = _cfg_values(text), _section(airflow.render(given_))
    assert dict(found["openlineage"]) == {**fresh, "disabled": "False", "spark_inject_parent_job_info": "False"}
    assert (found["core"]["dags_folder"], found["scheduler"]["a"]) == ("/dags%x", "b\nc")
    kept = [line for line in CFG.splitlines() if line != "transport ="]
    assert [line for line in text.splitlines() if line in kept] == kept
    assert any(
        note == "spark_inject_parent_job_info stays as airflow.cfg:10 has it, not True." for note in rendered.notes
    )
    assert [one.name for one in rendered.artefacts] == [
        "airflow.cfg", "airflow.env", "spark_conf.json", "lineage_dag.py"
    ]  # fmt: skip
    assert _text(airflow.render(given_, file(text, "airflow.cfg")), "airflow.cfg") == text


@settings(deadline=None)
@given(
    head=st.sampled_from(("", "[core]\na = 1", "[core]\r\na = 1\r\n", "[openlineage]", "# x\n\n[openlineage]\n\n")),
    url=HOSTILE,
)
def test_a_cfg_is_merged_once(head: str, url: str) -> None:
    given_ = order({**HTTP, "spark.openlineage.transport.url": f"https://h/{url}"})
    try:
        fresh = _section(airflow.render(given_))
    except (ConfigError, configparser.Error):
        return
    text = airflow.render(given_, file(head, "airflow.cfg")).artefacts[0].text
    assert dict(_cfg_values(text)["openlineage"]) == fresh
    assert airflow.render(given_, file(text, "airflow.cfg")).artefacts[0].text == text
    assert "\r" not in head or text.count("\n") == text.count("\r\n")
