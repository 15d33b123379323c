"""The agent's secrets as variables; agent 1.53.0 made of each of these what stands in the properties."""

from __future__ import annotations

import json

import pytest

from sparklineage.config.conf_values import typed
from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet

T = "spark.openlineage.transport."
HTTP = {f"{T}type": "http", f"{T}url": "http://h:1"}
V = "OPENLINEAGE__TRANSPORT__"


def conf(found: dict[str, str]) -> ConfSet:
    return ConfSet.of(found, source="sparklineage.yml:2:3", typed=typed)


def test_nothing_goes_by_the_environment_without_a_secret() -> None:
    assert conf(HTTP).environment() == {}
    assert conf(HTTP).as_dict() == HTTP


def test_an_api_key_takes_its_whole_auth_along() -> None:
    made = conf({**HTTP, f"{T}auth.type": "jwt", f"{T}auth.apiKey": "abc", f"{T}auth.tokenFields": "[a;b]"})
    assert made.as_dict() == HTTP
    assert made.environment() == {
        f"{V}TYPE": "http",
        f"{V}AUTH__TYPE": "jwt",
        f"{V}AUTH__API_KEY": "abc",
        f"{V}AUTH__TOKEN_FIELDS": '["a", "b"]',
    }


@pytest.mark.parametrize("secret", ["123 abc", "1e5", "true", "null-x", '"q"', "{}", "é", "-1", "/p"])
def test_a_secret_that_the_agent_would_read_as_something_else_is_quoted(secret: str) -> None:
    made = conf({**HTTP, f"{T}auth.type": "api_key", f"{T}auth.apiKey": secret})
    assert json.loads(made.environment()[f"{V}AUTH__API_KEY"]) == secret


def test_names_that_no_variable_can_have_stand_in_json() -> None:
    made = conf({**HTTP, f"{T}headers.X-A.b": "1", f"{T}headers.plain": "2", f"{T}urlParams.code": "c"})
    assert made.as_dict() == HTTP
    assert made.environment() == {
        f"{V}TYPE": "http",
        f"{V}HEADERS": '{"X-A.b": "1", "plain": "2"}',
        f"{V}URL_PARAMS__CODE": "c",
    }


def test_only_the_secret_properties_of_a_kafka_producer_go_that_way() -> None:
    plain = {f"{T}type": "kafka", f"{T}topicName": "t", f"{T}properties.bootstrap.servers": "h:9"}
    made = conf({**plain, f"{T}properties.sasl.jaas.config": "x"})
    assert made.as_dict() == plain
    assert made.environment() == {f"{V}TYPE": "kafka", f"{V}PROPERTIES": '{"sasl.jaas.config": "x"}'}


def test_an_ssl_context_goes_whole() -> None:
    made = conf({**HTTP, f"{T}sslContext.storePassword": "p", f"{T}sslContext.keyStorePath": "k"})
    assert made.as_dict() == HTTP
    assert made.environment() == {
        f"{V}TYPE": "http", f"{V}SSL_CONTEXT__STORE_PASSWORD": "p", f"{V}SSL_CONTEXT__KEY_STORE_PATH": "k",
    }  # fmt: skip


def test_a_transport_that_holds_others_goes_whole() -> None:
    made = conf(
        {f"{T}type": "composite", f"{T}continueOnFailure": "true", f"{T}transports.main.type": "http",
         f"{T}transports.main.auth.type": "api_key", f"{T}transports.main.auth.apiKey": "k",
         f"{T}transports.main.headers.X.Y": "w", f"{T}transports.out-put.type": "console"}
    )  # fmt: skip
    assert made.as_dict() == {}
    found = made.environment()
    assert (found.pop(f"{V}TYPE"), found.pop(f"{V}CONTINUE_ON_FAILURE")) == ("composite", '"true"')
    assert json.loads(found.pop(f"{V}TRANSPORTS")) == {
        "main": {"type": "http", "auth": {"type": "api_key", "apiKey": "k"}, "headers": {"X.Y": "w"}},
        "out-put": {"type": "console"},
    }
    assert found == {}


@pytest.mark.parametrize(
    "dotted",
    ["transports.main.properties.bootstrap.servers", "transports.main.headers.X.Y", "transports.main.urlParams.a.b",
     "transport.headers.X.Y", "transport.transports.a.properties.b.c", "transformerProperties.a.b",
     "transports.main.transformerProperties.a.b"],
)  # fmt: skip
def test_a_dotted_name_that_the_agent_would_split_goes_by_the_environment(dotted: str) -> None:
    made = conf({f"{T}type": "x", f"{T}{dotted}": "v", "spark.openlineage.namespace": "n"})
    assert made.as_dict() == {"spark.openlineage.namespace": "n"}
    found = made.environment()
    assert found.pop(f"{V}TYPE") == "x"
    ((_, text),) = found.items()
    assert list(json.loads(text).values()) == ["v"]
    assert "." in next(iter(json.loads(text)))
    assert made.carried == {f"{T}type", f"{T}{dotted}"}


@pytest.mark.parametrize(
    "plain",
    ["properties.bootstrap.servers", "transports.main.properties.acks", "transformerProperties.a"],
)
def test_a_name_that_the_agent_takes_whole_stays_a_property(plain: str) -> None:
    made = conf({f"{T}type": "x", f"{T}{plain}": "v"})
    assert made.as_dict() == {f"{T}type": "x", f"{T}{plain}": "v"}
    assert made.environment() == {}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            {f"{T}auth.type": "api_key", f"{T}auth.apiKey": "abc"},
            f"{T}auth.apiKey (sparklineage.yml:2:3) needs {T}type ",
        ),
        ({**HTTP, f"{T}auth.apiKey": "abc"}, f"{T}auth.apiKey (sparklineage.yml:2:3) needs {T}auth.type beside it; "),
        ({**HTTP, f"{T}auth.type": "api_key", f"{T}auth.apiKey": "env:KEY"}, "env:KEY has not been fetched yet"),
        (
            {**HTTP, f"{T}auth.type": "x", f"{T}auth.apiKey": "abc", f"{T}auth.apiKey.b": "c"},
            f"{T}auth.apiKey.b cannot ",
        ),
        ({**HTTP, f"{T}auth.type": "x", f"{T}auth.apiKey.b": "c", f"{T}auth.apiKey": "abc"}, f"{T}auth.apiKey cannot "),
    ],
)
def test_a_secret_that_the_agent_would_not_find_is_refused(found: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        conf(found).environment()
    assert str(caught.value).startswith(sentence)
    assert "abc" not in str(caught.value)
