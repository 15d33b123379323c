"""The names of the file: every key is found by its own, and what is none says what to write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sparklineage.config.catalogue import PREFIX, catalogue
from sparklineage.config.definition import RAW, definition, spark_property
from sparklineage.config.keys import OWN, PLATFORM_KEYS, Key
from sparklineage.config.spec import Spec
from sparklineage.config.values import WANTED, parse
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret, SecretReference
from tests.support.config import refusal_of, spec_of, values_of

if TYPE_CHECKING:
    from pathlib import Path

KEYS = definition().keys
FAMILIES = {name: key for name, key in KEYS.items() if key.any_name}
OF_ONE_RUN = (
    "applicationRunId", "context", "parentRunId", "parentJobName", "parentJobNamespace", "rootParentRunId",
    "rootParentJobName", "rootParentJobNamespace",
)  # fmt: skip
SUBTREES = {"transport.transports.<name>.<key>", "transport.transport.<key>"}
DEAD = {
    key.key.removeprefix(PREFIX): key
    for key in catalogue().keys
    if key.status in ("removed", "never-existed") and key.key.startswith(PREFIX)
}
LIVES_ON = "transport.timeout"
"""Dead in the agent, but Python's client has it, so the file takes it."""


def filled(name: str) -> str:
    """A name of a family, with every placeholder filled in."""
    while "<" in name:
        before, _, rest = name.partition("<")
        name = f"{before}any_name{rest.partition('>')[2]}"
    return name


@pytest.mark.parametrize("name", KEYS)
def test_every_key_is_found_by_its_name(name: str) -> None:
    found = definition().find(filled(name))
    assert found is not None
    assert found.name == filled(name)
    assert found.kind == KEYS[name].kind
    assert found.doc == KEYS[name].doc
    assert found.kind in WANTED
    if KEYS[name].catalogue is not None:
        assert found.spark == PREFIX + filled(name)


@pytest.mark.parametrize("name", KEYS)
def test_whatever_has_keys_below_it_knows_that(name: str) -> None:
    parts = filled(name).split(".")
    for length in range(1, len(parts)):
        assert definition().has_below(".".join(parts[:length]))


@pytest.mark.parametrize(
    ("alias", "name"),
    [("job", "job.name"), ("appName", "job.name"), ("spark.openlineage.appName", "job.name"),
     ("spark.spark.openlineage.appName", "job.name")],
)  # fmt: skip
def test_the_job_has_several_names(alias: str, name: str) -> None:
    found = definition().find(alias)
    assert found is KEYS[name]


@pytest.mark.parametrize(
    "name",
    [
        "transport.headers.X-Team",
        "transport.headers.a.b",
        "transport.urlParams.code",
        "transport.properties.bootstrap.servers",
        "transport.transformerProperties.x",
        "job.owners.team",
        "metrics.statsd.tags",
        "facets.spark.logicalPlan.disabled",
        "dataset.namespaceResolvers.prod-kafka.hosts",
    ],
)
def test_a_family_takes_any_name(name: str) -> None:
    found = definition().find(name)
    assert found is not None
    assert (found.name, found.spark) == (name, PREFIX + name)


@pytest.mark.parametrize("block", ["transport.transports.a", "transport.transport", "transport.transports.a.transport",
                                   "transport.transport.transports.b.transports.transport"])  # fmt: skip
@pytest.mark.parametrize("key", ["type", "url", "auth.apiKey", "headers.X-Team", "properties.bootstrap.servers"])
def test_a_transport_inside_of_another_takes_what_the_one_at_the_top_takes(block: str, key: str) -> None:
    found, top = definition().find(f"{block}.{key}"), definition().find(f"transport.{key}")
    assert found is not None
    assert top is not None
    assert (found.name, found.spark) == (f"{block}.{key}", f"{PREFIX}{block}.{key}")
    assert (found.kind, found.secret, found.limits) == (top.kind, top.secret, top.limits)
    # A variable and an option speak of the one at the top.
    assert (found.variables, found.flag) == ((), None)
    assert definition().has_below(block)


