"""Profiles, what they extend, and the files that a configuration may stand in."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.config.loading import load_spec
from sparklineage.config.profiles import Section, chain
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret, SecretReference
from tests.support.config import refusal_of, spec_of, values_of

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = """\
namespace: of-file
profiles:
  grand: {namespace: of-grand, job: of-grand, run: {tags: {a: grand}}}
  parent: {extends: grand, namespace: of-parent, job: of-parent}
  child: {extends: [parent], namespace: of-child}
  default: {job: of-default}
"""


def test_a_profile_lies_over_what_it_extends_and_that_over_the_file(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, CHAIN, profile="child")
    assert values_of(spec) == {"namespace": "of-child", "job.name": "of-parent", "run.tags": ("a:grand",)}
    assert [lost.shown for lost in spec.resolved["namespace"].lost] == ["of-file", "of-grand", "of-parent"]
    assert spec.resolved["job.name"].layer == "profile parent"
    assert (spec.profile, spec.profiles) == ("child", ("grand", "parent", "child", "default"))


def test_several_profiles_are_extended_from_left_to_right(tmp_path: Path) -> None:
    text = """\
profiles:
  a: {namespace: of-a, job: of-a}
  b: {namespace: of-b, agent: {scala: 2.12}}
  c: {extends: [a, b]}
  d: {extends: [b, a]}
"""
    assert values_of(spec_of(tmp_path, text, profile="c")) == {
        "namespace": "of-b",
        "job.name": "of-a",
        "agent.scala": "2.12",
    }
    assert spec_of(tmp_path, text, profile="d")["namespace"] == "of-a"


def test_of_a_diamond_each_profile_lies_there_once(tmp_path: Path) -> None:
    text = """\
profiles:
  top: {namespace: of-top, job: of-top, spark: {jars: top.jar}}
  left: {extends: top, namespace: of-left, spark: {jars: left.jar}}
  right: {extends: top, spark: {jars: right.jar}}
  end: {extends: [left, right]}
