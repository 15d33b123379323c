"""Which layer wins, what it puts aside, and that nothing gets lost without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.config.definition import definition
from sparklineage.config.layers import Found, Layer, Resolved, lay
from sparklineage.config.reading import read_value
from sparklineage.model.secret import SecretReference
from tests.support.config import refusal_of, spec_of, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.config.keys import Key
    from sparklineage.config.spec import Spec

LADDER = """\
namespace: of-file
platforms: {emr: {namespace: of-file-on-emr}}
profiles:
  base:
    namespace: of-base
    platforms: {emr: {namespace: of-base-on-emr}}
  prod:
    extends: base
    namespace: of-prod
    platforms: {emr: {namespace: of-prod-on-emr}, glue: {namespace: of-prod-on-glue}}
"""
STEPS = [
    ("sparklineage.yml:1:1", "of-file", "file"),
    ("sparklineage.yml:2:19", "of-file-on-emr", "file, platform emr"),
    ("sparklineage.yml:5:5", "of-base", "profile base"),
    ("sparklineage.yml:6:23", "of-base-on-emr", "profile base, platform emr"),
    ("sparklineage.yml:9:5", "of-prod", "profile prod"),
    ("sparklineage.yml:10:23", "of-prod-on-emr", "profile prod, platform emr"),
    ("OPENLINEAGE__NAMESPACE", "of-theirs", "environment"),
    ("SPARKLINEAGE__NAMESPACE", "of-ours", "environment"),
    ("NAMESPACE", "of-wrapper", "environment"),
    ("OPENLINEAGE_NAMESPACE", "of-client", "environment"),
    ("SPARKLINEAGE_NAMESPACE", "of-toolkit", "environment"),
    ("--namespace", "of-option", "options"),
]
"""Source, value and layer, the weakest first."""


@pytest.mark.parametrize("count", range(1, len(STEPS) + 1))
def test_each_step_of_the_ladder_wins_over_those_below_it(tmp_path: Path, count: int) -> None:
    steps = STEPS[:count]
    lines = LADDER.splitlines()
    for source, value, _ in STEPS[count:]:
        if source.startswith("sparklineage"):
            number = int(source.split(":")[1]) - 1
            lines[number] = lines[number].replace(f"namespace: {value}", "disabled: false", 1)
    spec = spec_of(
        tmp_path,
        "\n".join(lines),
        profile="prod",
        platform="emr",
        environ={source: value for source, value, _ in steps if source.isupper()},
        flags={source: value for source, value, _ in steps if source.startswith("--")},
    )
    item = spec.resolved["namespace"]
    source, value, layer = steps[-1]
    assert (item.value, item.source.replace(f"{tmp_path}/", ""), item.layer) == (value, source, layer)
    assert [(lost.shown, lost.source.replace(f"{tmp_path}/", "")) for lost in item.lost] == [
        (value, source) for source, value, _ in steps[:-1]
    ]
    for lost, (stronger, *_) in zip(item.lost, steps[1:], strict=True):
        assert lost.why.replace(f"{tmp_path}/", "") == f"{stronger} is stronger"


def test_the_defaults_are_the_weakest(tmp_path: Path) -> None:
    assert spec_of(tmp_path)["delivery.drainTimeout"] == 10_000
    item = spec_of(tmp_path, "delivery: {drainTimeout: 3}").resolved["delivery.drainTimeout"]
    assert (item.value, [(lost.shown, lost.source) for lost in item.lost]) == (3_000, [("10s", "default")])


def test_another_platforms_section_does_not_count(tmp_path: Path) -> None:
    assert spec_of(tmp_path, LADDER, platform="glue")["namespace"] == "of-file"
    assert spec_of(tmp_path, LADDER, platform="glue", profile="prod")["namespace"] == "of-prod-on-glue"
    assert spec_of(tmp_path, LADDER, profile="prod")["namespace"] == "of-prod"


def test_a_platform_has_keys_of_its_own(tmp_path: Path) -> None:
    text = "platforms: {emr: {release: emr-7.5.0, region: eu-west-1, vendorAgent: REUSE}, glue: {release: 5.0}}"
    assert values_of(spec_of(tmp_path, text)) == {}
    assert values_of(spec_of(tmp_path, text, platform="emr")) == {
        "platform.release": "emr-7.5.0",
        "platform.region": "eu-west-1",
        "platform.vendorAgent": "reuse",
    }
    assert spec_of(tmp_path, text, platform="glue")["platform.release"] == "5.0"


def test_lists_of_spark_are_joined_over_all_layers_and_others_replaced(tmp_path: Path) -> None:
    text = """\
