"""The kit for Kubernetes: one image for driver and relay, and the same pod as `sparklineage conf kubernetes` has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sparklineage.errors import ConfigError
from sparklineage.kits.interface import Kit
from sparklineage.kits.present import Options
from sparklineage.targets.kubernetes_pod import PYZ
from tests.unit.kits.emr_orders import text_of
from tests.unit.kits.present_orders import made, with_key, written

IMAGE = "registry.example.com/spark:1"


def relay_of(found: Kit) -> dict[str, Any]:
    (container,) = yaml.safe_load(text_of(found, "spark-application.yaml"))["spec"]["driver"]["initContainers"]
    return dict(container)


def test_driver_and_relay_are_of_one_image_and_one_user(tmp_path: Path) -> None:
    found = made(tmp_path, "kubernetes")
    application = yaml.safe_load(text_of(found, "spark-application.yaml"))["spec"]
    relay = relay_of(found)
    assert (application["image"], relay["image"]) == (IMAGE, IMAGE)
    assert text_of(found, "Dockerfile").rstrip().endswith(f"USER {relay['securityContext']['runAsUser']}")
    assert (relay["command"][1], relay["restartPolicy"]) == (PYZ, "Always")
    # The JARs are in the image, where no list of an application displaces them.
    assert "deps" not in application and "spark.jars" not in application["sparkConf"]
    assert application["sparkConf"]["spark.extraListeners"].count(",") == 1
    template = yaml.safe_load(text_of(found, "driver-pod.yaml"))["spec"]
    assert template["initContainers"] == [relay]
    secret = {"name": "sparklineage", "key": "LINEAGE_KEY"}
    assert {"name": "LINEAGE_KEY", "valueFrom": {"secretKeyRef": secret}} in relay["env"]


def test_the_relay_of_the_image_runs_as_the_container_says(tmp_path: Path) -> None:
    options = Options(proxy="http://proxy:3128", ca_file="/etc/ca.pem")
    found = made(tmp_path, "kubernetes", options=options, governance={"classification": "a $(b) 'c'"})
    relay = relay_of(found)
    folder = written(found, tmp_path / "kit")
    values = {one["name"]: one["value"].replace("$$", "$") for one in relay["env"] if "value" in one}
    told = json.loads(values["SPARKLINEAGE_RELAY"])
    assert (told["backend"]["proxy"], told["backend"]["caFile"]) == ("http://proxy:3128", "/etc/ca.pem")
    assert told["governance"] == {"classification": "a $(b) 'c'"}
    told["spool"] = str(tmp_path / "spool")
    words = ["status", *relay["command"][3:5]]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "relay.pyz"), *words],
        env={"SPARKLINEAGE_RELAY": json.dumps(told)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, "https://lineage.example.com" in ended.stdout) == (0, True), ended.stderr
    empty = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "relay.pyz"), *words],
        env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (empty.returncode, empty.stderr.count("\n")) == (64, 1)
    assert "env:SPARKLINEAGE_RELAY is not set" in empty.stderr


@pytest.mark.parametrize(
    ("release", "base", "image"),
    [
        ("3.5", None, "docker.io/apache/spark:3.5.7"),
        ("3.5.9", None, "docker.io/apache/spark:3.5.9"),
        ("4.0", None, "docker.io/apache/spark:4.0.1"),
        ("5.0.1", None, "docker.io/apache/spark:5.0.1"),
        ("3.4", "registry.example.com/own:3.4", "registry.example.com/own:3.4"),
    ],
)
def test_the_image_is_one_whose_python_runs_the_relay(
    tmp_path: Path, release: str, base: str | None, image: str
) -> None:
    found = made(tmp_path, "kubernetes", section={"release": release}, base=base)
    assert f"\nFROM {image}\n" in text_of(found, "Dockerfile")
    assert f"made from `{image}`" in text_of(found, "README.md")
    assert any(image in note for note in found.notes)


def test_the_commands_of_the_page_are_whole(tmp_path: Path) -> None:
    """spark-submit.sh is run with the variables that the page gives it, and something in spark-submit's place."""
    found = made(tmp_path, "kubernetes", options=Options(ca_file="/etc/own ca.pem"))
    page = text_of(found, "README.md")
    for note in (page, *found.notes):
        if "/etc/own ca.pem" in note:
            assert "has to be in the image, or mounted into the relay's container" in note
    assert any("/etc/own ca.pem" in note for note in found.notes)
    assert "spark.kubernetes.authenticate.driver.serviceAccountName=spark" in page
    (command,) = re.findall(r"^ *(IMAGE=.* bash spark-submit.sh)$", page, re.MULTILINE)
    folder = written(found, tmp_path / "kit")
    (tmp_path / "spark-submit").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / "spark-submit").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    words = ended.stdout.splitlines()
    assert f"spark.kubernetes.container.image={IMAGE}" in words
    assert words[-1].startswith("local:///")


def test_the_lines_of_the_dockerfile_check_what_they_copy(tmp_path: Path) -> None:
    """Run here, with another root."""
    found = made(tmp_path, "kubernetes")
    folder, root = written(found, tmp_path / "kit"), tmp_path / "root"
    text = text_of(found, "Dockerfile")
    copies = re.findall(r"^COPY --chmod=0644 (.*)$", text, re.MULTILINE)
    for line in copies:
        *names, target = line.split()
        place = Path(f"{root}{target}")
        place.parent.mkdir(parents=True, exist_ok=True)
        if target.endswith("/"):
            place.mkdir(parents=True)
        for name in names:
            shutil.copy(folder / name, place)
    assert sum(len(line.split()) - 1 for line in copies) == 3
    (command,) = re.findall(r"^RUN ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    command = command.replace("/opt/", f"{root}/opt/").replace("python3", sys.executable)
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "sparklineage relay" in ended.stdout
    next(root.rglob("openlineage*.jar")).write_bytes(b"another")
    assert subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False).returncode != 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"section": {"relayImage": None}}, "give --image NAME:TAG"),
        ({"section": {"release": None}}, "platforms.kubernetes.release is missing"),
        ({"section": {"release": "3.5.3"}}, "docker.io/apache/spark:3.5.3 has Python 3.8, where the relay needs 3.9"),
        ({"section": {"release": "3.5.3"}}, "--from docker.io/apache/spark:3.5.3-scala2.12-java17-python3-ubuntu"),
        ({"section": {"release": "3.4.4"}}, "take an image with that: --from IMAGE."),
        ({"section": {"release": "3.4"}}, "platforms.kubernetes.release is 3.4, and docker.io/apache/spark:3.4 has"),
        ({"section": {"release": "5.0"}}, "platforms.kubernetes.release is 5.0, and there is no image of a line alone"),
        ({"base": "a b\nRUN x"}, "--from is 'a b\\nRUN x'; write the name of an image"),
        ({"transport": with_key("file:/k")}, "is file:/k, which"),
        ({"transport": None}, "No backend is configured"),
    ],
)
def test_what_no_kit_can_do_is_said_in_a_sentence(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        made(tmp_path, "kubernetes", **settings)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