@pytest.mark.parametrize(
    "name",
    ["", ".", "transport.", "transport..url", "Namespace", "transport.nope", "transport.transport.transport",
     "transport.transports", "transport.transports.a", "spark.openlineage.nope", "transport.headers.", "job.owners.",
     "spark.openlineage.spark.openlineage.namespace", "platform.region", "profiles", "spark.openlineage.job.name",
     "spark.openlineage.disabled", "spark.openlineage.delivery.mode", "spark.openlineage.transport.timeout"],
)  # fmt: skip
def test_what_is_no_key_is_not_found(name: str) -> None:
    assert definition().find(name) is None


def test_a_key_of_thousands_of_names_is_answered_at_once() -> None:
    began = time.monotonic()
    for name in ("transport." * 30_000 + "url", "spark.openlineage." * 30_000 + "x", "transport.transports.a." * 30_000,
                 "dataset.namespaceResolvers." * 10_000 + "typo", "facets." * 30_000, "a" * 500_000):  # fmt: skip
        definition().find(name)
        definition().has_below(name)
        definition().refusal(name)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("name", "value"), [("namespace", "ns"), ("transport.url", "http://h")])
@pytest.mark.parametrize(
    "spelling",
    [
        "{0}: {1}",
        "spark.openlineage.{0}: {1}",
        "spark: {{openlineage.{0}: {1}}}",
        "spark: {{openlineage: {{{0}: {1}}}}}",
        "spark: {{spark.openlineage.{0}: {1}}}",
        "spark: {{spark: {{openlineage.{0}: {1}}}}}",
    ],
)
def test_the_agents_properties_below_spark_are_the_same_keys(
    tmp_path: Path, spelling: str, name: str, value: str
) -> None:
    spec = spec_of(tmp_path, spelling.format(name, f"'{value}'"))
    assert spec[name] == value
    assert spec[f"spark.spark.openlineage.{name}"] == value
    assert spec.source(name) == spec.source(f"spark.openlineage.{name}")


def test_the_same_key_inside_and_outside_of_spark_is_given_twice(tmp_path: Path) -> None:
    text = "namespace: a\nspark:\n  spark.openlineage.namespace: b\n  openlineage.appName: c\njob: d\n"
    assert refusal_of(tmp_path, text) == [
        (
            "sparklineage.yml:3:3: namespace is given again, as spark.openlineage.namespace "
            "(first at sparklineage.yml:1:1)."
        ),
        "sparklineage.yml:5:1: job.name is given again, as job (first at sparklineage.yml:4:3).",
    ]


def test_the_agents_blocks_may_stand_below_spark(tmp_path: Path) -> None:
    text = """\
spark:
  openlineage:
    transport: {type: http, url: "http://h", headers: {X-Team: data}, auth: {type: api_key, apiKey: "env:KEY"}}
    job: {owners: {team: data}, tags: {a: b}}
  spark.openlineage.facets: {debug: {disabled: true}}
"""
    assert values_of(spec_of(tmp_path, text)) == {
        "transport.type": "http",
        "transport.url": "http://h",
        "transport.headers.X-Team": Secret("data"),
        "transport.auth.type": "api_key",
        "transport.auth.apiKey": SecretReference(kind="env", name="KEY"),
        "job.owners.team": "data",
        "job.tags": ("a:b",),
        "facets.debug.disabled": True,
    }


def test_composite_transports_may_hold_others_as_lists(tmp_path: Path) -> None:
    text = """\
transport:
  type: composite
  transports:
    - {name: a, type: composite, transports: [{type: console}, {name: b, type: http, url: "http://h"}]}
    - {type: transform, transformerClass: x.Y, transport: {type: composite, transports: {c: {type: console}}}}
"""
    assert set(values_of(spec_of(tmp_path, text))) == {
        "transport.type",
        "transport.transports.a.type",
        "transport.transports.a.transports.1.type",
        "transport.transports.a.transports.b.type",
        "transport.transports.a.transports.b.url",
        "transport.transports.2.type",
        "transport.transports.2.transformerClass",
        "transport.transports.2.transport.type",
        "transport.transports.2.transport.transports.c.type",
    }


