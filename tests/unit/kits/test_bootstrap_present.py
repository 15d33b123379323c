"""`sparklineage bootstrap` for machines, Dataproc and Kubernetes: the folder, and what is wrong in a sentence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import yaml

from sparklineage.cli.main import main

SPEC = """\
namespace: prod.flights
transport:
  url: https://lineage.example.com
  auth: {type: api_key, apiKey: 'env:LINEAGE_KEY'}
job: {name: one of many}
"""
JARS = {"2.12": "openlineage-spark_2.12-1.53.0.jar", "2.13": "openlineage-spark_2.13-1.53.0.jar"}


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with a configuration and agents."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sparklineage.yml").write_text(SPEC)
    for scala, name in JARS.items():
        listener = b"()Lscala/collection/Seq;" if scala == "2.12" else b"()Lscala/collection/immutable/Seq;"
        with zipfile.ZipFile(tmp_path / name, "w") as jar:
            jar.writestr("io/openlineage/spark/agent/OpenLineageSparkListener.class", listener)
            jar.writestr("io/openlineage/spark/agent/version.properties", b"version=1.53.0")
    return {"HOME": str(tmp_path)}


def bootstrap(environ: dict[str, str], platform: str, *words: str, scala: str = "2.12") -> int:
    return main(["bootstrap", platform, "--out", "kit", "--agent-jar", JARS[scala], *words], environ)


@pytest.mark.parametrize(
    ("platform", "words", "script", "notes"),
    [
        ("machine", ("--release", "3.5", "--spark-home", "/opt/spark"), "install.sh", ""),
        ("dataproc", ("--release", "2.2", "--gs", "gs://lake/lineage/"), "init-action.sh", "Nothing was uploaded"),
        ("kubernetes", ("--release", "3.5.9", "--image", "spark:1"), "Dockerfile", "Make the Secret sparklineage"),
    ],
)
def test_the_folder_has_what_the_configuration_says(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], platform: str, words: tuple[str, ...],
    script: str, notes: str,
) -> None:  # fmt: skip
    assert bootstrap(environ, platform, *words) == 0
    shown = capsys.readouterr()
    found = {path.name: path for path in (tmp_path / "kit").iterdir()}
    assert {line.partition("  ")[0] for line in shown.out.splitlines()} == {f"kit/{name}" for name in found}
    assert {script, "relay.pyz", "README.md", JARS["2.12"]} < set(found)
    assert found[JARS["2.12"]].read_bytes() == (tmp_path / JARS["2.12"]).read_bytes()
    assert bool(found[script].stat().st_mode & 0o111) is script.endswith(".sh")
    assert notes in shown.err
    # Each application keeps its own name.
    assert "job.name" in shown.err
    texts = [path.read_bytes() for name, path in found.items() if not name.endswith((".pyz", ".jar"))]
    assert not [text for text in texts if b"spark.openlineage.appName" in text]


def test_the_options_of_the_way_to_the_backend_reach_the_relay(environ: dict[str, str], tmp_path: Path) -> None:
    way = ("--proxy", "http://proxy:3128", "--ca-file", "/etc/ca.pem")
    assert bootstrap(environ, "machine", "--prefix", "/home/me/own", *way, "--release", "3.5") == 0
    told = json.loads((tmp_path / "kit" / "relay.json").read_text())
    assert (told["backend"]["proxy"], told["backend"]["caFile"]) == ("http://proxy:3128", "/etc/ca.pem")
    assert (told["spool"], told["backend"]["apiKey"]) == (
        "/home/me/own/sparklineage/spool", "file:/home/me/own/sparklineage/etc/keys/LINEAGE_KEY",
    )  # fmt: skip
    assert bootstrap(environ, "kubernetes", "--release", "3.5.9", "--image", "spark:1", *way) == 0
    pod = yaml.safe_load((tmp_path / "kit" / "driver-pod.yaml").read_text())["spec"]
    (variable,) = [one for one in pod["initContainers"][0]["env"] if one["name"] == "SPARKLINEAGE_RELAY"]
    assert json.loads(variable["value"])["backend"]["proxy"] == "http://proxy:3128"


@pytest.mark.parametrize(
    ("platform", "words", "says"),
    [
        ("machine", ("--prefix", "own"), "--prefix is 'own'; write an absolute path"),
        ("machine", ("--release", "4.0"), "2.12"),
        ("dataproc", ("--release", "2.2"), "give --gs gs://BUCKET/PREFIX"),
        ("dataproc", ("--release", "2.2", "--gs", "s3://b/x"), "nodes of Dataproc fetch it from Cloud Storage"),
        ("kubernetes", ("--release", "3.5.9"), "give --image NAME:TAG"),
        ("kubernetes", ("--release", "3.5.9", "--image", "a b"), "takes the name of an image"),
        ("kubernetes", ("--release", "3.5.9", "--image", "a", "--proxy", "http://a:canary-8@b"), "--proxy holds"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    environ: dict[str, str], platform: str, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap(environ, platform, *words) != 0
    shown = capsys.readouterr()
    assert says in shown.err
    assert (shown.out, "canary" in shown.err, "Traceback" in shown.err) == ("", False, False)