spark: {spark.jars: "a.jar,b.jar"}
facets: {custom_environment_variables: [A]}
profiles:
  p:
    spark: {jars: [c.jar, a.jar]}
    facets: {custom_environment_variables: [B]}
"""
    spec = spec_of(tmp_path, text, profile="p", environ={"SPARKLINEAGE__SPARK": '{"spark.jars": "d.jar"}'})
    jars, variables = spec.resolved["spark.spark.jars"], spec.resolved["facets.custom_environment_variables"]
    assert jars.value == ("a.jar", "b.jar", "c.jar", "d.jar")
    assert [source.rpartition("/")[2] for source in jars.joined] == [
        "sparklineage.yml:1:9",
        "sparklineage.yml:5:13",
        "SPARKLINEAGE__SPARK",
    ]
    assert jars.lost == ()
    assert (variables.value, variables.joined, [lost.shown for lost in variables.lost]) == (("B",), (), ["A"])


KAFKA = """\
transport:
  type: kafka
  topicName: lineage
  messageKey: k
  properties: {bootstrap.servers: "h:9092", ssl.key.password: "env:PASSWORD"}
profiles:
  web: {transport: {type: http, url: "http://h"}}
  same: {transport: {type: KAFKA, topicName: other}}
  back: {extends: web, transport: {type: kafka, topicName: new, properties: {bootstrap.servers: "i:9092"}}}
"""


def lost_of(spec: Spec, name: str) -> list[tuple[str, str]]:
    return [(lost.shown, lost.source.rpartition("/")[2]) for lost in spec.resolved[name].lost]


def test_another_type_of_transport_puts_the_whole_block_aside(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, KAFKA, profile="web")
    assert values_of(spec) == {"transport.type": "http", "transport.url": "http://h"}
    assert lost_of(spec, "transport.type") == [
        ("transport.topicName = lineage", "sparklineage.yml:3:3"),
        ("transport.messageKey = k", "sparklineage.yml:4:3"),
        ("transport.properties.bootstrap.servers = h:9092", "sparklineage.yml:5:16"),
        ("transport.properties.ssl.key.password = env:PASSWORD", "sparklineage.yml:5:45"),
        ("kafka", "sparklineage.yml:2:3"),
    ]
    assert spec.resolved["transport.type"].lost[0].why.replace(f"{tmp_path}/", "") == (
        "it belongs to transport.type kafka, and sparklineage.yml:7:21 says http"
    )


def test_the_same_type_keeps_the_block(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, KAFKA, profile="same")
    assert (spec["transport.topicName"], spec["transport.messageKey"]) == ("other", "k")


def test_what_was_put_aside_does_not_come_back(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, KAFKA, profile="back")
    assert values_of(spec) == {
        "transport.type": "kafka",
        "transport.topicName": "new",
        "transport.properties.bootstrap.servers": "i:9092",
    }
    shown = [lost for lost, _ in lost_of(spec, "transport.type")]
    assert "transport.topicName = lineage" in shown
    assert "transport.url = http://h" in shown


def test_a_transport_inside_of_another_is_replaced_alone(tmp_path: Path) -> None:
    text = """\
transport:
  type: composite
  transports:
    a: {type: kafka, topicName: t, properties: {x: y}}
    b: {type: console}
profiles: {p: {transport: {transports: {a: {type: http, url: "http://h"}}}}}
"""
    assert values_of(spec_of(tmp_path, text, profile="p")) == {
        "transport.type": "composite",
        "transport.transports.a.type": "http",
        "transport.transports.a.url": "http://h",
        "transport.transports.b.type": "console",
    }


def test_another_way_to_authenticate_replaces_the_one_below(tmp_path: Path) -> None:
    text = """\
