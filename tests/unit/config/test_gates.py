"""A key or a value that the agent asked for does not know yet is refused, with the version that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.config.definition import definition
from sparklineage.errors import ConfigError
from tests.support.config import refusal_of, spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.config.keys import Key

SAMPLES = {
    "text": "x", "boolean": "true", "integer": "3", "number": "1.5", "duration": "5s", "size": "64KiB",
    "url": "http://h", "uuid": "0190c0de-0000-7000-8000-000000000001", "list": "[a.B]", "tags": "{a: b}",
    "regex": "'(?<remove>x)'", "path": "/x", "class": "a.B", "json": "'{}'", "version": "1.53.0",
}  # fmt: skip
GATED = [key for key in definition().keys.values() if key.catalogue is not None and key.catalogue.since is not None]
VALUES = [
    (key, value, since)
    for key in GATED
    if key.catalogue is not None
    for value, since in key.catalogue.since_values.items()
]
BROKEN = [
    (key, value, versions)
    for key in GATED
    if key.catalogue is not None
    for value, versions in key.catalogue.broken_values.items()
]


def below(version: str) -> str:
    """A version just before another one."""
    first, second, third = map(int, version.split("."))
    if third:
        return f"{first}.{second}.{third - 1}"
    return f"{first}.{second - 1}.99" if second else f"{first - 1}.99.0"


def file_with(key: Key, version: str, value: str | None = None) -> str:
    """A file with one key and what it needs beside it."""
    name = key.name.replace("<producer key>", "acks").replace("<name>", "x").replace("<k>", "x").replace("<type>", "x")
    name = name.replace("<resolved>", "x").replace("<other>", "x")
    if value is None:
        value = key.limits.values[0] if key.limits.values else SAMPLES[key.kind]
    lines = [f"'{name}': {value}", f"agent.version: {version}"]
    readers = key.catalogue.transports if key.catalogue is not None else ()
    if readers:
        lines.append(f"transport.type: {readers[0]}")
    if name.startswith("transport.auth.") and name != "transport.auth.type":
        lines.append("transport.auth.type: jwt")
    return "\n".join(lines)


def sentences_of(directory: Path, text: str) -> list[str]:
    try:
        spec_of(directory, text)
    except ConfigError as error:
        return str(error).replace(f"{directory}/", "").split("\n")
    return []


def test_the_catalogue_knows_the_age_of_most_keys() -> None:
    agents = [key for key in definition().keys.values() if key.catalogue is not None]
    assert len(GATED) > 0.9 * len(agents) > 50


@pytest.mark.parametrize("key", GATED, ids=lambda key: key.name)
def test_a_key_is_refused_just_below_its_first_agent_and_accepted_from_it_on(tmp_path: Path, key: Key) -> None:
    assert key.catalogue is not None
    since = key.catalogue.since or ""
    older = below(since)
    text = file_with(key, older)
    name = text.split("'")[1]
    told = (
        f"sparklineage.yml:1:1: {name} is known since agent {since}, and agent.version is {older} "
        f"(sparklineage.yml:2:1). Take {since} or later."
    )
    assert told in sentences_of(tmp_path, text)
    assert not [line for line in sentences_of(tmp_path, file_with(key, since)) if f"{name} is known since" in line]
    assert not [line for line in sentences_of(tmp_path, file_with(key, "9.9.9")) if "agent.version" in line]


@pytest.mark.parametrize(("key", "value", "since"), VALUES, ids=lambda part: getattr(part, "name", str(part)))
def test_a_value_is_refused_just_below_its_first_agent_and_accepted_from_it_on(
    tmp_path: Path, key: Key, value: str, since: str
) -> None:
    older = below(since)
    told = (
        f"sparklineage.yml:1:1: {key.name} {value} works since agent {since}, and agent.version is {older} "
        f"(sparklineage.yml:2:1). Take {since} or later."
    )
    assert told in sentences_of(tmp_path, file_with(key, older, value))
    # In any case and by another word.
    assert told in sentences_of(tmp_path, file_with(key, older, value.upper()))
    assert not [line for line in sentences_of(tmp_path, file_with(key, since, value)) if "agent.version" in line]


def test_there_are_values_younger_than_their_keys() -> None:
    assert {(key.name, value, since) for key, value, since in VALUES} >= {
        ("transport.type", "file", "0.29.0"),
        ("transport.type", "composite", "1.23.0"),
        ("transport.auth.type", "jwt", "1.44.0"),
        ("circuitBreaker.type", "timeout", "1.35.0"),
        ("circuitBreaker.type", "asyncTaskQueue", "1.28.0"),
    }
    assert [(key.name, value) for key, value, _ in BROKEN] == [("transport.type", "kinesis")]


@pytest.mark.parametrize(
    ("version", "fits"),
    [("1.23.1", True), ("1.24.0", False), ("1.30.0", False), ("1.45.0", False), ("1.46.0", True), ("1.53.0", True)],
)
def test_a_value_that_did_not_work_for_a_while_is_refused_for_that_while(
    tmp_path: Path, version: str, fits: bool
) -> None:
    text = f"transport: {{type: kinesis, streamName: s, region: r}}\nagent: {{version: {version}}}"
    told = (
        f"sparklineage.yml:1:13: transport.type kinesis works since agent 1.46.0, and agent.version is {version} "
        "(sparklineage.yml:2:9). Take 1.46.0 or later."
    )
    assert sentences_of(tmp_path, text) == ([] if fits else [told])


def test_the_circuit_breaker_of_an_old_agent_names_the_one_that_has_it(tmp_path: Path) -> None:
    text = "agent: {version: 1.34}\ncircuitBreaker: {type: timeout, timeoutInSeconds: 30}\n"
    (sentence,) = refusal_of(tmp_path, text)
    assert sentence == (
        "sparklineage.yml:2:18: circuitBreaker.type timeout works since agent 1.35.0, and agent.version is 1.34.0 "
        "(sparklineage.yml:1:9). Take 1.35.0 or later."
    )
    assert spec_of(tmp_path, text.replace("1.34", "1.35"))["circuitBreaker.type"] == "timeout"


@pytest.mark.parametrize(
    "text",
    [
        "columnLineage: {descriptionsEnabled: true}",
        "spark: {spark.openlineage.columnLineage.descriptionsEnabled: true}",
    ],
)
def test_a_young_key_is_refused_in_every_spelling(tmp_path: Path, text: str) -> None:
    (sentence,) = refusal_of(tmp_path, f"{text}\nagent: {{version: 1.52.0}}")
    assert "columnLineage.descriptionsEnabled is known since agent 1.53.0, and agent.version is 1.52.0" in sentence
    spec = spec_of(tmp_path, f"{text}\nagent: {{version: 1.53}}")
    assert spec["columnLineage.descriptionsEnabled"] is True


def test_a_transport_inside_of_another_is_looked_at_too(tmp_path: Path) -> None:
    text = """\