"""
    spec = spec_of(tmp_path, text, profile="end")
    assert (spec["namespace"], spec["job"]) == ("of-left", "of-top")
    assert spec["spark.jars"] == ("top.jar", "left.jar", "right.jar")
    assert len(spec.resolved["spark.spark.jars"].joined) == 3


def test_default_counts_where_no_profile_is_chosen(tmp_path: Path) -> None:
    assert spec_of(tmp_path, CHAIN)["job"] == "of-default"
    assert spec_of(tmp_path, CHAIN).profile == "default"
    assert spec_of(tmp_path, CHAIN, profile="grand")["job"] == "of-grand"
    assert spec_of(tmp_path, CHAIN.replace("default", "other")).profile is None


def test_a_variable_chooses_the_profile_and_the_option_wins(tmp_path: Path) -> None:
    environ = {"SPARKLINEAGE_PROFILE": "parent"}
    assert spec_of(tmp_path, CHAIN, environ=environ).profile == "parent"
    assert spec_of(tmp_path, CHAIN, environ=environ, profile="child").profile == "child"
    assert spec_of(tmp_path, CHAIN, environ={"SPARKLINEAGE_PROFILE": ""}).profile == "default"


@pytest.mark.parametrize(
    ("text", "chosen", "sentence"),
    [
        (CHAIN, {"profile": "chlid"},
         "--profile is 'chlid', which is no profile of sparklineage.yml. Did you mean child?"),
        (CHAIN, {"environ": {"SPARKLINEAGE_PROFILE": "nope"}},
         ("SPARKLINEAGE_PROFILE is 'nope', which is no profile of sparklineage.yml. "
          "It has grand, parent, child, default.")),
        ("namespace: a", {"profile": "p"},
         "--profile is 'p', which is no profile of sparklineage.yml. Write it below `profiles:`."),
        (None, {"profile": "p"}, "--profile is 'p', but there is no configuration file with profiles."),
        ("profiles:", {"profile": "p"},
         "--profile is 'p', which is no profile of sparklineage.yml. Write it below `profiles:`."),
        (CHAIN, {"platform": "emmr"}, "--platform is 'emmr', which is no known platform. Did you mean emr?"),
        ("profiles: {a: {extends: b}}", {},
         "sparklineage.yml:1:25: profiles.a extends b, which is no profile."),
        ("profiles: {prod: {}, a: {extends: [prod, prd]}}", {},
         "sparklineage.yml:1:42: profiles.a extends prd, which is no profile. Did you mean prod?"),
        ("profiles: {a: {extends: {b: c}}}", {},
         "sparklineage.yml:1:25: extends is a mapping, but the name of a profile, or a list of names, is needed."),
        ("profiles: {a: {extends: }}", {},
         "sparklineage.yml:1:25: extends is empty, but the name of a profile, or a list of names, is needed."),
        ("profiles: {a: {extends: [[a]]}}", {},
         "sparklineage.yml:1:25: extends is a list, but the name of a profile, or a list of names, is needed."),
        ("profiles: {a: {extends: a}}", {},
         "sparklineage.yml:1:25: profiles extend one another in a circle: a → a."),
        ("profiles: {a: {extends: b}, b: {extends: a}}", {},
         "sparklineage.yml:1:25: profiles extend one another in a circle: a → b → a."),
        ("profiles: {x: {}, a: {extends: [x, b]}, b: {extends: c}, c: {extends: [x, a]}}", {},
         "sparklineage.yml:1:33: profiles extend one another in a circle: a → b → c → a."),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_told(tmp_path: Path, text: str | None, chosen: dict[str, Any], sentence: str) -> None:
    assert refusal_of(tmp_path, text, **chosen) == [sentence]


def test_problems_of_profiles_that_nobody_chose_are_told_too(tmp_path: Path) -> None:
    text = "profiles:\n  a: {namespce: x}\n  b: {platforms: {emr: {transport: {typ: http}}}}\n"
    assert refusal_of(tmp_path, text) == [
        "sparklineage.yml:2:7: namespce is no known key. Did you mean namespace?",
        "sparklineage.yml:3:37: transport.typ is no known key. Did you mean transport.type?",
    ]


@pytest.mark.parametrize("name", ["on", "2", "1.10", "null", "2024-01-01", "~", "é", "a b", "a.b"])
def test_a_profile_may_have_any_name(tmp_path: Path, name: str) -> None:
    text = f"profiles: {{{name}: {{namespace: of-{name}}}, z: {{extends: {name}}}, y: {{extends: ['{name}']}}}}"
    if name in ("null", "~"):
        # Nothing is no name.
        text = f"profiles: {{'{name}': {{namespace: of-{name}}}, z: {{extends: '{name}'}}, y: {{extends: ['{name}']}}}}"
    for chosen in (name, "z", "y"):
        assert spec_of(tmp_path, text, profile=chosen)["namespace"] == f"of-{name}"


def test_500_profiles_in_a_row(tmp_path: Path) -> None:
    lines = [
        f"  p{n}: {{extends: p{n - 1}, facets: {{f{n}: {{disabled: true}}}}, namespace: n{n}}}" for n in range(1, 501)
    ]
    text = "\n".join(["profiles:", "  p0: {namespace: n0}", *reversed(lines)])
    began = time.monotonic()
    spec = spec_of(tmp_path, text, profile="p500")
    assert time.monotonic() - began < 5
    assert spec["namespace"] == "n500"
    assert sum(name.startswith("facets.") for name in spec.resolved) == 500
    assert [lost.shown for lost in spec.resolved["namespace"].lost] == [f"n{n}" for n in range(500)]


def test_a_long_circle_is_told_in_a_short_sentence(tmp_path: Path) -> None:
    text = "\n".join(["profiles:", *(f"  p{n}: {{extends: p{(n + 1) % 500}}}" for n in range(500))])
    (sentence,) = refusal_of(tmp_path, text)
    assert sentence == (
        "sparklineage.yml:2:17: profiles extend one another in a circle: "
        "p0 → p1 → p2 → p3 → p4 → p5 → p6 → p7 → … → p0."
    )


@settings(max_examples=200, deadline=None)
@given(data=st.data(), count=st.integers(1, 8))
def test_whatever_is_extended_lies_below_and_once(data: st.DataObject, count: int) -> None:
    names = [f"p{n}" for n in range(count)]
    profiles = {
        name: Section(extends=tuple(data.draw(st.lists(st.sampled_from(names[:at]), max_size=3)) if at else []))
        for at, name in enumerate(names)
    }
    order = chain(profiles, names[-1])
    assert order[-1] == names[-1]
    assert len(order) == len(set(order))
    for at, name in enumerate(order):
        assert set(profiles[name].extends) <= set(order[:at])


# Files.


def test_pyproject_has_a_table(tmp_path: Path) -> None:
    text = """\