transport:
  type: http
  url: http://h
  auth: {type: jwt, apiKey: "env:A", tokenEndpoint: "http://t"}
profiles: {p: {transport: {auth: {type: api_key, apiKey: "env:B"}}}, q: {transport: {auth: {apiKey: "env:B"}}}}
"""
    p, q = spec_of(tmp_path, text, profile="p"), spec_of(tmp_path, text, profile="q")
    assert p["transport.auth.tokenEndpoint"] is None
    assert p["transport.auth.apiKey"] == q["transport.auth.apiKey"] == SecretReference(kind="env", name="B")
    assert (q["transport.auth.type"], q["transport.auth.tokenEndpoint"]) == ("jwt", "http://t")


# What variables say.


def test_the_names_of_variables_are_those_of_the_agent(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, environ={
        "OPENLINEAGE__TRANSPORT__TYPE": "HTTP",
        "OPENLINEAGE__TRANSPORT__URL": "http://h",
        "OPENLINEAGE__TRANSPORT__TIMEOUT_IN_MILLIS": "3000",
        "OPENLINEAGE__TRANSPORT__AUTH__API_KEY": "secret",
        "OPENLINEAGE__CIRCUIT_BREAKER__TYPE": "timeout",
        "OPENLINEAGE__CIRCUIT_BREAKER__TIMEOUT_IN_SECONDS": "60",
        "OPENLINEAGE__FACETS__CUSTOM_ENVIRONMENT_VARIABLES": "[A;B]",
        "OPENLINEAGE__FACETS__DEBUG__DISABLED": "true",
        "OPENLINEAGE__JOB__OWNERS__TEAM": "data",
        "OPENLINEAGE__APP_NAME": "nightly",
        "SPARKLINEAGE__DELIVERY__RETRY__FIRST_WAIT": "1",
        "SPARKLINEAGE__AGENT__SCALA": "2.12",
    })  # fmt: skip
    assert spec.warnings == ()
    assert values_of(spec) == {
        "transport.type": "http",
        "transport.url": "http://h",
        "transport.timeoutInMillis": 3_000,
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": SecretReference(kind="env", name="OPENLINEAGE__TRANSPORT__AUTH__API_KEY"),
        "circuitBreaker.type": "timeout",
        "circuitBreaker.timeoutInSeconds": 60_000,
        "facets.custom_environment_variables": ("A", "B"),
        "facets.debug.disabled": True,
        "job.owners.team": "data",
        "job.name": "nightly",
        "delivery.retry.firstWait": 1_000,
        "agent.scala": "2.12",
    }


def test_a_variable_may_hold_json(tmp_path: Path) -> None:
    value = """{"type": "kafka", "topicName": "t", "messageKey": null,
               "properties": {"bootstrap.servers": "h:9092", "MAX_BLOCK": 5}}"""
    spec = spec_of(tmp_path, environ={
        "OPENLINEAGE__TRANSPORT": value,
        "OPENLINEAGE__RUN__TAGS": '{"env": "prod"}',
        "OPENLINEAGE__JOB__TAGS": '["a:b"]',
        "SPARKLINEAGE__SPARK": '{"spark.sql.shuffle.partitions": 8}',
    })  # fmt: skip
    assert spec.warnings == ()
    assert values_of(spec) == {
        "transport.type": "kafka",
        "transport.topicName": "t",
        "transport.properties.bootstrap.servers": "h:9092",
        "transport.properties.MAX_BLOCK": "5",
        "run.tags": ("env:prod",),
        "job.tags": ("a:b",),
        "spark.spark.sql.shuffle.partitions": "8",
    }


@pytest.mark.parametrize(
    "value",
    ['[{"type": "http", "url": "http://h"}, {"type": "console"}]',
     '{"1": {"type": "http", "url": "http://h"}, "2": {"type": "console"}}'],
)  # fmt: skip
def test_a_variable_may_hold_several_transports(tmp_path: Path, value: str) -> None:
    environ = {"OPENLINEAGE__TRANSPORT__TYPE": "composite", "OPENLINEAGE__TRANSPORT__TRANSPORTS": value}
    spec = spec_of(tmp_path, environ=environ)
    assert (spec["transport.transports.1.url"], spec["transport.transports.2.type"]) == ("http://h", "console")


@pytest.mark.parametrize("value", ["http", '{"type": "http"', "[1, 2]", "[" * 100_000, "3"])
def test_a_variable_of_a_whole_block_that_is_no_json_object_is_refused_as_the_agent_would_fail(
    tmp_path: Path, value: str
) -> None:
    (sentence,) = refusal_of(tmp_path, environ={"OPENLINEAGE__TRANSPORT": value})
    assert sentence == (
        "OPENLINEAGE__TRANSPORT is a single value, but a JSON object is needed, or a variable for each key such as "
        "OPENLINEAGE__TRANSPORT__TYPE."
    )


@pytest.mark.parametrize(
    ("variable", "value", "warning"),
    [
        ("OPENLINEAGE__FLINK__PARALLELISM", "1", "is not used: flink.parallelism is no known key."),
        ("OPENLINEAGE__TRANSPRT__URL", "x",
         "is not used: transprt.url is no known key. Did you mean OPENLINEAGE__TRANSPORT__URL?"),
        ("SPARKLINEAGE__DELIVERY__DRAN_TIMEOUT", "3",
         "is not used: delivery.dranTimeout is no known key. Did you mean SPARKLINEAGE__DELIVERY__DRAIN_TIMEOUT?"),
        ("SPARKLINEAGE_DRAN_TIMEOUT", "3",
         "is no variable of sparklineage and is not used. Did you mean SPARKLINEAGE_DRAIN_TIMEOUT?"),
        ("SPARKLINEAGE_XYZ", "3", "is no variable of sparklineage and is not used."),
        ("OPENLINEAGE__PARENT_RUN_ID", "x",
         ("is not used: parentRunId belongs to a single run, not to a file: give `submit` the option --run-id, or the "
          "parent in the variables OPENLINEAGE_PARENT_ID and the like.")),
        ("OPENLINEAGE__CAPTURE_QUERY", "x", "is not used: captureQuery is no known key. No agent has ever read it."),
        ("OPENLINEAGE_CONFIG", "/no/openlineage.yml", "names /no/openlineage.yml, which is no file, and is not used."),
        ("OPENLINEAGE_API_KEY", "x", "is not used: there is no transport.url that it belongs to."),
        ("OPENLINEAGE_ENDPOINT", "x", "is not used: there is no transport.url that it belongs to."),
    ],
)  # fmt: skip
def test_a_variable_that_nobody_reads_is_a_warning(tmp_path: Path, variable: str, value: str, warning: str) -> None:
    spec = spec_of(tmp_path, environ={variable: value})
    assert spec.warnings == (f"{variable} {warning}",)
    assert values_of(spec) == {}


def test_a_part_of_a_variable_that_nobody_reads_is_a_warning(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, environ={"OPENLINEAGE__TRANSPORT": '{"type": "console", "colour": {"red": true}}'})
    assert spec.warnings == ("A part of OPENLINEAGE__TRANSPORT is not used: transport.colour.red is no known key.",)
    assert spec["transport.type"] == "console"


@pytest.mark.parametrize(
    "variable",
    ["OPENLINEAGE_PARENT_ID", "OPENLINEAGE__", "OPENLINEAGE____A", "OPENLINEAGE__A__", "OPENLINEAGE_CLIENT_LOGGING",
     "SPARKLINEAGE_CACHE", "SPARKLINEAGE_DEBUG", "SPARKLINEAGE_JOURNAL_RUN", "SPARKLINEAGE", "SPARK_HOME",
     "SPARKLINEAGE_APPLICATION_RUN", "SPARKLINEAGE_APPLICATION_ID", "SPARKLINEAGE_REPOSITORY_PASSWORD",
     "SPARKLINEAGE_RELAY", "SPARKLINEAGE_SCOPE_KEY_SECRET"],
)  # fmt: skip
def test_variables_of_others_are_left_alone(tmp_path: Path, variable: str) -> None:
    assert spec_of(tmp_path, environ={variable: "1"}).warnings == ()


@pytest.mark.parametrize("variable", ["OPENLINEAGE__NAMESPACE", "OPENLINEAGE_NAMESPACE", "SPARKLINEAGE__NAMESPACE"])
def test_an_empty_variable_says_nothing(tmp_path: Path, variable: str) -> None:
    assert spec_of(tmp_path, "namespace: a", environ={variable: ""})["namespace"] == "a"


def test_two_variables_for_one_key_are_told(tmp_path: Path) -> None:
    environ = {
        "OPENLINEAGE__TRANSPORT": '{"type": "http", "url": "http://a"}',
        "OPENLINEAGE__TRANSPORT__URL": "http://b",
    }
    spec = spec_of(tmp_path, environ=environ)
    assert spec["transport.url"] == "http://b"
    both = "OPENLINEAGE__TRANSPORT and OPENLINEAGE__TRANSPORT__URL both hold transport.url"
    assert spec.warnings == (f"{both}; OPENLINEAGE__TRANSPORT__URL counts.",)


def test_of_two_variables_of_one_key_the_later_one_counts_and_the_other_is_known(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, environ={"MARQUEZ_URL": "http://m", "OPENLINEAGE_URL": "http://o"})
    assert (spec["transport.url"], spec.source("transport.url")) == ("http://o", "OPENLINEAGE_URL")
    assert lost_of(spec, "transport.url") == [("http://m", "MARQUEZ_URL")]


@pytest.mark.parametrize("key", [key for key in definition().keys.values() if key.flag and key.name != "disabled"])
def test_each_option_of_submit_has_a_variable_of_its_name(key: Key) -> None:
    """The strongest of the key's; the switch for all lineage keeps the name that OpenLineage gave it."""
    assert key.flag is not None
    assert key.variables[-1] == f"SPARKLINEAGE_{key.flag[2:].replace('-', '_').upper()}"


