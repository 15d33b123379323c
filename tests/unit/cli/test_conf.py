"""`conf show`: properties that somebody else starts Spark with."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparklineage.config.properties import parse
from tests.support.spark_home import defaults
from tests.unit.cli.desk import CANARY, Desk

FORMATS = ("properties", "json", "args")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def _json(desk: Desk, *words: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(desk.good("conf", "show", "--format", "json", *words))
    return found


def _args(text: str) -> dict[str, str]:
    """As a shell takes them."""
    words = shlex.split(text.replace(" \\\n--", " --"))
    found: dict[str, str] = {}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        key, _, rest = value.partition("=")
        found |= {key: rest} if flag == "--conf" else {"spark.jars": value}
    return found


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_from_every_format(desk: Desk, text: str) -> None:
    """Newlines, quotes, `$()`, backslashes, emoji: the loader takes it, or says why not."""
    value = f"x{text}x"
    desk.write(json.dumps({"spark": {"spark.acme.value": value}}), "f.json")
    status, out, err = desk.run("conf", "show", "--config", "f.json")
    if status == 64:
        assert "f.json" in err
        return
    assert status == 0, err
    assert parse(out)["spark.acme.value"] == value
    assert _json(desk, "--config", "f.json")["spark.acme.value"] == value
    assert _args(desk.good("conf", "show", "--config", "f.json", "--format", "args"))["spark.acme.value"] == value


SECRETS = """\
delivery: {mode: direct}
transport:
  url: https://h.example
  auth: {apiKey: "env:KEY"}
  headers: {X-Token: "file:/run/key", X-Team: data}
"""


@pytest.mark.parametrize("form", FORMATS)
def test_secrets_are_told_by_their_place(desk: Desk, form: str) -> None:
    """As words of a shell: the variable, and where its value lies."""
    desk.write(SECRETS)
    status, out, err = desk.run("conf", "show", "--format", form, KEY=CANARY)
    assert status == 0
    assert CANARY not in out + err
    assert "env:KEY" not in out
    assert "file:/run/key" not in out
    assert "X-Team" not in out
    told = dict(word.split("=", 1) for word in shlex.split("".join(re.findall(r"(?m)^  .*\n", err))))
    assert told == {
        "OPENLINEAGE__TRANSPORT__TYPE": "http",
        "OPENLINEAGE__TRANSPORT__AUTH__TYPE": "api_key",
        "OPENLINEAGE__TRANSPORT__AUTH__API_KEY": '"<env:KEY>"',
        "OPENLINEAGE__TRANSPORT__HEADERS": '{"X-Team": "<what stands in sparklineage.yml:5:39>", '
        '"X-Token": "<file:/run/key>"}',
    }


@pytest.mark.parametrize(
    "transport",
    [
        f"{{url: 'https://h', auth: {{apiKey: {CANARY}}}}}",
        f"{{url: 'https://h', headers: {{Authorization: {CANARY}}}}}",
        f"{{url: 'https://h?code={CANARY}'}}",
        f"{{url: 'https://u:{CANARY}@h'}}",
        f"{{type: composite, transports: {{a: {{url: 'https://h', auth: {{apiKey: {CANARY}}}}}}}}}",
        f"{{type: transform, transformerClass: a.B, transport: {{url: 'https://h', headers: {{X-Key: {CANARY}}}}}}}",
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_a_literal_secret_is_refused_and_left_out_by_force(desk: Desk, transport: str, form: str) -> None:
    desk.write(f"delivery: {{mode: direct}}\ntransport: {transport}\n")
    said = desk.refused(64, "conf", "show", "--format", form)
    assert "a secret stands in plain text in the configuration" in said
    assert CANARY not in said
    status, out, err = desk.run("conf", "show", "--format", form, "--allow-literal-secrets")
    assert status == 0
    assert CANARY not in out + err
    assert "<what stands in sparklineage.yml:2:" in err


def test_an_ordinary_parameter_needs_no_reference_and_goes_by_a_variable(desk: Desk) -> None:
    desk.write("delivery: {mode: direct}\ntransport: {url: 'https://h/in?team=a'}\n")
    assert "URL_PARAMS__TEAM" in desk.run("conf", "show")[2]
    found = _json(desk)
    assert "spark.openlineage.transport.urlParams.team" not in found
    assert found["spark.openlineage.transport.endpoint"] == "/in/api/v1/lineage"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.hadoop.fs.s3a.secret.key", CANARY),
        ("spark.ssl.keyPassword", "12345"),
        ("spark.acme.token", "env:TOKEN"),
        ("spark.hadoop.fs.azure.account.key.x.blob", f"{CANARY}=="),
    ],
)
def test_a_secret_of_sparks_own_is_refused(desk: Desk, key: str, value: str) -> None:
    """Whether it stands there or a reference to it: nothing could hand it on unseen."""
    desk.write(f"spark: {{{key}: '{value}'}}\n")
    for words in (("--allow-literal-secrets",), ()):
        said = desk.refused(64, "conf", "show", *words)
        assert said.startswith(f"sparklineage.yml:1:9: {key} is a secret, which Spark takes from its own files alone")
        assert value not in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.hadoop.fs.s3a.aws.credentials.provider", "com.acme.Provider"),
        ("spark.security.credentials.hive.enabled", "false"),
        ("spark.kubernetes.authenticate.driver.oauthTokenFile", "/var/run/token"),
        ("spark.acme.tokenLifetime", "10m"),
    ],
)
def test_what_only_sounds_like_a_secret_is_handed_on(desk: Desk, key: str, value: str) -> None:
    desk.write(f"spark: {{{key}: '{value}'}}\n")
    assert _json(desk)[key] == value


def test_the_users_defaults_count_only_where_they_are_named(desk: Desk) -> None:
    desk.write("namespace: ours\n")
    path = defaults(desk.spark, f"spark.openlineage.namespace theirs\nspark.acme.x 1\nspark.acme.password {CANARY}\n")
    assert "spark.acme.x" not in _json(desk)
    status, out, err = desk.run("conf", "show", "--into", str(path))
    assert status == 0
    assert parse(out)["spark.openlineage.namespace"] == "theirs"
    assert parse(out)["spark.acme.x"] == "1"
    assert CANARY not in out + err
    assert f"spark.acme.password ({path}:3) is a secret of yours and left out." in err
    again = desk.write(out, "again.conf")
    assert parse(desk.good("conf", "show", "--into", str(again))) == parse(out)


def test_disabled_gives_no_property_at_all(desk: Desk) -> None:
    desk.write("disabled: true\nspark: {spark.acme.x: 1}\n")
    assert [desk.good("conf", "show", "--format", form) for form in FORMATS] == ["", "{}\n", ""]


def test_what_cannot_be_said_is_one_sentence(desk: Desk) -> None:
    desk.write('namespace: "[a]"\n')
    assert desk.refused(64, "conf", "show").startswith("sparklineage.yml:1:1: namespace is a text in brackets")
    desk.write("spark: {'spark.a=b': 1}\n")
    assert "cannot stand on a command line" in desk.refused(64, "conf", "show", "--format", "args")
    assert "spark.a\\=b" in desk.good("conf", "show")


def test_warnings_and_notes_are_on_stderr(desk: Desk) -> None:
    path = desk.write("transport: {url: 'http://h', auth: {apiKey: canary-x}}\n")
    path.chmod(0o644)
    status, out, err = desk.run("conf", "show")
    assert status == 0
    assert "warning: " in err
    assert "the agent's JAR is not there yet: sparklineage jar fetch" in err
    assert all(line.startswith("spark.") for line in out.splitlines())


DOTTED = """\
namespace: n
transport:
  type: composite
  transports:
    k: {type: kafka, topicName: t, properties: {bootstrap.servers: "h:9"}}
    c: {type: console}
