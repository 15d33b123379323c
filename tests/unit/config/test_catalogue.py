"""The catalogue of keys."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from sparklineage.config.catalogue import catalogue, parse_catalogue
from sparklineage.errors import ConfigError

P = "spark.openlineage."
GOOD = {"key": f"{P}a", "type": "text", "status": "active", "doc": "something"}


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("transport.url", "transport.url"),
        ("transport.headers.X-My.Header", "transport.headers.<name>"),
        ("facets.spark.logicalPlan.disabled", "facets.<name>.disabled"),
        ("transport.urlParams.code", "transport.urlParams.<name>"),
        ("transport.urlParamscode", "transport.urlParams<name>"),
        ("transport.transports.bus.topicName", "transport.transports.<name>.<key>"),
        ("metrics.host", "metrics.host"),
        ("metrics.anything.else", "metrics.<other>"),
        ("url", "url"),
    ],
)
def test_keys_are_found(key: str, entry: str) -> None:
    """A single key before a family, the nearer family before the wider."""
    found = catalogue().find(P + key)
    assert found is not None
    assert found.key == P + entry


@pytest.mark.parametrize("key", [f"{P}transport", f"{P}transport.headers.", f"{P}transport.headers", f"{P}nothing", ""])
def test_unknown_keys_are_not_found(key: str) -> None:
    assert catalogue().find(key) is None


@pytest.mark.parametrize(
    ("key", "version", "known"),
    [
        ("applicationRunId", "1.42.0", True),
        ("applicationRunId", "1.41.9", False),
        ("context", "1.51.0", False),
        ("context", "1.52.0", True),
        ("url", "0.21.1", True),
        ("url", "0.22.0", False),
        ("transport.timeout", "1.29.0", True),
        ("transport.timeout", "1.30.0", False),
        ("captureQuery", "1.53.0", False),
        ("endpoint", "1.53.0", False),
        ("transport.url", "1.100.0", True),
    ],
)
def test_versions_gate_keys(key: str, version: str, known: bool) -> None:
    """Compared as numbers."""
    found = catalogue().find(P + key)
    assert found is not None
    assert found.known_in(version) is known


@pytest.mark.parametrize(
    ("key", "value", "version", "needed"),
    [
        ("transport.type", "Composite", "1.22.0", "1.23.0"),
        ("transport.type", "composite", "1.23.0", None),
        ("transport.type", "http", "0.19.0", None),
        ("transport.type", "kinesis", "1.23.0", None),
        ("transport.type", "kinesis", "1.24.0", "1.46.0"),
        ("transport.type", "kinesis", "1.46.0", None),
        ("circuitBreaker.type", "timeout", "1.34.0", "1.35.0"),
        ("transport.auth.type", "jwt", "1.43.0", "1.44.0"),
        ("transport.auth.type", "api_key", "0.19.0", None),
    ],
)
def test_versions_gate_values(key: str, value: str, version: str, needed: str | None) -> None:
    """In any case of letters, as the agent reads them."""
    found = catalogue().find(P + key)
    assert found is not None
    assert found.agent_for(value, version) == needed


def test_each_key_of_a_transport_names_who_reads_it() -> None:
    """All but the type itself; and console needs none."""
    below = f"{P}transport."
    without = [key.key for key in catalogue().keys if key.key.startswith(below) and not key.transports]
    assert without == [f"{below}type"]
    types = catalogue().find(f"{below}type")
    assert types is not None
    needs = {name: [key.key.removeprefix(below) for key in catalogue().needed(name)] for name in types.values}
    assert needs == {
        "http": ["url"],
        "kafka": ["topicName", "properties.<producer key>"],
        "kinesis": ["streamName"],
        "file": ["location"],
        "composite": ["transports.<name>.<key>"],
        "transform": ["transformerClass", "transport.<key>"],
        "gcs": ["projectId", "bucketName"],
        "s3": ["bucketName"],
        "amazon_datazone_api": ["domainId"],
        "console": [],
        "gcplineage": [],
    }


def test_numbers_have_the_unit_that_their_name_tells() -> None:
    units = {key.key.rpartition(".")[2]: key.unit for key in catalogue().keys if key.unit and key.status == "active"}
    assert units == {
        "timeoutInMillis": "ms",
        "tokenRefreshBuffer": "s",
        "retryIntervalMillis": "ms",
        "buildDatasetsTimePercentage": "%",
        "facetsBuildingTimePercentage": "%",
        "payloadSizeLimitInKilobytes": "KiB",
        "timeoutInSeconds": "s",
        "memoryThreshold": "%",
        "gcCpuThreshold": "%",
        "circuitCheckIntervalInMillis": "ms",
        "blockingTimeInSeconds": "s",
        "shutdownTimeoutSeconds": "s",
    }


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("transport.timoutInMillis", "transport.timeoutInMillis"),
        ("transport.ulr", "transport.url"),
        ("namepsace", "namespace"),
        ("transport.auth.apikey", "transport.auth.apiKey"),
        ("circuitbreaker.type", "circuitBreaker.type"),
        ("capturdProperties", "capturedProperties"),
    ],
)
def test_misspelt_keys_have_a_nearest(key: str, near: str) -> None:
    assert catalogue().nearest(P + key) == P + near


@pytest.mark.parametrize("key", ["x", "delivery.journal", "transport.somethingElse", "agent.version"])
def test_other_keys_have_none(key: str) -> None:
    """A wrong hint is worse than none."""
    assert catalogue().nearest(P + key) is None


def test_secrets_are_marked() -> None:
    """What must never be shown."""
    for key in (
        "transport.auth.apiKey",
        "transport.headers.Authorization",
        "transport.sslContext.keyPassword",
        "apiKey",
    ):
        found = catalogue().find(P + key)
        assert found is not None
        assert found.secret


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"type": "txt"}, "has the unknown type txt"),
        ({"status": "gone"}, "has the unknown status gone"),
        ({"doc": ""}, "has no doc"),
        ({"docs": "x"}, "has the unknown field docs"),
        ({"since": "1.2"}, "has since 1.2, which is no version"),
        ({"since": "1.2.0", "until": "1.1.0"}, "ends before it begins"),
        ({"type": "enum"}, "needs values if, and only if, it is an enum"),
        ({"values": ["x"]}, "needs values if, and only if, it is an enum"),
        ({"status": "removed"}, "needs the version that removed it if, and only if, it is removed"),
        ({"replacement": [f"{P}a"]}, "is in use and yet replaced"),
        ({"status": "never-existed", "replacement": [f"{P}b"]}, f"is replaced by {P}b, which is no key in use"),
        ({"unit": "parsec"}, "has the unknown unit parsec"),
        ({"type": "enum", "values": ["x"], "since_values": {"x": "1"}}, "has since_values.x 1, which is no version"),
        (
            {"type": "enum", "values": ["x"], "since_values": {"y": "1.2.3"}},
            "has a version for y, which is none of its values",
        ),
        ({"transports": ["pigeon"]}, "is read by pigeon, which is no type of transport"),
        ({"required": ["http"]}, "is required by http, which does not read it"),
    ],
)
def test_contradictions_are_refused(change: dict[str, object], sentence: str) -> None:
    """With the key and what is wrong about it."""
    with pytest.raises(ConfigError) as caught:
        parse_catalogue(json.dumps([{**GOOD, **change}]))
    assert str(caught.value) == f"catalogue.json: {P}a {sentence}."


def test_doubles_are_refused() -> None:
    with pytest.raises(ConfigError, match="is there twice"):
        parse_catalogue(json.dumps([GOOD, GOOD]))


def test_the_file_is_one_entry_a_line() -> None:
    """So that a change shows as the change of a line."""
    lines = resources.files("sparklineage.config").joinpath("catalogue.json").read_text("utf-8").splitlines()
    assert len(lines) == len(catalogue().keys) + 2