def test_the_toolkits_own_variable_of_the_backend_is_the_strongest(tmp_path: Path) -> None:
    environ = {
        "OPENLINEAGE_URL": "http://o",
        "SPARKLINEAGE_BACKEND": "http://s",
        "SPARKLINEAGE__TRANSPORT__URL": "http://x",
    }
    spec = spec_of(tmp_path, "transport: {url: http://f}", environ=environ)
    assert (spec["transport.url"], spec.source("transport.url")) == ("http://s", "SPARKLINEAGE_BACKEND")
    assert spec.warnings == ()
    spec = spec_of(tmp_path, "transport: {url: http://f}", environ=environ, flags={"--backend": "http://a"})
    assert spec["transport.url"] == "http://a"


@pytest.mark.parametrize("name", ["MARQUEZ_URL", "OPENLINEAGE_URL", "OPENLINEAGE__TRANSPORT__URL", "--backend"])
def test_an_address_from_outside_is_that_of_an_http_receiver(tmp_path: Path, name: str) -> None:
    outside = {name: "http://h"}
    environ, flags = ({}, outside) if name.startswith("--") else (outside, {})
    spec = spec_of(tmp_path, KAFKA, environ=environ, flags=flags)
    assert values_of(spec) == {"transport.type": "http", "transport.url": "http://h"}
    assert spec.source("transport.type") == name
    assert ("transport.topicName = lineage", "sparklineage.yml:3:3") in lost_of(spec, "transport.type")