[project]
name = "jobs"

[tool.sparklineage]
namespace = "prod.team"
transport.type = "http"
transport.url = "http://h"
delivery = {drainTimeout = "3s", retry = {firstWait = 0.5}}

[tool.sparklineage.profiles.dev]
namespace = "dev.team"
disabled = true
"""
    (tmp_path / "pyproject.toml").write_text(text)
    spec = spec_of(tmp_path)
    assert spec.file == tmp_path / "pyproject.toml"
    assert (spec["namespace"], spec["transport.url"]) == ("prod.team", "http://h")
    assert (spec["delivery.drainTimeout"], spec["delivery.retry.firstWait"]) == (3_000, 500)
    assert spec.source("namespace") == f"{tmp_path}/pyproject.toml:5:1"
    assert values_of(spec_of(tmp_path, profile="dev"), "profile dev") == {"namespace": "dev.team", "disabled": True}


@pytest.mark.parametrize(
    "text",
    ["[project]\nname = 'a'\n", "[tool.other]\nsparklineage = 1\n", "[tool.sparklineage-notes]\na = 1\n",
     "# [tool.sparklineage]\n", "this is no TOML [tool", "[tool.ruff]\n"],
)  # fmt: skip
def test_another_pyproject_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert spec_of(tmp_path).file is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[tool.sparklineage]\nnamespce = 'a'\n", "2:1: namespce is no known key. Did you mean namespace?"),
        ("[tool.sparklineage.transport]\ntype = 'http'\nurl = 'h'\n",
         "3:1: transport.url is 'h', but an http or https URL such as https://HOST:PORT is needed."),
        ("[tool.sparklineage]\ndisabled = 1979-05-27\n", "2:1: disabled is '1979-05-27', but true or false is needed."),
    ],
)  # fmt: skip
def test_problems_in_pyproject_have_their_place(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert refusal_of(tmp_path) == [f"pyproject.toml:{sentence}"]


def test_broken_toml_with_our_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.sparklineage]\nnamespace = \n")
    (sentence,) = refusal_of(tmp_path)
    assert sentence.startswith("pyproject.toml:2:")


def test_the_yaml_file_wins_over_pyproject_and_yml_over_yaml(tmp_path: Path) -> None:
    for name, text in {
        "pyproject.toml": "[tool.sparklineage]\nnamespace = 'toml'",
        "sparklineage.yaml": "namespace: yaml",
        "sparklineage.yml": "namespace: yml",
    }.items():
        (tmp_path / name).write_text(text)
        assert spec_of(tmp_path)["namespace"] == name.rpartition(".")[2]


@pytest.mark.parametrize("name", ["settings.json", "settings.toml", "settings.yml", "any-name", "sparklineage.yaml"])
def test_a_file_of_any_name_can_be_given(tmp_path: Path, name: str) -> None:
    values = {"namespace": "n", "transport": {"type": "http", "url": "http://h"}, "delivery": {"drainTimeout": 3}}
    text = json.dumps(values, indent=1)
    if name.endswith("toml"):
        text = 'namespace = "n"\n[transport]\ntype = "http"\nurl = "http://h"\n[delivery]\ndrainTimeout = 3\n'
    spec = spec_of(tmp_path, text, name=name)
    assert (spec["namespace"], spec["transport.url"], spec["delivery.drainTimeout"]) == ("n", "http://h", 3_000)
    (tmp_path / "elsewhere").mkdir()
    by_variable = load_spec(
        environ={"SPARKLINEAGE_CONFIG": str(tmp_path / name)}, flags={}, directory=tmp_path / "elsewhere"
    )
    assert by_variable["namespace"] == "n"
    assert str(by_variable.source("namespace")).startswith(f"{tmp_path / name}:")


def test_json_is_told_with_its_place(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, '{\n  "namespce": 1,\n  "namespace": "a", "namespace": "b"}', name="a.json") == [
        "a.json:2:3: namespce is no known key. Did you mean namespace?",
        "a.json:3:21: namespace is given again (first in line 3).",
    ]


def test_a_file_named_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yml").write_text("namespace: home")
    spec = load_spec(environ={"SPARKLINEAGE_CONFIG": "~/mine.yml"}, flags={}, directory=tmp_path)
    assert spec["namespace"] == "home"
    with pytest.raises(
        ConfigError, match=r"^~nobody-of-this-name/a\.yml: cannot be read: No such file or directory\.$"
    ):
        load_spec(environ={"SPARKLINEAGE_CONFIG": "~nobody-of-this-name/a.yml"}, flags={}, directory=tmp_path)


# Files of the agent and of Python's client, as their documentation shows them.

JAVA = {
    "http": """\