def test_properties_of_spark_are_passed_on_in_both_spellings(tmp_path: Path) -> None:
    text = """\
spark:
  spark.sql.shuffle.partitions: 8
  executor: {memory: 2g}
  spark.dynamicAllocation.enabled: true
  spark.jars: [a.jar, "b.jar,c.jar"]
  spark.sql.extensions: "x.Y, z.W"
  spark.hadoop.empty: ""
  spark.nothing:
"""
    spec = spec_of(tmp_path, text)
    assert values_of(spec) == {
        "spark.spark.sql.shuffle.partitions": "8",
        "spark.spark.executor.memory": "2g",
        "spark.spark.dynamicAllocation.enabled": "true",
        "spark.spark.jars": ("a.jar", "b.jar", "c.jar"),
        "spark.spark.sql.extensions": ("x.Y", "z.W"),
        "spark.spark.hadoop.empty": "",
    }
    assert spec["spark.sql.shuffle.partitions"] == "8"
    assert spec["spark.spark.sql.shuffle.partitions"] == "8"


@pytest.mark.parametrize("name", OF_ONE_RUN)
@pytest.mark.parametrize("spelling", ["{0}: x", "spark: {{spark.openlineage.{0}: x}}", "spark: {{openlineage.{0}: x}}",
                                      "profiles: {{p: {{{0}: x}}}}", "spark.openlineage.{0}: x"])  # fmt: skip
def test_what_belongs_to_one_run_is_refused_with_the_way_to_give_it(tmp_path: Path, name: str, spelling: str) -> None:
    (sentence,) = refusal_of(tmp_path, spelling.format(name))
    assert f"{name} belongs to a single run, not to a file: give `submit` the option --run-id" in sentence
    assert "no known key" not in sentence