def test_what_variables_say_of_one_transport_stays_together(tmp_path: Path) -> None:
    """The key belongs to the address, although the variable of the address is the stronger one."""
    environ = {"OPENLINEAGE__TRANSPORT__AUTH__API_KEY": "k", "OPENLINEAGE_URL": "http://h", "OPENLINEAGE_ENDPOINT": "e",
               "MARQUEZ_URL": "http://m"}  # fmt: skip
    assert values_of(spec_of(tmp_path, KAFKA, environ=environ)) == {
        "transport.type": "http",
        "transport.url": "http://h",
        "transport.endpoint": "e",
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": SecretReference(kind="env", name="OPENLINEAGE__TRANSPORT__AUTH__API_KEY"),
    }


@pytest.mark.parametrize(
    ("variable", "readers"), [("OPENLINEAGE_API_KEY", "http"), ("OPENLINEAGE_ENDPOINT", "http and gcplineage and s3")]
)
def test_a_clients_variable_does_not_break_another_transport(tmp_path: Path, variable: str, readers: str) -> None:
    spec = spec_of(tmp_path, KAFKA, environ={variable: "x"})
    assert spec["transport.type"] == "kafka"
    (warning,) = spec.warnings
    assert warning.startswith(f"{variable} is not used: transport.")
    assert f"is read by {readers}, but transport.type is kafka (" in warning


