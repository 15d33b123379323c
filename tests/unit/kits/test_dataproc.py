"""The kit for Dataproc: what is in it, and that a value in it is never more than a text."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.errors import ConfigError, SparklineageError
from sparklineage.kits.present import Options
from sparklineage.kits.script import PARTS
from tests.unit.kits.emr_orders import checkers, read_back, settings_part, text_of
from tests.unit.kits.present_orders import KEY, made, with_key
from tests.unit.kits.test_script import TEXT

AGENT = "openlineage-spark_2.12-1.53.0.jar"
SWITCH = "dataproc:dataproc.lineage.enabled"


def test_the_nodes_fetch_what_the_script_pins(tmp_path: Path) -> None:
    found = made(tmp_path, "dataproc")
    uploads = [file.name for file in found.files if file.upload]
    assert uploads[:3] == ["init-action.sh", "relay.pyz", AGENT]
    seen = read_back(
        settings_part(text_of(found, "init-action.sh")),
        ("AGENT_FROM", "WITNESS_FROM", "RELAY_FROM", "KEY_NAMES", "RELAY_CONFIG", "STRICT", "SPARK_JARS"), tmp_path,
    )  # fmt: skip
    named = {seen[name][0] for name in ("AGENT_FROM", "WITNESS_FROM", "RELAY_FROM")}
    assert named == {f"gs://bucket/lineage/{name}" for name in uploads[1:]}
    assert (seen["KEY_NAMES"], seen["STRICT"], seen["SPARK_JARS"]) == (["LINEAGE_KEY"], [""], ["/usr/lib/spark/jars"])
    told = json.loads("\n".join(seen["RELAY_CONFIG"]))
    assert told["backend"]["apiKey"] == "file:/run/sparklineage/keys/LINEAGE_KEY"
    assert "\n".join([*seen["RELAY_CONFIG"], ""]) == text_of(found, "relay.json")


def test_there_is_one_agent_on_a_cluster(tmp_path: Path) -> None:
    found = made(tmp_path, "dataproc")
    config = json.loads(text_of(found, "cluster.json"))["config"]
    assert config["softwareConfig"] == {"imageVersion": "2.2", "properties": {SWITCH: "false"}}
    (action,) = config["initializationActions"]
    assert action["executableFile"] == "gs://bucket/lineage/init-action.sh"
    page = text_of(found, "README.md")
    assert f"--properties={SWITCH}=false" in page
    assert "roles/secretmanager.secretAccessor" in page
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        assert subprocess.run(["bash", "-n"], input=block, text=True, check=False).returncode == 0


CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"options": Options(strict=True, proxy="http://p:1", ca_file="/a b/c'.pem")},
    {"section": {"artifacts": "gs://bucket/it's a $(prefix)"}},
    {"transport": with_key("file:/k"), "delivery": {"journal": '/mnt/a b/it\'s %n "x" $(id)'}},
    {"transport": {**KEY, "auth": None}, "spark": {"spark.note": "a,b c'd"}},
]


@pytest.mark.parametrize("settings", CONFIGURATIONS)
def test_the_checkers_of_shells_have_nothing_to_say(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "init-action.sh"
    path.write_text(text_of(made(tmp_path, "dataproc", **settings), "init-action.sh"), encoding="utf-8", newline="")
    for tool, status, said in checkers(path):
        assert (status, said) == (0, ""), tool


def test_the_script_inside_of_the_script_passes_them_too(tmp_path: Path) -> None:
    text = (PARTS / "dataproc.sh").read_text()
    (inner,) = re.findall(r"<<'SCRIPT'\n(.*?)\nSCRIPT\n", text, re.DOTALL)
    path = tmp_path / "keys.sh"
    path.write_text(inner + "\n")
    for tool, status, said in checkers(path):
        assert (status, said) == (0, ""), tool


@settings(max_examples=30, deadline=None)
@given(place=st.sampled_from(["prefix", "header", "proxy"]), text=TEXT)
def test_whatever_stands_in_a_setting_arrives_or_is_refused(
    place: str, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kit")
    places: dict[str, dict[str, Any]] = {
        "prefix": {"section": {"artifacts": f"gs://bucket/a{text}"}},
        "header": {"transport": {**KEY, "headers": {"X-Team": f"a{text}"}}},
        "proxy": {"options": Options(proxy=f"http://p/{text}")},
    }
    try:
        found = made(folder, "dataproc", **places[place])
    except SparklineageError as error:
        assert "\n" not in str(error).strip()
        return
    seen = read_back(settings_part(text_of(found, "init-action.sh")), ("AGENT_FROM", "RELAY_CONFIG"), folder)
    told = json.loads("\n".join(seen["RELAY_CONFIG"]))["backend"]
    arrived = {
        "prefix": seen["AGENT_FROM"][0].removeprefix("gs://bucket/a").removesuffix(f"/{AGENT}"),
        "header": (told["headers"].get("X-Team") or "a")[1:],
        "proxy": (told["proxy"] or "").removeprefix("http://p/"),
    }[place]
    assert arrived in {text, text.rstrip("/"), text.rstrip(), text.rstrip().rstrip("/")}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"section": {"release": None}}, "platforms.dataproc.release is missing"),
        ({"section": {"artifacts": None}}, "Nodes of Dataproc fetch it from Cloud Storage; give --gs gs://BUCKET"),
        ({"section": {"artifacts": "s3://x/y"}}, "The kit is to be at s3://x/y, but nodes of Dataproc"),
        ({"section": {"artifacts": "gs://x/y*"}}, "gs://x/y* holds `*`"),
        ({"section": {"vendorAgent": "reuse"}}, "vendorAgent is reuse, but the kit brings an agent of its own"),
        ({"transport": with_key("aws-ssm:/k")}, "which no node can follow; write env:NAME"),
        ({"delivery": {"journal": "/var/lib"}}, "the path of a folder for them alone"),
    ],
)
def test_what_no_kit_can_do_is_said_in_a_sentence(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        made(tmp_path, "dataproc", **settings)
    assert says in str(raised.value)
