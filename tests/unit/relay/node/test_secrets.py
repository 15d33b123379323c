"""Secrets of a node: the real `aws` command line against a real server, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from pathlib import Path

import boto3
import pytest

from sparklineage.errors import ConfigError
from sparklineage.model.secret import SecretReference
from sparklineage.relay.node.secrets import fetcher
from tests.support.aws import emptied
from tests.support.service import Answer, service

CANARY = "canary-c07e-node"
REGION = "eu-west-1"
real = pytest.mark.skipif(shutil.which("aws") is None, reason="there is no aws command line here")


@pytest.fixture
def environ(moto: str, tmp_path: Path) -> dict[str, str]:
    """Of a node whose role is a key of its own, with the empty server as AWS."""
    emptied(moto)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": moto,
    }


def fetch(text: str, environ: dict[str, str], region: str | None = REGION) -> str:
    reference = SecretReference.read(text)
    assert reference is not None
    return fetcher(environ, region)(reference, "r.json: key").reveal()


def refusal(text: str, environ: dict[str, str], region: str | None = REGION) -> str:
    with pytest.raises(ConfigError) as caught:
        fetch(text, environ, region)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert CANARY not in f"{caught.value!r}"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def client(name: str, moto: str, region: str = REGION) -> object:
    return boto3.client(name, region_name=region, endpoint_url=moto, aws_access_key_id="a", aws_secret_access_key="b")


@real
def test_a_parameter_is_decrypted(moto: str, environ: dict[str, str]) -> None:
    client("ssm", moto).put_parameter(Name="/ol/key", Value=f"{CANARY}\n", Type="SecureString")  # type: ignore[attr-defined]
    assert fetch("aws-ssm:/ol/key", environ) == CANARY


@real
def test_a_secret_and_one_of_its_keys(moto: str, environ: dict[str, str]) -> None:
    secrets = client("secretsmanager", moto)
    arn = secrets.create_secret(Name="ol", SecretString=json.dumps({"key": CANARY, "n": 1}))["ARN"]  # type: ignore[attr-defined]
    assert fetch("aws-secretsmanager:ol#key", environ) == CANARY
    assert fetch(f"aws-secretsmanager:{arn}#key", environ, "us-east-2") == CANARY
    assert "has no key kye. Did you mean key?" in refusal("aws-secretsmanager:ol#kye", environ)
    assert "name one of its keys" in refusal("aws-secretsmanager:ol", environ)


@real
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("aws-ssm:/absent", "the parameter /absent of AWS Systems Manager"),
        ("aws-secretsmanager:absent", "the secret absent of AWS Secrets Manager"),
    ],
)
def test_what_is_not_there_is_told(environ: dict[str, str], text: str, what: str) -> None:
    assert refusal(text, environ) == (
        f"r.json: key refers to {what}, which does not exist in the region eu-west-1, or has no value; check its name "
        "and the region."
    )


@real
def test_a_node_without_a_role_is_told(environ: dict[str, str]) -> None:
    del environ["AWS_ACCESS_KEY_ID"]
    assert refusal("aws-ssm:/ol", environ).endswith(
        "but the node has no AWS credentials; give its instance profile a role that may read it."
    )


@real
def test_a_service_that_cannot_be_reached_is_told(environ: dict[str, str]) -> None:
    environ |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    assert refusal("aws-ssm:/ol", environ).endswith(
        "but AWS cannot be reached; check the routes, the VPC endpoints and the proxy of the node."
    )


@real
def test_a_service_that_denies_is_told(environ: dict[str, str]) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": f"User is not authorized {CANARY}"}).encode()

    def answer(_: str) -> Answer:
        return 400, "application/x-amz-json-1.1", body

    with service(answer) as aws:
        said = refusal("aws-ssm:/ol", {**environ, "AWS_ENDPOINT_URL": aws.url})
    assert said.endswith("which may not be read; allow ssm:GetParameter for it (and kms:Decrypt where it has a key of "
                         "its own).")  # fmt: skip


@real
def test_the_region_is_the_instances_own(moto: str, environ: dict[str, str]) -> None:
    client("ssm", moto, "ap-south-1").put_parameter(Name="/ol", Value=CANARY, Type="String")  # type: ignore[attr-defined]
    del environ["AWS_EC2_METADATA_DISABLED"]

    def answer(path: str) -> Answer:
        return 200, "text/plain", b"ap-south-1" if path.endswith("/region") else b"a-token"

    with service(answer) as metadata:
        environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
        assert fetch("aws-ssm:/ol", environ, None) == CANARY
    assert metadata.paths == ["/latest/api/token", "/latest/meta-data/placement/region"]
    assert metadata.headers[1]["X-aws-ec2-metadata-token"] == "a-token"


def fake(folder: Path, script: str) -> dict[str, str]:
    """The environment of a node whose `aws` is this Python script."""
    path = folder / "bin" / "aws"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable} -I\nimport os, sys, time\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(path.parent), "AWS_REGION": "r", "FOLDER": str(folder)}


def test_a_name_that_looks_like_a_file_is_handed_over_as_a_name(tmp_path: Path) -> None:
    script = "open(os.environ['FOLDER'] + '/argv', 'w').write('\\n'.join(sys.argv[1:])); print('{}')"
    said = refusal("aws-ssm:file:///etc/passwd", fake(tmp_path, script))
    assert said.endswith("but the answer of AWS holds no value.")
    words = (tmp_path / "argv").read_text().splitlines()
    assert words[:4] == ["ssm", "get-parameter", "--cli-input-json",
                         '{"Name": "file:///etc/passwd", "WithDecryption": true}']  # fmt: skip
    assert "--region" in words


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"print('{CANARY}')", "but `aws` prints no answer that can be read."),
        (f"sys.exit('{CANARY} ' * 9)", "but `aws` fails with status 1."),
        (f"print('\\n{CANARY}: SSL validation failed for x', file=sys.stderr); sys.exit(1)",
         "but the certificate of AWS is not trusted here; check AWS_CA_BUNDLE and the proxy."),
        (f"sys.exit('An error occurred ({CANARY}) when: x')", "but `aws` fails with status 1."),
        ("sys.exit('An error occurred (Oops) when calling the GetParameter operation: x')", "but AWS answers Oops."),
        ("sys.exit('You must specify a region.')", "but no AWS region is known here; set `region` in relay.json."),
        ("os.kill(os.getpid(), 9)", "but `aws` fails with status -9."),
    ],
)  # fmt: skip
def test_nothing_of_what_it_says_shows(tmp_path: Path, script: str, says: str) -> None:
    assert refusal("aws-ssm:/ol", fake(tmp_path, script)).endswith(f"AWS Systems Manager, {says}")


def test_an_aws_that_hangs_is_ended_with_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparklineage.relay.node.secrets._TIMEOUT", 0.5)
    script = "open(os.environ['FOLDER'] + '/pid', 'w').write(str(os.fork() or os.getpid())); time.sleep(60)"
    began = time.monotonic()
    said = refusal("aws-ssm:/ol", fake(tmp_path, script))
    assert said.endswith("but `aws` has not answered within 1 s; check the node's routes to AWS.")
    assert time.monotonic() - began < 10
    child = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 5
    while Path(f"/proc/{child}/stat").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_node_without_the_command_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparklineage.relay.node.secrets._PLACES", str(tmp_path))
    said = refusal("aws-ssm:/ol", {"PATH": str(tmp_path), "AWS_REGION": "r"})
    assert said.endswith("which needs the `aws` command line; install it on the node.")


def test_a_variable_a_file_and_what_only_databricks_has(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{CANARY}\n")
    assert fetch("env:OL_KEY", {"OL_KEY": CANARY}) == CANARY
    assert fetch(f"file:{path}", {}) == CANARY
    assert refusal("env:OL_KEY", {}) == "r.json: key refers to the environment variable OL_KEY, which is not set."
    assert "only the cluster hands out" in refusal("databricks:scope/key", {})