@pytest.mark.parametrize(
    ("environ", "flags", "sentence"),
    [
        ({"OPENLINEAGE_NAMESPACE": " "}, {}, "OPENLINEAGE_NAMESPACE is ' ', but a text that is not blank is needed."),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "htp"}, {},
         ("OPENLINEAGE__TRANSPORT__TYPE is 'htp', but one of http, console, kafka, file, composite, transform, "
          "gcplineage, gcs, s3, kinesis, amazon_datazone_api, or the full name of a class is needed. "
          "Did you mean http?")),
        ({"SPARKLINEAGE__DISABLED": "maybe"}, {}, "SPARKLINEAGE__DISABLED is 'maybe', but true or false is needed."),
        ({}, {"--backend": "marquez"},
         "--backend is 'marquez', but an http or https URL such as https://HOST:PORT is needed."),
        ({}, {"--drain-timeout": "soon"},
         "--drain-timeout is 'soon', but a duration such as 500ms, 5s or 2m is needed."),
        ({"OPENLINEAGE_API_KEY": "env:"}, {},
         ("OPENLINEAGE_API_KEY: transport.auth.apiKey begins with `env:` but is no reference to a secret; "
          "write env:NAME.")),
        ({"OPENLINEAGE_NAMESPACE": "\udce9"}, {}, r"OPENLINEAGE_NAMESPACE is '\udce9', but a text in UTF-8 is needed."),
    ],
)  # fmt: skip
def test_a_wrong_value_from_outside_names_its_variable_or_option(
    tmp_path: Path, environ: dict[str, str], flags: dict[str, str], sentence: str
) -> None:
    assert refusal_of(tmp_path, environ=environ, flags=flags) == [sentence]


def test_several_wrong_variables_are_told_at_once(tmp_path: Path) -> None:
    environ = {
        "OPENLINEAGE__TRANSPORT__URL": "x",
        "OPENLINEAGE__TRANSPORT__TYPE": "y",
        "SPARKLINEAGE_DRAIN_TIMEOUT": "z",
        "OPENLINEAGE__AGENT": "1",
    }
    assert [sentence.split()[0] for sentence in refusal_of(tmp_path, environ=environ)] == [
        "OPENLINEAGE__AGENT",
        "OPENLINEAGE__TRANSPORT__TYPE",
        "OPENLINEAGE__TRANSPORT__URL",
        "SPARKLINEAGE_DRAIN_TIMEOUT",
    ]


def test_what_is_wrong_together_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "agent: {version: 1.30.0}\ncircuitBreaker: {type: timeout}\ntransport:\n  topicName: t\n  type: http\n"
    environ = {"OPENLINEAGE__TRANSPORT__LOCATION": "/x"}
    places = [sentence.split(": ")[0] for sentence in refusal_of(tmp_path, text, environ=environ)]
    assert places == [
        "sparklineage.yml:2:18",
        "sparklineage.yml:2:18",
        "sparklineage.yml:4:3",
        "sparklineage.yml:5:3",
        "OPENLINEAGE__TRANSPORT__LOCATION",
    ]


# Any layers at all.

