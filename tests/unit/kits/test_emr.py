"""The kit for EMR on EC2: what is in it, what AWS says to it, and that a value is never more than a text."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.errors import SparklineageError
from sparklineage.kits.emr import Options
from sparklineage.kits.interface import Kit
from sparklineage.kits.zipapp import content
from sparklineage.targets import Application
from sparklineage.witness import jar_path
from tests.support.aws_models import refusals
from tests.unit.kits.emr_orders import AGENT, KEY, checkers, made, read_back, settings_part, text_of
from tests.unit.kits.test_script import TEXT

JOB = Application(uri="s3://jobs/it's.py", arguments=("--day", "a b"))
NAMES = [
    "bootstrap.sh", "configurations.json", "bootstrap-actions.json", "cluster.json", "step.json", "relay.json",
    "relay.pyz", AGENT, "README.md",
]  # fmt: skip


def script_of(found: Kit) -> str:
    return text_of(found, "bootstrap.sh")


def values(found: Kit, folder: Path, *names: str) -> dict[str, list[str]]:
    return read_back(settings_part(script_of(found)), names, folder)


def test_the_kit_has_everything_and_the_nodes_fetch_three_files(tmp_path: Path) -> None:
    found = made(tmp_path)
    names = [file.name for file in found.files]
    assert set(NAMES) < set(names) and len(names) == len(NAMES) + 1
    assert [file.name for file in found.files if file.upload] == ["bootstrap.sh", "relay.pyz", AGENT]
    assert [file.name for file in found.files if file.executable] == ["bootstrap.sh"]
    assert found.file("relay.pyz").content() == content()
    assert found.file(AGENT).content() == b"an agent"


def test_the_script_pins_what_it_fetches_and_carries_what_comes_first(tmp_path: Path) -> None:
    found = made(tmp_path)
    seen = values(
        found, tmp_path, "AGENT", "AGENT_FROM", "AGENT_SHA256", "RELAY_FROM", "RELAY_SHA256", "WITNESS_BASE64",
        "WITNESS_SHA256", "RELAY_CONFIG", "STRICT", "SPARK_JARS",
    )  # fmt: skip
    assert seen["AGENT_FROM"] == [f"s3://bucket/lineage/{AGENT}"]
    assert seen["AGENT_SHA256"] == [hashlib.sha256(b"an agent").hexdigest()]
    assert seen["RELAY_SHA256"] == [hashlib.sha256(content()).hexdigest()]
    assert seen["WITNESS_SHA256"] == [hashlib.sha256(jar_path().read_bytes()).hexdigest()]
    assert "\n".join(seen["RELAY_CONFIG"]) + "\n" == text_of(found, "relay.json")
    assert (seen["STRICT"], seen["SPARK_JARS"]) == ([""], ["/usr/lib/spark/jars"])
    strict = made(tmp_path, options=Options(strict=True))
    assert values(strict, tmp_path, "STRICT") == {"STRICT": ["yes"]}


def test_the_configuration_is_static_and_names_no_jar(tmp_path: Path) -> None:
    found = made(tmp_path, job={"name": "one of many", "tags": {"tier": "gold"}})
    (defaults,) = json.loads(text_of(found, "configurations.json"))
    assert defaults["Classification"] == "spark-defaults"
    properties = defaults["Properties"]
    assert properties["spark.extraListeners"].count(",") == 1
    assert properties["spark.sparklineage.spool"] == "/var/lib/sparklineage/spool"
    assert not [key for key in properties if "jars" in key or "extraClassPath" in key or "transport" in key]
    # It is for every application, and each has a name of its own.
    assert "spark.openlineage.appName" not in properties
    assert any("job.name" in note and "left out" in note for note in found.notes)
    assert properties["spark.openlineage.job.tags"] == "tier:gold"


@pytest.mark.parametrize("application", [None, JOB])
def test_emr_takes_the_requests(tmp_path: Path, application: Application | None) -> None:
    found = made(tmp_path, application=application)
    cluster = json.loads(text_of(found, "cluster.json"))
    assert refusals("emr", "RunJobFlow", cluster) == []
    assert cluster["Configurations"] == json.loads(text_of(found, "configurations.json"))
    (action,) = cluster["BootstrapActions"]
    assert action["ScriptBootstrapAction"]["Path"] == "s3://bucket/lineage/bootstrap.sh"
    (named,) = json.loads(text_of(found, "bootstrap-actions.json"))
    assert {"Name": action["Name"], **action["ScriptBootstrapAction"]} == named
    (step,) = json.loads(text_of(found, "step.json"))
    assert step["Args"][0] == ("spark-submit" if application else "spark-example")
    assert not [word for word in step["Args"] if word.startswith("--conf")]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"section": {"artifacts": "/mnt/x"}}, "nodes of EMR fetch it from S3; give --s3 s3://BUCKET/PREFIX"),
        ({"section": {"artifacts": "s3:///x"}}, "nodes of EMR fetch it from S3"),
        ({"section": {"artifacts": ""}}, None),
        ({"section": {"release": "emr-7.12.0"}}, "two agents fail every job"),
        ({"section": {"release": "emr-6.15.0"}}, ("emr-6.15.0 has Python 2.7 and 3.7 alone, and the relay of the nodes "
         "takes 3.9 or later; take a release from emr-7.0.0 on, or `sparklineage conf emr` with delivery.mode: "
         "direct")),
        ({"section": {"release": "emr-6.8.0"}}, "emr-6.8.0 has no Python that is new enough"),
        ({"section": {"release": "emr-6.15"}}, "emr-6.15 has Python 2.7 and 3.7 alone"),
        ({"section": {"release": "emr-6.99.0"}}, "sparklineage conf emr"),
        ({"section": {"vendorAgent": "reuse", "release": "emr-7.12.0"}}, "the kit brings an agent of its own"),
        ({"delivery": {"mode": "direct"}}, "delivery.mode is direct, but a kit puts the relay on the nodes"),
        ({"delivery": {"journal": "/var/lib"}}, "the path of a folder for them alone"),
        ({"delivery": {"journal": "spool"}}, "the path of a folder for them alone"),
        ({"delivery": {"journal": "/mnt/../etc"}}, "the path of a folder for them alone"),
        *(
            ({"delivery": {"journal": path}}, "the path of a folder for them alone")
            for path in (
                "//", "//tmp", "/home/hadoop", "/mnt", "/mnt/var/log", "/usr/local/x", "/opt/sparklineage",
                "/var/log/sparklineage/x", "/var/lib/sparklineage/relay",
            )
        ),
        ({"transport": {"type": "kafka", "topicName": "t", "properties": {"bootstrap.servers": "b:1"}}},
         "the relay does not deliver to kafka, so a kit is of no use; take `sparklineage conf emr`"),
        ({"spark": {"spark.hadoop.fs.s3a.secret.key": "aws-ssm:/s3"}}, "which drivers get only where the agent itself"),
    ],
)  # fmt: skip
def test_what_no_kit_can_do_is_said_in_a_sentence(tmp_path: Path, settings: dict[str, Any], says: str | None) -> None:
    with pytest.raises(SparklineageError) as raised:
        made(tmp_path, **settings)
    assert says is None or says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_agent_of_the_users_own_gets_the_name_by_which_nodes_know_one(tmp_path: Path) -> None:
    found = made(tmp_path, jar="mine.jar")
    assert found.file("openlineage-spark_2.12-own.jar").content() == b"an agent"
    assert values(found, tmp_path, "AGENT") == {"AGENT": ["openlineage-spark_2.12-own.jar"]}


CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"options": Options(strict=True, proxy="http://p:1", ca_file="/a b/c'.pem")},
    {"section": {"artifacts": "s3://bucket/it's a $(prefix)"}},
    {"section": {"release": "emr-spark-8.0.0"}},
    {"delivery": {"journal": '/mnt/a b/it\'s %n "x" $(id)'}},
    {"transport": {**KEY, "headers": {"X-Team": "'\"$(touch here)`x`\\ é"}}, "governance": {"classification": "a'b"}},
]


@pytest.mark.parametrize("settings", CONFIGURATIONS)
def test_the_checkers_of_shells_have_nothing_to_say(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "bootstrap.sh"
    path.write_text(script_of(made(tmp_path, **settings)), encoding="utf-8", newline="")
    for tool, status, said in checkers(path):
        assert (status, said) == (0, ""), tool


def test_rules_of_shellcheck_are_switched_off_for_a_reason(tmp_path: Path) -> None:
    found = re.findall(r"# shellcheck disable=(.*)", script_of(made(tmp_path)))
    assert found and all(re.fullmatch(r"SC\d+ # .{20,}", one) for one in found)


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "prefix": lambda text: {"section": {"artifacts": f"s3://bucket/{text}"}},
    "journal": lambda text: {"delivery": {"journal": f"/mnt/{text}"}},
    "header": lambda text: {"transport": {**KEY, "headers": {"X-Team": f"a{text}"}}},
    "name": lambda text: {"job": {"name": f"a{text}"}},
    "governed": lambda text: {"governance": {"classification": f"a{text}"}},
    "proxy": lambda text: {"options": Options(proxy=f"http://p/{text}")},
    "namespace": lambda text: {"namespace": f"a{text}"},
}


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(sorted(PLACES)), text=TEXT)
def test_whatever_stands_in_a_setting_arrives_or_is_refused(
    place: str, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kit")
    try:
        found = made(folder, **PLACES[place](text))
    except SparklineageError as error:
        assert "\n" not in str(error).strip()
        return
    seen = values(found, folder, "AGENT_FROM", "SPOOL", "RELAY_CONFIG")
    config = json.loads("\n".join(seen["RELAY_CONFIG"]))
    if place == "prefix":
        (action,) = json.loads(text_of(found, "bootstrap-actions.json"))
        assert seen["AGENT_FROM"] == [f"{action['Path'].removesuffix('/bootstrap.sh')}/{AGENT}"]
        assert action["Path"] == f"s3://bucket/{text}".rstrip("/") + "/bootstrap.sh"
    assert [config["spool"]] == seen["SPOOL"]
    arrived = {
        "header": config["backend"]["headers"].get("X-Team"),
        "governed": config["governance"].get("classification"),
        "proxy": (config["backend"]["proxy"] or "").removeprefix("http://p/"),
        "namespace": config["namespace"],
    }
    assert arrived.get(place, f"a{text}") in {f"a{text}", text}
    assert {path.name for path in folder.iterdir()} == {"sparklineage.yml", AGENT, "settings.sh"}


def test_the_page_names_what_the_role_needs_and_how_to_remove_it(tmp_path: Path) -> None:
    page = text_of(made(tmp_path), "README.md")
    assert "`ssm:GetParameter` on `/lineage/key`" in page
    assert "aws s3 cp bootstrap.sh s3://bucket/lineage/bootstrap.sh" in page
    assert "## Remove it" in page
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        ended = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
