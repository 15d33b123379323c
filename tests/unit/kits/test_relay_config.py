"""relay.json: everything that the configuration says to the relay, read back by the relay itself, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import ConfigError
from sparklineage.kits.emr import Options
from sparklineage.relay.node.config import read_config
from tests.unit.kits.emr_orders import KEY, URL, made, text_of

CANARY = "canary-3f77"


def config(folder: Path, **settings: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text_of(made(folder, **settings), "relay.json"))
    return found


def test_the_relay_reads_what_the_configuration_says(tmp_path: Path) -> None:
    transport = {
        **KEY, "endpoint": "/proxy/v1", "timeoutInMillis": 2500, "compression": "gzip",
        "headers": {"X-Team": "é $(id)", "X-Token": "aws-secretsmanager:ol#token"}, "urlParams": {"tenant": "a b"},
    }  # fmt: skip
    found = config(
        tmp_path, transport=transport, governance={"pii": True, "classification": "internal"},
        delivery={"retry": {"firstWait": "1s", "longestWait": "5m"},
                  "limits": {"journalSize": "2GB", "journalAge": "3d"}, "journal": "/mnt/lineage/spool"},
        section={"region": "eu-west-1"}, options=Options(proxy="http://proxy:3128", ca_file="/etc/pki/own.pem"),
    )  # fmt: skip
    (tmp_path / "relay.json").write_text(json.dumps(found))
    read = read_config(tmp_path / "relay.json")
    assert (read.platform, str(read.spool), str(read.state)) == ("emr", "/mnt/lineage/spool", found["state"])
    assert read.backend.target == f"{URL}/proxy/v1?tenant=a%20b"
    assert (read.backend.timeout, read.backend.compression, read.backend.proxy) == (2.5, "gzip", "http://proxy:3128")
    assert read.backend.ca_file == "/etc/pki/own.pem"
    assert read.backend.headers == {"X-Team": "é $(id)"}
    deferred = {(item.place, item.name): item.reference.written for item in read.backend.deferred}
    assert deferred == {("key", ""): "aws-ssm:/lineage/key", ("header", "X-Token"): "aws-secretsmanager:ol#token"}
    assert (read.waits.first, read.waits.longest) == (1.0, 300.0)
    assert (read.keep.size, read.keep.age, read.keep.hard) == (2_000_000_000, 259_200.0, 8_000_000_000)
    assert (read.governance, read.namespace) == ({"pii": True, "classification": "internal"}, "prod")
    assert (read.region, str(read.info)) == ("eu-west-1", "/mnt/var/lib/info")
    assert read.log is not None and str(read.log.file) == "/var/log/sparklineage/relay.log"


def test_without_more_it_keeps_a_node_from_filling_up(tmp_path: Path) -> None:
    found = config(tmp_path)
    assert found["keep"] == {"size": 1 << 30, "age": None, "hard": 4 << 30}
    assert found["spool"] == "/var/lib/sparklineage/spool"
    assert (found["region"], found["governance"]) == (None, {})
    (tmp_path / "relay.json").write_text(json.dumps(found))
    assert read_config(tmp_path / "relay.json").backend.api_key is None


@pytest.mark.parametrize(
    ("transport", "says"),
    [
        (
            {**KEY, "auth": {"type": "api_key", "apiKey": CANARY}},
            "transport.auth.apiKey is a secret in plain text; write",
        ),
        (
            {**KEY, "auth": {"type": "api_key", "apiKey": "env:KEY"}},
            "is env:KEY, which no node can follow; write aws-ssm",
        ),
        (
            {**KEY, "auth": {"type": "api_key", "apiKey": "databricks:a/b"}},
            "is databricks:a/b, which no node can follow",
        ),
        ({**KEY, "headers": {"X-Api-Key": CANARY}}, "transport.headers.X-Api-Key is a secret in plain text"),
        ({**KEY, "urlParams": {"code": CANARY}}, "transport.urlParams.code is a secret in plain text"),
        ({**KEY, "url": f"https://me:{CANARY}@h"}, "transport.url holds a secret; leave it out, and use"),
        ({**KEY, "url": f"https://h/?sig={CANARY}"}, "transport.url holds a secret; leave it out, and use"),
        (None, "No backend is configured, and what stays on a node is gone with it"),
    ],
)
def test_a_secret_is_a_reference_that_a_node_can_follow(
    tmp_path: Path, transport: dict[str, Any] | None, says: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        made(tmp_path, transport=transport)
    assert says in str(raised.value)
    assert CANARY not in str(raised.value)


def test_a_file_that_the_image_brings_is_such_a_reference(tmp_path: Path) -> None:
    found = made(tmp_path, transport={**KEY, "auth": {"type": "api_key", "apiKey": "file:/etc/lineage.key"}})
    assert json.loads(text_of(found, "relay.json"))["backend"]["apiKey"] == "file:/etc/lineage.key"
    assert "`file:/etc/lineage.key` is on every node" in text_of(found, "README.md")


def test_a_proxy_with_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--proxy holds a password") as raised:
        made(tmp_path, options=Options(proxy=f"http://me:{CANARY}@proxy:1"))
    assert CANARY not in str(raised.value)


def test_a_backend_of_the_environment_may_be_marquez(tmp_path: Path) -> None:
    found = made(tmp_path, transport=None, environ={"MARQUEZ_URL": "http://marquez:5000"})
    assert json.loads(text_of(found, "relay.json"))["backend"]["marquez"] is True


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(proxy="proxy:3128"), "backend.proxy is no address of the form http://host:port"),
        (Options(proxy="https://proxy:3128"), "backend.proxy is no address of the form http://host:port"),
        (Options(ca_file="own.pem"), "backend.caFile is `own.pem`; write an absolute path"),
    ],
)
def test_what_the_relay_would_refuse_is_refused_here(tmp_path: Path, options: Options, says: str) -> None:
    with pytest.raises(ConfigError, match=r"^relay\.json, as the options") as raised:
        made(tmp_path, options=options)
    assert says in str(raised.value)
