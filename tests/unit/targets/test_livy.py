"""Batches of Livy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from sparklineage.errors import ConfigError
from sparklineage.targets import Application, livy
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, THEIRS, file, order

_JAR = "s3a://lake/openlineage-spark_2.12-1.53.0.jar"
_APPLICATION = Application(uri="s3a://lake/job.py", arguments=("--day", "$(date)"), main_class=None)


def _batch(text: str) -> Any:
    return json.loads(text)


def test_a_batch_is_whole() -> None:
    rendered = livy.render(order(application=_APPLICATION))
    assert _batch(rendered.artefacts[0].text) == {
        "file": "s3a://lake/job.py",
        "args": ["--day", "$(date)"],
        "name": "flights",
        "jars": [_JAR],
        "conf": {"spark.extraListeners": AGENT, **HTTP},
    }
    assert any("1.53.0 for Scala 2.12" in note for note in rendered.notes)


def test_a_jar_has_its_class() -> None:
    rendered = livy.render(order(application=Application(uri="s3a://lake/a.jar", main_class="org.example.Main")))
    assert _batch(rendered.artefacts[0].text)["className"] == "org.example.Main"


def test_without_an_application_the_file_is_asked_for() -> None:
    rendered = livy.render(order())
    assert "file" not in _batch(rendered.artefacts[0].text)
    assert any("Livy wants a file" in note for note in rendered.notes)


def test_theirs_stays_and_lists_grow() -> None:
    theirs = """{
    "file": "hdfs:///theirs.py",
    "executorCores": 4,
    "jars": ["hdfs:///one.jar"],
    "conf": {
        "spark.extraListeners": "com.example.Theirs",
        "spark.openlineage.namespace": "mine",
        "spark.executor.instances": 5
    }
}
"""
    first = livy.render(order(application=_APPLICATION), file(theirs))
    assert first.artefacts[0].name == "theirs"
    batch = _batch(first.artefacts[0].text)
    assert batch == {
        "file": "hdfs:///theirs.py",
        "executorCores": 4,
        "jars": ["hdfs:///one.jar", _JAR],
        "conf": {
            "spark.extraListeners": f"com.example.Theirs,{AGENT}",
            "spark.openlineage.namespace": "mine",
            "spark.executor.instances": 5,
            "spark.openlineage.transport.type": "http",
            "spark.openlineage.transport.url": "https://marquez.example.com",
        },
    }
    assert '        "spark.executor.instances": 5' in first.artefacts[0].text
    assert any("spark.openlineage.namespace stays as theirs:7 has it" in note for note in first.notes)


def test_a_jar_of_theirs_in_the_conf_is_not_given_twice() -> None:
    theirs = json.dumps({"conf": {"spark.jars": f"{_JAR},hdfs:///one.jar"}})
    batch = _batch(livy.render(order(), file(theirs)).artefacts[0].text)
    assert "jars" not in batch
    assert batch["conf"]["spark.jars"] == f"{_JAR},hdfs:///one.jar"


def test_what_livy_refuses_is_left_out_and_told() -> None:
    given_conf = {
        **HTTP,
        "spark.master": "yarn",
        "spark.submit.deployMode": "cluster",
        "spark.yarn.archive": "hdfs:///a",
    }
    rendered = livy.render(order(given_conf))
    assert set(_batch(rendered.artefacts[0].text)["conf"]) == {"spark.extraListeners", *HTTP}
    assert any("spark.master, spark.submit.deployMode, spark.yarn.archive" in note for note in rendered.notes)
    theirs = livy.render(order(), file('{"conf": {"spark.master": "yarn"}}'))
    assert any("refuses the batch for spark.master" in note for note in theirs.notes)


def test_keys_stay_out_of_the_batch() -> None:
    rendered = livy.render(order(KEY))
    assert "auth" not in rendered.artefacts[0].text
    assert any("OPENLINEAGE__TRANSPORT__AUTH__API_KEY" in note for note in rendered.notes)


def test_a_plain_key_is_refused_unless_allowed() -> None:
    literal = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError) as caught:
        livy.render(order(literal))
    assert "hunter22" not in str(caught.value)
    conf = _batch(livy.render(order(literal, allow_literal_secrets=True)).artefacts[0].text)["conf"]
    assert conf["spark.openlineage.transport.auth.apiKey"] == "hunter22"


def test_a_path_of_this_machine_is_told() -> None:
    rendered = livy.render(order(jars=("/opt/agent.jar",)))
    assert any("local:/path" in note for note in rendered.notes)
    with pytest.raises(ConfigError, match="holds a blank"):
        livy.render(order(jars=("/opt/my dir/agent.jar",)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", 'theirs:1:1: is no batch of Livy; write an object such as {"file": "hdfs:///job.py"}.'),
        ('{"conf": []}', "theirs:1:10: conf is no mapping of properties of Spark and their values."),
        ('{"conf": {"a": {}}}', "theirs:1:16: a in conf has no single value; properties of Spark are texts."),
        ('{"jars": "a.jar"}', "theirs:1:10: jars is no list of texts."),
        ('{"jars": [], "jars": []}', "theirs:1:14: jars stands there for the second time; remove one."),
        ("{", "theirs:1:2: this is no JSON: it ends where a key in quotes or } belongs."),
    ],
)
def test_what_is_no_batch_is_told_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        livy.render(order(), file(text))
    assert str(caught.value) == sentence


@settings(deadline=None)
@given(THEIRS, HOSTILE, HOSTILE)
def test_what_goes_in_comes_out_and_twice_is_once(theirs: dict[str, str], namespace: str, argument: str) -> None:
    wanted = order(
        {**HTTP, "spark.openlineage.namespace": namespace},
        application=Application(uri="a.py", arguments=(argument,)),
        name=namespace,
    )
    alone = _batch(livy.render(wanted).artefacts[0].text)
    assert (alone["conf"]["spark.openlineage.namespace"], alone["args"], alone["name"]) == (
        namespace,
        [argument],
        namespace,
    )
    once = livy.render(wanted, file(json.dumps({"conf": theirs}))).artefacts[0].text
    conf = _batch(once)["conf"]
    for key, text in theirs.items():
        if key == "spark.app.x":
            assert conf[key] == text
    assert AGENT in conf["spark.extraListeners"]
    assert livy.render(wanted, file(once)).artefacts[0].text == once