@pytest.mark.parametrize("dead", DEAD)
@pytest.mark.parametrize("spelling", ["'{0}': x", "spark: {{'spark.openlineage.{0}': x}}"])
def test_dead_keys_of_the_catalogue_are_refused_with_what_replaced_them(
    tmp_path: Path, dead: str, spelling: str
) -> None:
    known = DEAD[dead]
    if dead == LIVES_ON and "spark" not in spelling:
        assert spec_of(tmp_path, "transport: {type: http, url: 'http://h', timeout: 3}")[dead] == 3_000
        return
    name = filled(dead)
    (sentence,) = refusal_of(tmp_path, spelling.format(name))
    assert f"{name} is no known key." in sentence
    what = f"The agent has not read it since {known.removed}" if known.removed else "No agent has ever read it"
    assert what in sentence
    for instead in known.replacement:
        wanted = instead.removeprefix(PREFIX).replace("=", ": ")
        assert wanted in sentence
        # What it says must be a key of the file itself.
        assert definition().find(filled(wanted.partition(":")[0])) is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("listener: {timeout: {seconds: 5}}",
         ("1:22: listener.timeout.seconds is no known key. No agent has ever read it; "
          "write circuitBreaker.type: timeout and circuitBreaker.timeoutInSeconds.")),
        ("facets: {variables: [A]}",
         ("1:10: facets.variables is no known key. No agent has ever read it; "
          "write facets.custom_environment_variables.")),
        ("disabld: true", "1:1: disabld is no known key. Did you mean disabled?"),
        ("transport: {typ: http}", "1:13: transport.typ is no known key. Did you mean transport.type?"),
        ("delivery: {drain_timeout: 3}",
         "1:12: delivery.drain_timeout is no known key. Did you mean delivery.drainTimeout?"),
        ("zzz: 1", "1:1: zzz is no known key."),
        ("zzz: {a: 1, b: {c: 2}}", "1:1: zzz is no known key."),
        ("zzz:", "1:1: zzz is no known key."),
        ("zzz: [1]", "1:1: zzz is no known key."),
        ("spark: {openlineage: {disabled: true}}",
         ("1:23: spark.openlineage.disabled does not stand here; "
          "write disabled at the top of the file or of a profile.")),
        ("spark: {openlineage: {transport.timeout: 3}}",
         ("1:23: spark.openlineage.transport.timeout is no known key. The agent has not read it since 1.30.0; "
          "write transport.timeoutInMillis.")),
        ("spark: {spark.openlineage.job.name: x}",
         "1:9: spark.openlineage.job.name does not stand here; write job.name at the top of the file or of a profile."),
        ("spark: {spark.openlineage.namespce: x}",
         "1:9: spark.openlineage.namespce is no known key. Did you mean namespace?"),
        ("spark: x", "1:1: spark is a text, but keys below it are needed."),
        ("agent: 1.53.0", "1:1: agent is a text, but keys below it are needed, such as agent.version."),
        ("transport: {auth: secret}",
         "1:13: transport.auth is a text, but keys below it are needed, such as transport.auth.type."),
        ("transport: {type: htp}",
         ("1:13: transport.type is 'htp', but one of http, console, kafka, file, composite, transform, gcplineage, "
          "gcs, s3, kinesis, amazon_datazone_api, or the full name of a class is needed. Did you mean http?")),
        ("transport: {type: composite, transports: [x]}",
         "1:43: transport.transports holds a text, but each transport is a mapping with a `type`."),
        ("platforms: {emmr: {}}", "1:13: emmr is no known platform. Did you mean emr?"),
        ("platforms: [emr]", "1:12: platforms is a list, but a mapping from name to settings is needed."),
        ("platforms: {emr: {regoin: x}}", "1:19: regoin is no known key."),
        ("platforms: {emr: {profiles: {}}}", "1:19: profiles is no known key."),
        ("platforms: {emr: 3}", "1:18: platforms.emr is a number, but settings are needed."),
        ("region: x", "1:1: region is no known key."),
        ("extends: a", "1:1: extends is no known key."),
        ("profiles: x", "1:11: profiles is a text, but a mapping from name to settings is needed."),
        ("profiles: {a: [x]}", "1:15: profiles.a is a list, but settings are needed."),
        ("profiles: {a: {profiles: {b: {}}}}",
         "1:26: profiles.a holds profiles, which stand side by side at the top of the file."),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_what_to_write(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal_of(tmp_path, text) == [f"sparklineage.yml:{sentence}"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb", r"'a\nb'"), ("", "''"), ("  ", "'  '"), ("\x1b[31m", r"'\x1b[31m'"), ("x" * 500, "x" * 80 + "…")],
)
def test_a_strange_name_is_told_on_one_line(tmp_path: Path, name: str, shown: str) -> None:
    escaped = name.replace("\n", "\\n").replace("\x1b", "\\e")
    (sentence,) = refusal_of(tmp_path, f'? "{escaped}"\n: 1')
    assert sentence == f"sparklineage.yml:1:3: {shown} is no known key."


def test_every_key_of_the_agent_in_use_can_be_written_or_is_left_out_on_purpose() -> None:
    """`appName` is the job's name, `disabled` the toolkit's own; what belongs to one run comes from the command."""
    reachable = {key.spark for key in KEYS.values()}
    left = {
        known.key.removeprefix(PREFIX)
        for known in catalogue().keys
        if known.status == "active" and known.key.startswith(PREFIX) and known.key not in reachable
    }
    assert left == {*OF_ONE_RUN, *SUBTREES, "disabled"}
    # Spark's own stand below `spark:`.
    for known in catalogue().keys:
        if known.status == "active" and known.reader == "spark":
            found = definition().find(RAW + filled(known.key))
            assert found is not None
            assert (found.spark, spark_property(found.name)) == (filled(known.key), filled(known.key))


@pytest.mark.parametrize("key", [*OWN, *PLATFORM_KEYS, *KEYS.values()], ids=lambda key: key.name)
def test_what_is_said_of_a_key_holds_together(key: Key) -> None:
    assert key.doc
    assert not key.doc.endswith(".")
    assert bool(key.limits.values) == (key.kind == "enum")
    if key.default is not None and key.catalogue is None:
        parse(key.default, key.kind, key.limits)
    if key.stands_for is not None:
        other = KEYS[key.stands_for]
        assert (other.kind, other.secret) == (key.kind, key.secret)
    assert key.flag is None or key.flag.startswith("--")


def test_no_variable_or_option_stands_for_two_keys() -> None:
    variables = [variable for key in KEYS.values() for variable in key.variables]
    flags = [key.flag for key in KEYS.values() if key.flag]
    assert len(variables) == len(set(variables))
    assert len(flags) == len(set(flags))


def test_the_python_clients_spellings_become_the_agents(tmp_path: Path) -> None:
    text = """\
transport:
  type: composite
  transports:
    a: {type: http, url: "http://h", timeout: 2.5, auth: {api_key: "env:KEY"}}
    b: {type: http, url: "http://i", timeoutInMillis: 2500, auth: {type: api_key, apiKey: "env:KEY"}}
"""
    spec = spec_of(tmp_path, text)
    for name in ("a", "b"):
        below = {key: item.value for key, item in spec.below(f"transport.transports.{name}.").items()}
        assert below["timeoutInMillis"] == 2_500
        assert below["auth.type"] == "api_key"
        assert below["auth.apiKey"] == SecretReference(kind="env", name="KEY")
        assert not {"timeout", "auth.api_key"} & set(below)
    assert spec["transport.transports.a.timeout"] == 2_500


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("timeoutInMillis: 3, timeout: 4",
         "2:33: transport.timeoutInMillis is given again, as timeout (first at sparklineage.yml:2:13)."),
        ("auth: {api_key: 'env:A', apiKey: 'env:B'}",
         "2:38: transport.auth.apiKey is given again, as apiKey (first at sparklineage.yml:2:20)."),
    ],
)  # fmt: skip
def test_two_spellings_of_one_key_in_one_section_are_one_too_many(tmp_path: Path, line: str, sentence: str) -> None:
    assert refusal_of(tmp_path, f"\ntransport: {{{line}}}") == [f"sparklineage.yml:{sentence}"]