transport:
  type: http
  url: https://backend:5000
  endpoint: api/v1/lineage
  urlParams:
    param0: value0
    param1: value1
  timeoutInMillis: 5000
  auth:
    type: api_key
    apiKey: f38d2189-c603-4b46-bdea-e573a3b5a7d5
  headers:
    X-Some-Extra-Header: abc
  compression: gzip
""",
    "kafka": """\
transport:
  type: kafka
  topicName: openlineage.events
  # properties should contain Kafka client config
  properties:
    bootstrap.servers: localhost:9092,another.host:9092
    acks: all
    retries: 3
    key.serializer: org.apache.kafka.common.serialization.StringSerializer
    value.serializer: org.apache.kafka.common.serialization.StringSerializer
  messageKey: some-value
""",
    "composite": """\
transport:
  type: composite
  continueOnFailure: true
  withThreadPool: true
  transports:
    - type: http
      url: http://example.com/api
      name: my_http
    - type: console
      name: my_console
""",
    "transform": """\
transport:
  type: transform
  transformerClass: io.openlineage.client.transports.transform.JobNamespaceReplaceTransformer
  transformerProperties:
    newJobNamespace: replaced
  transport:
    type: http
    url: http://backend:5000
""",
    "console": "transport:\n  type: console\n",
    "file": "transport:\n  type: file\n  location: /path/to/your/file.ndjson\n",
    "kinesis": """\
transport:
  type: kinesis
  streamName: your_kinesis_stream_name
  region: your_aws_region
  roleArn: arn:aws:iam::account-id:role/role-name
  properties:
    VerifyCertificate: true
    ConnectTimeout: 6000
""",
    "rest": """\
transport: {type: console}
facets:
  spark_unknown: {disabled: true}
  custom_environment_variables: [SOME_VARIABLE]
circuitBreaker:
  type: simpleMemory
  memoryThreshold: 20
  circuitCheckIntervalInMillis: 1000
  timeoutInSeconds: 90
dataset:
  namespaceResolvers:
    resolved-host:
      type: hostList
      hosts: ['kafka-prod13.company.com', 'kafka-prod15.company.com']
      schema: "kafka"