NAMES = {
    "namespace": ["a", "b", "c"],
    "disabled": ["true", "false"],
    "transport.type": ["http", "kafka", "composite"],
    "transport.url": ["http://a", "http://b"],
    "transport.auth.type": ["api_key", "jwt"],
    "transport.auth.apiKey": ["env:A", "env:B"],
    "transport.topicName": ["t", "u"],
    "transport.transports.x.type": ["http", "kafka"],
    "transport.transports.x.url": ["http://a", "http://b"],
    "spark.spark.jars": ["a.jar", "b.jar,a.jar", "c.jar"],
    "facets.custom_environment_variables": ["[A]", "[B;C]"],
}
JOINED = {"spark.spark.jars"}


def found_of(name: str, text: str, source: str) -> Found:
    key = definition().find(name)
    assert key is not None
    return Found(key=key, value=read_value(text, key), source=source)


@st.composite
def some_layers(draw: st.DrawFn) -> list[Layer]:
    layers = []
    for number in range(draw(st.integers(0, 5))):
        names = draw(st.lists(st.sampled_from(sorted(NAMES)), unique=True))
        texts = {name: draw(st.sampled_from(NAMES[name])) for name in names}
        found = {name: found_of(name, text, f"{number}/{name}") for name, text in texts.items()}
        layers.append(Layer(name=str(number), found=found))
    return layers


def block_of(name: str) -> str:
    return name.removesuffix("type") if name.startswith("transport.") and name.endswith("type") else ""


def put_aside(layers: list[Layer], name: str, strongest: int) -> bool:
    """Whether a layer above says another type for one of the blocks that a key stands in."""
    for block in [block_of(other) for other in NAMES if block_of(other)]:
        if not name.startswith(block) or name == f"{block}type":
            continue
        kinds = [
            layer.found[f"{block}type"].value for layer in layers[: strongest + 1] if f"{block}type" in layer.found
        ]
        for layer in layers[strongest + 1 :]:
            if f"{block}type" not in layer.found:
                continue
            if kinds and layer.found[f"{block}type"].value != kinds[-1]:
                return True
            kinds.append(layer.found[f"{block}type"].value)
    return False


@settings(max_examples=300, deadline=None)
@given(layers=some_layers())
def test_the_strongest_layer_that_has_a_key_wins(layers: list[Layer]) -> None:
    result = lay(layers)
    for name in NAMES:
        having = [number for number, layer in enumerate(layers) if name in layer.found]
        if not having:
            assert name not in result
            continue
        found = layers[having[-1]].found[name]
        if name not in result:
            assert put_aside(layers, name, having[-1]) or name.startswith("transport.transports.")
            continue
        assert (result[name].source, result[name].layer) == (found.source, layers[having[-1]].name)
        if name not in JOINED:
            assert result[name].value == found.value
        else:
            entries = [entry for at in having for entry in layers[at].found[name].value]  # type: ignore[union-attr]
            assert result[name].value == tuple(dict.fromkeys(entries))


def told_in(result: dict[str, Resolved]) -> list[str]:
    return [
        source
        for item in result.values()
        for source in (item.source, *(lost.source for lost in item.lost), *item.joined[:-1])
    ]


@settings(max_examples=300, deadline=None)
@given(layers=some_layers())
def test_every_value_counts_or_is_known_to_be_put_aside_once(layers: list[Layer]) -> None:
    everything = [found.source for layer in layers for found in layer.found.values()]
    assert sorted(told_in(lay(layers))) == sorted(everything)
    for item in lay(layers).values():
        assert all(lost.why and lost.shown for lost in item.lost)
        assert len(item.joined) != 1


@settings(max_examples=200, deadline=None)
@given(layers=some_layers(), data=st.data())
def test_the_same_layer_once_more_changes_nothing(layers: list[Layer], data: st.DataObject) -> None:
    if layers:
        at = data.draw(st.integers(0, len(layers) - 1))
        assert lay([*layers[: at + 1], layers[at], *layers[at + 1 :]]) == lay(layers)


@settings(max_examples=100, deadline=None)
@given(layers=some_layers())
def test_laying_changes_no_layer(layers: list[Layer]) -> None:
    before = [dict(layer.found) for layer in layers]
    lay(layers)
    assert [dict(layer.found) for layer in layers] == before
