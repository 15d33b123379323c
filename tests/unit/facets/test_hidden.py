"""No credential gets into a facet, and texts without any stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sparklineage import Dataset, facets
from sparklineage.sdk.steps.columns import with_columns
from tests.unit.facets.hostile import _FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "CANARY"
SECRETS = [
    f"jdbc:postgresql://u:{CANARY}@h/db",
    f"https://ci:{CANARY}@host/s.json",
    f"https://host/s.json?sig={CANARY}",
    f"step https://u:{CANARY}@h/x",
    f"see (https://{CANARY}@h/x)",
    f"https://h/k?X-Amz-Credential={CANARY}&X-Amz-Signature={CANARY}",
    f"https://h/k?X-Goog-Signature={CANARY}",
    f"webhdfs://nn/x?delegation={CANARY}",
    f"Server=h;Password={CANARY}",
    f"Server=h;Uid=sa;Pwd={CANARY};",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY}==;EndpointSuffix=x",
    f"Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey={CANARY}",
    f'{{"url": "https://u:{CANARY}@h", "password": "{CANARY}"}}',
    f"the password: {CANARY}",
    f"db_password:{CANARY}",
]
PLAIN = [
    "password: hashed with bcrypt",
    "one line an order; token: its key",
    "struct<name:string,token:array<binary>,password:decimal(10,2)>",
    "STRUCT<token:STRING,secret:DECIMAL(10,2)>",
    "token = upper(trim(key))",
    "see abfss://data@acc.dfs.core.windows.net/x, or ask bob@example.com at 12:30",
    "reads s3://bucket/token=5/x daily",
    "file:///data/token=5/x",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC",
    "the key is arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC",
    "repo.example.com/token-service:1.2.3",
    "https://secret-store.example.com:8443/db?tab=2",
    "postgresql://h/db holds it",
    "订单 password",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(("function", "arguments"), _FUNCTIONS.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_no_text_of_a_facet_tells_a_credential(
    function: Callable[..., facets.Facet], arguments: dict[str, object], secret: str
) -> None:
    """Every text that a function takes, and every key."""
    for name, value in arguments.items():
        for given in (secret, {secret: 1}, {"x": secret}, {"x": {"y": [secret]}}):
            if isinstance(given, str) or isinstance(value, dict):
                assert CANARY not in str(function(**{**arguments, name: given}).value), name


@pytest.mark.parametrize("secret", SECRETS)
def test_a_facet_of_ones_own_tells_none(secret: str) -> None:
    url = "https://acme.example/x.json"
    facet = facets.custom("acme_x", {"a": [{"b": secret}], secret: 1}, schema_url=url)
    assert CANARY not in str(facet)
    assert facet.value["_schemaURL"] == url


def test_a_facet_of_ones_own_hides_what_a_secrets_key_has() -> None:
    """A configuration that is dumped into it. Numbers, and keys that only sound similar, stay."""
    azure = "spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net"
    secret = dict.fromkeys(("password", "token", "dbPassword", "api-key", "db.client_secret", azure), CANARY)
    others = {
        "token_count": "3", "shop.token_count": "3", "pad_token": "<pad>", "password_column": "pw", "monkey": "x",
        "secret": 5, "credentials": None, "Token": "", "columns": {"password": {"type": "string"}},
        "spark.app.name": "x", "fs.s3a.endpoint": "host",
    }  # fmt: skip
    said = {**secret, **others, "deep": [{"db": secret}], "keys": {"credentials": ["id", [CANARY]]}}
    masked = dict.fromkeys(secret, "********")
    expected = {**masked, **others, "deep": [{"db": masked}], "keys": {"credentials": ["********", ["********"]]}}
    found = facets.custom("acme_conf", said, schema_url="https://acme.example/conf.json").value
    assert {name: found[name] for name in said} == expected
    assert facets.Facet("acme_conf", "run", said).value == expected


def test_a_column_of_a_secrets_name_is_told_as_any() -> None:
    """In the facets of the specification, whose keys are columns."""
    names = ("password", "api_key", "token")
    assert facets.schema(dict.fromkeys(names, "string")).value["fields"] == [
        {"name": name, "type": "string"} for name in names
    ]
    test = {"assertion": "typed", "success": True, "params": dict.fromkeys(names, "string")}
    assert facets.data_quality_assertions(test).value["assertions"] == [test]
    assert facets.tags({"token": "gold"}, field="password").value["tags"] == [
        {"key": "token", "value": "gold", "source": "USER", "field": "password"}
    ]


def test_the_schema_of_a_facet_stays_an_address() -> None:
    found = facets.custom("acme_a", {"a": 1}, schema_url="https://ci:CANARY@host/s.json?v=1&sig=CANARY")
    assert found.value["_schemaURL"] == "https://host/s.json?v=1&sig=********"


@pytest.mark.parametrize("secret", SECRETS)
def test_nor_does_one_that_no_function_made(secret: str) -> None:
    """Nor the part of one that the specification's words are given for."""
    assert CANARY not in str(facets.Facet("acme_x", "run", {"a": [(secret, {secret: secret})]}))
    how = {"type": "DIRECT", "description": secret}
    read, written = [Dataset("file", "/in")], [Dataset("file", "/out")]
    told: list[Exception] = []
    (output,) = with_columns({"out.b": ["in.a"]}, read, written, how, warn=told.append)
    assert told == []
    assert CANARY not in str(output.facets)


def test_a_facet_without_end_is_left_to_those_who_take_it() -> None:
    value: dict[str, Any] = {}
    value["a"] = [value, value]
    assert facets.Facet("acme_x", "run", value).name == "acme_x"


def test_the_parts_of_a_folder_stay_what_they_are() -> None:
    found = Dataset.of("file:///data/token=A5/day=1/hour=2")
    (condition,) = (facet["inputCondition"] for facet in found.input_facets.values())
    assert condition["locations"] == ["/data/token=A5/day=1/hour=2"]


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_without_credentials_stays_as_it_is(text: str) -> None:
    said = {"a": text, "b": {text: 1}, "c": [text]}
    found = facets.custom("acme_x", said, schema_url="https://acme.example/x.json").value
    assert {name: found[name] for name in said} == said
    assert facets.documentation(text).value["description"] == text
    assert facets.schema({"a": text}).value["fields"] == [{"name": "a", "type": text}]
    assert facets.assertion("fresh", True, expected=text)["expected"] == text
    assert facets.mlflow(run_id="1", parameters={"a": text}).value["parameters"] == {"a": text}


def test_the_names_of_datasets_stay_what_they_are_elsewhere() -> None:
    """A folder `token=5` is a part of a dataset's name, and the dataset itself has it."""
    folder = ("file", "/data/token=A5/x")
    found = facets.column_lineage({"a": [(folder, "b")]}, dataset=[(folder, "c")]).value
    names = [*found["fields"]["a"]["inputFields"], *found["dataset"]]
    names += [*facets.lineage([folder]).value["inputs"], *facets.symlinks(folder).value["identifiers"]]
    names += [facets.lifecycle_state("RENAME", previous=folder).value["previousIdentifier"]]
    assert {(name["namespace"], name["name"]) for name in names} == {folder}