metrics: {type: statsd, flavor: datadog, host: localhost, port: 8125}
""",
}


@pytest.mark.parametrize("name", JAVA)
def test_a_plain_openlineage_yml_of_the_agent_is_accepted_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "conf").mkdir()
    path = tmp_path / "conf" / "openlineage.yml"
    path.write_text(JAVA[name])
    path.chmod(0o600)
    (tmp_path / "job").mkdir()
    spec = load_spec(environ={"OPENLINEAGE_CONFIG": str(path)}, flags={}, directory=tmp_path / "job")
    assert spec.warnings == ()
    assert spec.file == path
    assert spec["transport.type"] == ("console" if name == "rest" else name)
    if name == "kinesis":
        assert spec["transport.properties.VerifyCertificate"] == "true"
    # The same text is a good sparklineage.yml.
    (tmp_path / "job" / "sparklineage.yml").write_text(JAVA[name])
    (tmp_path / "job" / "sparklineage.yml").chmod(0o600)
    ours = load_spec(environ={}, flags={}, directory=tmp_path / "job")
    assert {key: item.value for key, item in ours.resolved.items()} == {
        key: item.value for key, item in spec.resolved.items()
    }


def test_the_values_of_an_openlineage_yml(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, JAVA["http"], name="openlineage.yml")
    assert values_of(spec) == {
        "transport.type": "http",
        "transport.url": "https://backend:5000",
        "transport.endpoint": "api/v1/lineage",
        "transport.urlParams.param0": Secret("value0"),
        "transport.urlParams.param1": Secret("value1"),
        "transport.timeoutInMillis": 5_000,
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": Secret("f38d2189-c603-4b46-bdea-e573a3b5a7d5"),
        "transport.headers.X-Some-Extra-Header": Secret("abc"),
        "transport.compression": "gzip",
    }
    spec = spec_of(tmp_path, JAVA["composite"], name="openlineage.yml")
    assert spec["transport.transports.my_http.url"] == "http://example.com/api"
    assert spec["transport.transports.my_console.type"] == "console"


def test_what_only_pythons_client_reads_is_left_alone(tmp_path: Path) -> None:
    text = """\
transport:
  type: http
  url: https://backend:5000
  timeout: 5.5
  verify: false
  auth: {type: api_key, api_key: "env:KEY"}
  compression: gzip
  custom_headers: {X-A: b}
  retry: {total: 5, status_forcelist: [500, 502]}
facets: {environment_variables: [VAR1, VAR2]}
filters: [{type: exact, match: job}]
tags: {job: {key: value}}
profiles: {these: are not ours}
"""
    spec = spec_of(tmp_path, text, name="openlineage.yml")
    assert spec.warnings == ()
    assert values_of(spec) == {
        "transport.type": "http",
        "transport.url": "https://backend:5000",
        "transport.timeoutInMillis": 5_500,
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": SecretReference(kind="env", name="KEY"),
        "transport.compression": "gzip",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("transport: {type: kafka, topic: t, config: {bootstrap.servers: h}}",
         "openlineage.yml:1:13: transport of type kafka has no `topicName`"),
        ("transport: {type: async_http, url: 'http://h'}",
         "openlineage.yml:1:13: transport.type is 'async_http', but one of"),
    ],
)  # fmt: skip
def test_a_transport_of_pythons_client_that_the_agent_lacks_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal_of(tmp_path, text, name="openlineage.yml")[0].startswith(sentence)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null"])
def test_an_openlineage_yml_without_anything_says_nothing(tmp_path: Path, text: str) -> None:
    assert values_of(spec_of(tmp_path, text, name="openlineage.yml")) == {}


def test_our_own_file_wins_over_the_agents(tmp_path: Path) -> None:
    (tmp_path / "openlineage.yml").write_text("namespace: theirs")
    environ = {"OPENLINEAGE_CONFIG": str(tmp_path / "openlineage.yml")}
    assert spec_of(tmp_path, environ=environ)["namespace"] == "theirs"
    (tmp_path / "sparklineage.yml").write_text("job: ours")
    assert spec_of(tmp_path, environ=environ)["namespace"] is None


def test_pythons_variables_are_known(tmp_path: Path) -> None:
    environ = {
        "OPENLINEAGE_URL": "http://h",
        "OPENLINEAGE_API_KEY": "k",
        "OPENLINEAGE_ENDPOINT": "e",
        "OPENLINEAGE_NAMESPACE": "n",
        "OPENLINEAGE_DISABLED": "true",
        "OPENLINEAGE_CLIENT_LOGGING": "INFO",
    }
    spec = spec_of(tmp_path, environ=environ)
    assert spec.warnings == ()
    assert values_of(spec) == {
        "transport.type": "http",
        "transport.url": "http://h",
        "transport.endpoint": "e",
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": SecretReference(kind="env", name="OPENLINEAGE_API_KEY"),
        "namespace": "n",
        "disabled": True,
    }
