"""The kit for Databricks: what is in it, what is refused, and that a value is never more than a text."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.service.compute import ClusterSpec
from hypothesis import HealthCheck, given, settings

from sparklineage.errors import ConfigError, SparklineageError
from sparklineage.kits.databricks import Options
from sparklineage.kits.interface import Kit
from sparklineage.kits.zipapp import content
from sparklineage.witness import STORED_NAME, jar_path
from tests.support.hocon import driver_properties
from tests.unit.kits.databricks_orders import AGENT, FOLDER, KEY, URL, VARIABLE, made
from tests.unit.kits.emr_orders import checkers, read_back, settings_part, text_of
from tests.unit.kits.test_script import TEXT

SCRIPT = {"volumes": {"destination": f"{FOLDER}/init.sh"}}
DIRECT: dict[str, Any] = {"delivery": {"mode": "direct"}}
KAFKA: dict[str, Any] = {"transport": {"type": "kafka", "topicName": "t", "properties": {"bootstrap.servers": "b:1"}}}
STANDARD = {"accessMode": "USER_ISOLATION"}


def values(found: Kit, folder: Path, *names: str) -> dict[str, list[str]]:
    return read_back(settings_part(text_of(found, "init.sh")), names, folder)


def properties(found: Kit, folder: Path) -> dict[str, str]:
    """What the driver would be told, its application's name aside."""
    return driver_properties("\n".join([*values(found, folder, "CONF_LINES")["CONF_LINES"], "}", ""]))


def cluster(found: Kit) -> Any:
    told = json.loads(text_of(found, "cluster.json"))
    assert ClusterSpec.from_dict(told).as_dict() == told, "the SDK knows all of it"
    return told