"""


def test_dotted_names_inside_of_a_transport_go_by_variables(desk: Desk) -> None:
    desk.write(DOTTED)
    status, out, err = desk.run("conf", "show")
    assert status == 0
    assert "transport" not in out.replace("transport[.]headers", "")
    assert """  OPENLINEAGE__TRANSPORT__TRANSPORTS__K__PROPERTIES='{"bootstrap.servers": "h:9"}'\n""" in err
    assert "  OPENLINEAGE__TRANSPORT__TYPE=composite\n" in err


@pytest.mark.parametrize("words", [("emr", "--release", "emr-7.5.0"), ("glue", "--release", "4.0"), ("livy",)])
def test_a_target_without_variables_refuses_them(desk: Desk, words: tuple[str, ...]) -> None:
    desk.write(DOTTED)
    status, out, err = desk.run("conf", *words, "--artifacts", "s3://b/l", "--application", "s3://b/x.py")
    assert (status, out) == (64, "")
    key = "spark.openlineage.transport.transports.k.properties.bootstrap.servers"
    assert f"sparklineage.yml:5:49: {key} is in a transport whose dotted names " in err


@pytest.mark.parametrize("name", ["spark-submit", "spark-defaults", "pyspark", "spark-connect", "kubernetes"])
def test_a_target_with_variables_names_them(desk: Desk, name: str) -> None:
    desk.write(DOTTED)
    out = desk.good("conf", name, "--artifacts", "s3://b/l", "--application", "s3://b/x.py", "--release", "4.0.1")
    assert "OPENLINEAGE__TRANSPORT__TRANSPORTS__K__PROPERTIES" in out