def test_a_stronger_layer_wins_in_whatever_spelling(tmp_path: Path) -> None:
    text = "transport: {type: http, url: 'http://h', timeoutInMillis: 1000}\nprofiles: {p: {transport: {timeout: 3}}}"
    spec = spec_of(tmp_path, text, profile="p")
    assert spec["transport.timeoutInMillis"] == spec["transport.timeout"] == 3_000
    assert [lost.shown for lost in spec.resolved["transport.timeoutInMillis"].lost] == ["1s"]


def test_secrets_of_a_kafka_client_are_secrets_by_their_names(tmp_path: Path) -> None:
    text = """\
transport:
  type: kafka
  topicName: t
  properties:
    bootstrap.servers: h:9092
    sasl.jaas.config: env:JAAS
    ssl.key.password: literal
    key.serializer: a.B
"""
    found = values_of(spec_of(tmp_path, text))
    assert found["transport.properties.sasl.jaas.config"] == SecretReference(kind="env", name="JAAS")
    assert found["transport.properties.ssl.key.password"] == Secret("literal")
    assert found["transport.properties.bootstrap.servers"] == "h:9092"
    assert found["transport.properties.key.serializer"] == "a.B"


def test_a_spec_answers_for_keys_that_exist_only(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "namespace: a\njob: b\n")
    assert isinstance(spec, Spec)
    assert (spec["namespace"], spec["job"], spec["appName"], spec["job.name"]) == ("a", "b", "b", "b")
    assert spec["transport.url"] is spec.text("transport.url") is spec.source("transport.url") is None
    assert spec["platform.region"] is None
    assert spec.text("delivery.drainTimeout") == "10s"
    with pytest.raises(ConfigError, match=r"^namspace is no known key\. Did you mean namespace\?$"):
        _ = spec["namspace"]
    with pytest.raises(ConfigError, match=r"^platform\.regoin is no known key\.$"):
        _ = spec["platform.regoin"]
    with pytest.raises(ConfigError, match=r"^applicationRunId belongs to a single run"):
        _ = spec["applicationRunId"]


@pytest.mark.parametrize(
    ("name", "meant"), [("transprot", "transport"), ("jobb", "job"), ("transport.ulr", "transport.url")]
)
def test_a_slip_in_the_name_of_a_section_is_told(name: str, meant: str) -> None:
    assert definition().refusal(name) == f"is no known key. Did you mean {meant}?"