def test_the_kit_has_everything_and_the_driver_fetches_three_files(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert [file.name for file in found.files] == [
        "init.sh", "relay.pyz", STORED_NAME, AGENT, "cluster.json", "policy.json", "allowlist.json", "relay.json",
        "README.md",
    ]  # fmt: skip
    assert [file.name for file in found.files if file.upload] == ["init.sh", "relay.pyz", STORED_NAME, AGENT]
    seen = values(
        found, tmp_path, "AGENT_FROM", "AGENT_SHA256", "WITNESS_FROM", "WITNESS_SHA256", "RELAY_FROM", "RELAY_SHA256",
        "SPARK_JARS", "PYTHONS", "STRICT", "COMPANIONS",
    )  # fmt: skip
    assert (seen["AGENT_FROM"], seen["RELAY_FROM"]) == ([f"{FOLDER}/{AGENT}"], [f"{FOLDER}/relay.pyz"])
    assert seen["AGENT_SHA256"] == [hashlib.sha256(AGENT.encode()).hexdigest()]
    assert seen["WITNESS_SHA256"] == [hashlib.sha256(jar_path().read_bytes()).hexdigest()]
    assert seen["RELAY_SHA256"] == [hashlib.sha256(content()).hexdigest()]
    assert seen["SPARK_JARS"] == ["/databricks/jars", "/mnt/driver-daemon/jars"]
    assert seen["PYTHONS"][:2] == ["/databricks/python3/bin/python3", "python3"]
    assert (seen["STRICT"], seen["COMPANIONS"]) == ([""], [])


def test_the_driver_is_told_by_the_script_and_a_cluster_by_little(tmp_path: Path) -> None:
    found = made(tmp_path)
    told = properties(found, tmp_path)
    assert told["spark.extraListeners"].split(",") == [
        "com.databricks.backend.daemon.driver.DBCEventLoggingListener", "io.sparklineage.Witness",
        "io.openlineage.spark.agent.OpenLineageSparkListener",
    ]  # fmt: skip
    assert told["spark.sparklineage.spool"] == "/var/lib/sparklineage/spool"
    assert not [key for key in told if "transport" in key or "jars" in key]
    assert cluster(found) == {
        "spark_version": "16.4.x-scala2.12",
        "data_security_mode": "SINGLE_USER",
        "spark_env_vars": {VARIABLE: "{{secrets/lineage/key}}"},
        "init_scripts": [SCRIPT],
    }
    policy = json.loads(text_of(found, "policy.json"))
    assert policy[f"spark_env_vars.{VARIABLE}"] == {"type": "fixed", "value": "{{secrets/lineage/key}}"}
    assert policy["init_scripts.0.volumes.destination"] == {"type": "fixed", "value": f"{FOLDER}/init.sh"}


def test_the_relay_gets_its_key_by_a_variable_and_no_file_has_it(tmp_path: Path) -> None:
    found = made(tmp_path)
    config = json.loads(text_of(found, "relay.json"))
    assert (config["platform"], config["backend"]["url"]) == ("databricks", URL)
    assert config["backend"]["apiKey"] == f"env:{VARIABLE}"
    seen = values(found, tmp_path, "RELAY_CONFIG", "RELAY_SECRETS", "RELAY_ENV", "RELAY_BY")
    assert json.loads("\n".join(seen["RELAY_CONFIG"])) == config
    assert seen["RELAY_SECRETS"] == [VARIABLE]
    assert {VARIABLE, "DB_CLUSTER_ID", "DB_CLUSTER_NAME", "HTTPS_PROXY"} <= set(seen["RELAY_ENV"])
    assert seen["RELAY_BY"] == ["loop"]


@pytest.mark.parametrize("changes", [{}, DIRECT])
def test_a_name_of_the_configuration_is_not_that_of_every_application(tmp_path: Path, changes: dict[str, Any]) -> None:
    found = made(tmp_path, job={"name": "daily"}, **changes)
    assert "spark.openlineage.appName" not in properties(found, tmp_path)
    assert values(found, tmp_path, "APP_NAME") == {"APP_NAME": ["spark.openlineage.appName"]}
    assert any(note.startswith("job.name") and "is left out: each application" in note for note in found.notes)


def test_an_agent_that_sends_itself_gets_its_key_from_the_cluster(tmp_path: Path) -> None:
    found = made(tmp_path, **DIRECT)
    names = [file.name for file in found.files]
    assert "relay.json" not in names and [file.name for file in found.files if file.upload] == ["init.sh", AGENT]
    told = properties(found, tmp_path)
    assert "Witness" not in told["spark.extraListeners"]
    assert told["spark.openlineage.transport.url"] == URL
    key = "spark.openlineage.transport.auth.apiKey"
    assert key not in told
    described = cluster(found)
    assert described["spark_conf"] == {key: "{{secrets/lineage/key}}"}
    assert "spark_env_vars" not in described
    seen = values(found, tmp_path, "RELAY_FROM", "WITNESS_FROM", "RELAY_CONFIG")
    assert seen == {"RELAY_FROM": [""], "WITNESS_FROM": [""], "RELAY_CONFIG": []}
    assert "databricks secrets put-secret lineage key" in text_of(found, "README.md")


def test_what_the_transport_needs_comes_with_the_agent(tmp_path: Path) -> None:
    found = made(tmp_path, companions=("kafka-clients-3.9.0.jar",), **KAFKA)
    assert [file.name for file in found.files if file.upload] == ["init.sh", "kafka-clients-3.9.0.jar", AGENT]
    seen = values(found, tmp_path, "COMPANIONS", "COMPANIONS_SHA256")
    assert seen["COMPANIONS"] == [f"{FOLDER}/kafka-clients-3.9.0.jar"]
    assert seen["COMPANIONS_SHA256"] == [hashlib.sha256(b"kafka-clients-3.9.0.jar").hexdigest()]


def test_what_is_on_the_allowlist_stays(tmp_path: Path) -> None:
    theirs = {"artifact": "/Volumes/main/other/", "match_type": "PREFIX_MATCH"}
    ours = {"artifact": f"{FOLDER}/init.sh", "match_type": "PREFIX_MATCH"}
    alone = made(tmp_path, section=STANDARD)
    assert json.loads(text_of(alone, "allowlist.json")) == {"artifact_matchers": [ours]}
    assert any("replaces the whole list" in note for note in alone.notes)
    joined = made(tmp_path, section=STANDARD, options=Options(allowlist={"artifact_matchers": [theirs]}))
    assert json.loads(text_of(joined, "allowlist.json")) == {"artifact_matchers": [theirs, ours]}
    assert not any("replaces the whole list" in note for note in joined.notes)


def test_the_workspace_is_a_place_too(tmp_path: Path) -> None:
    found = made(tmp_path, section={"artifacts": "/Shared/lineage"})
    script = {"workspace": {"destination": "/Workspace/Shared/lineage/init.sh"}}
    assert cluster(found)["init_scripts"] == [script]
    assert values(found, tmp_path, "AGENT_FROM") == {"AGENT_FROM": [f"/Workspace/Shared/lineage/{AGENT}"]}
    assert "databricks workspace import" in text_of(found, "README.md")


@pytest.mark.parametrize(
    ("section", "changes", "sentence"),
    [
        ({"artifacts": ""}, {}, "give --volume /Volumes/CATALOG/SCHEMA/VOLUME or --workspace"),
        ({"artifacts": "dbfs:/lineage"}, {}, "loads no init script from DBFS"),
        ({"artifacts": "s3://lake/lineage"}, {}, "make an external volume of it"),
        ({"accessMode": "SERVERLESS"}, {}, "Run the job on a job cluster (accessMode: SINGLE_USER), or send events"),
        ({**STANDARD, "artifacts": "/Shared/a"}, {}, "no init script runs from the workspace"),
        ({"release": "12.2.x-scala2.12"}, {}, "loads no init script from a volume; take 13.3 or later"),
        (
            {"release": "19.x-scala2.13", **STANDARD},
            {"delivery": {"mode": "outbox"}},
            "the relay would have no key; write delivery.mode: direct",
        ),
        ({}, {"transport": {**KEY, "auth": {"type": "api_key", "apiKey": "env:KEY"}}}, "no node can follow"),
        ({}, {"transport": {**KEY, "auth": {"type": "api_key", "apiKey": "hunter2"}}}, "is a secret in plain text"),
        ({}, {"delivery": {"journal": "/var/lib"}}, "the path of a folder for them alone"),
        ({}, {"transport": None}, "No backend is configured"),
        ({}, {"spark": {f"spark.acme.a{at}": "x" * 400 for at in range(99)}}, "init.sh would be larger than 64 KB"),
    ],
)  # fmt: skip
def test_what_no_kit_can_do_is_said_in_a_sentence(
    tmp_path: Path, section: dict[str, str], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        made(tmp_path, section=section, **changes)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value) and "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ({"release": "17.3", **STANDARD}, {}),
        ({"release": "19.x-scala2.13", **STANDARD}, DIRECT),
        ({"release": "19.x-scala2.13", **STANDARD}, {"transport": {"type": "http", "url": URL}}),
        ({"release": "19.x-scala2.13"}, {}),
    ],
)
def test_where_the_key_gets_there_the_standard_mode_is_one_too(
    tmp_path: Path, section: dict[str, str], changes: dict[str, Any]
) -> None:
    mode = cluster(made(tmp_path, section=section, **changes)).get("dependency_mode")
    assert (mode == "DEPENDENCY_MODE_CLUSTER_LIBRARIES") is (
        section["release"] == "19.x-scala2.13" and len(section) > 1
    )


CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    DIRECT,
    {"companions": ("kafka-clients-3.9.0.jar",), **KAFKA},
    {"options": Options(strict=True, proxy="http://p:1", ca_file="/a b/c'.pem")},
    {"section": {"artifacts": "/Volumes/main/ops/it's; $(here)"}},
    {"section": {"artifacts": "/Workspace/Shared/a b"}},
]


@pytest.mark.parametrize("given", CONFIGURATIONS)
def test_the_checkers_of_shells_have_nothing_to_say(tmp_path: Path, given: dict[str, Any]) -> None:
    text = text_of(made(tmp_path, **given), "init.sh")
    assert "\r" not in text and text.endswith("\n")
    path = tmp_path / "init.sh"
    path.write_text(text, encoding="utf-8", newline="")
    for tool, status, said in checkers(path):
        assert (status, said) == (0, ""), tool


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=TEXT, value=TEXT, header=TEXT)
def test_whatever_stands_in_a_setting_arrives_or_is_refused(
    place: str, value: str, header: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kit")
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("place", {"section": {"artifacts": f"{FOLDER}/a{place}"}}),
        ("value", {"spark": {"spark.acme": f"a{value}"}}),
        ("header", {"transport": {**KEY, "headers": {"X-Team": f"a{header}"}}}),
    ]
    for what, changes in wanted:
        try:
            found = made(folder, **changes)
        except SparklineageError as error:
            assert "\n" not in str(error).strip()
            continue
        seen = values(found, folder, "AGENT_FROM", "RELAY_CONFIG")
        config, told = json.loads("\n".join(seen["RELAY_CONFIG"])), properties(found, folder)
        if what == "place":
            (script,) = cluster(found)["init_scripts"]
            assert seen["AGENT_FROM"] == [f"{script['volumes']['destination'].removesuffix('/init.sh')}/{AGENT}"]
            assert script["volumes"]["destination"].startswith(f"{FOLDER}/a{place}".rstrip("/"))
        elif what == "value":
            assert told["spark.acme"] == f"a{value}"
        elif what == "header":
            assert config["backend"]["headers"] == {"X-Team": f"a{header}"}
    assert {path.name for path in folder.iterdir()} <= {"sparklineage.yml", AGENT, "settings.sh"}


@pytest.mark.parametrize("section", [{}, STANDARD, {"artifacts": "/Workspace/Shared/it's"}])
def test_the_page_can_be_followed(tmp_path: Path, section: dict[str, str]) -> None:
    if "release" not in section and section == STANDARD:
        section = {**STANDARD, "release": "17.3"}
    page = text_of(made(tmp_path, section=section), "README.md")
    assert "## Uninstall" in page
    assert ("## The allowlist" in page) is ("accessMode" in section)
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        ended = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