agent: {version: 1.30.0}
transport:
  type: composite
  transports:
    a: {type: amazon_datazone_api, domainId: d}
    b: {type: http, url: "http://h", auth: {type: jwt, apiKey: "env:A", tokenEndpoint: "http://t"}}
"""
    assert [sentence.split(",")[0] for sentence in refusal_of(tmp_path, text)] == [
        "sparklineage.yml:5:9: transport.transports.a.type amazon_datazone_api works since agent 1.33.0",
        "sparklineage.yml:5:36: transport.transports.a.domainId is known since agent 1.33.0",
        "sparklineage.yml:6:45: transport.transports.b.auth.type jwt works since agent 1.44.0",
        "sparklineage.yml:6:73: transport.transports.b.auth.tokenEndpoint is known since agent 1.44.0",
    ]


def test_the_version_and_the_key_may_come_from_anywhere(tmp_path: Path) -> None:
    text = "profiles: {old: {agent: {version: 1.34.0}}}"
    environ = {"OPENLINEAGE__TIMEOUT__BUILD_DATASETS_TIME_PERCENTAGE": "50"}
    assert spec_of(tmp_path, text, environ=environ)["timeout.buildDatasetsTimePercentage"] == 50
    (sentence,) = refusal_of(tmp_path, text, environ=environ, profile="old")
    assert sentence == (
        "OPENLINEAGE__TIMEOUT__BUILD_DATASETS_TIME_PERCENTAGE: timeout.buildDatasetsTimePercentage is known since "
        "agent 1.35.0, and agent.version is 1.34.0 (sparklineage.yml:1:26). Take 1.35.0 or later."
    )
    (sentence,) = refusal_of(tmp_path, text, environ=environ, flags={"--agent-version": "1.20.0"})
    assert "agent.version is 1.20.0 (--agent-version)" in sentence


def test_without_a_version_the_newest_agent_is_meant(tmp_path: Path) -> None:
    assert spec_of(tmp_path, "columnLineage: {descriptionsEnabled: true}")["columnLineage.descriptionsEnabled"] is True


def test_keys_of_spark_have_no_agent(tmp_path: Path) -> None:
    text = "agent: {version: 0.18.0}\nspark: {spark.jars: a.jar, spark.sql.extensions: a.B, spark.anything: 1}"
    assert spec_of(tmp_path, text)["spark.jars"] == ("a.jar",)
