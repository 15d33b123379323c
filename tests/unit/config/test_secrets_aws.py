"""Secrets of AWS: real boto3 against a real server, and every error that the services answer with."""

from __future__ import annotations

import json
import logging
import socket
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparklineage.config.secrets import resolve
from sparklineage.errors import ConfigError
from sparklineage.model.secret import SecretReference
from tests.support.aws import emptied, only_an_access_key
from tests.support.secrets import CANARY, fetch, refusal
from tests.support.service import Answer, service

REGION = "eu-west-1"
SECRET = "the secret ol of AWS Secrets Manager"
PARAMETER = "the parameter /ol of AWS Systems Manager"
SOURCE = "f.yml: key refers to"
OWN_KEY = "(and kms:Decrypt where it has a key of its own)."
KMS = "which cannot be decrypted; allow kms:Decrypt for its key, and check that the key is enabled."


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without files, roles or profiles of AWS, but with an access key and a region."""
    only_an_access_key(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server, empty, as the endpoint of every client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    emptied(moto)
    return moto


def store(text: str | bytes, *, name: str = "ol", region: str = REGION) -> str:
    """The ARN of a new secret."""
    value: dict[str, Any] = {"SecretString": text} if isinstance(text, str) else {"SecretBinary": text}
    client = boto3.client("secretsmanager", region_name=region)
    return str(client.create_secret(Name=name, **value)["ARN"])


@pytest.mark.usefixtures("aws")
def test_a_secret_is_found_by_its_name_and_by_its_arn() -> None:
    arn = store(f"{CANARY}\n")
    assert fetch("aws-secretsmanager:ol") == fetch(f"aws-secretsmanager:{arn}") == CANARY


@pytest.mark.parametrize(
    ("stored", "field", "value"),
    [({"apiKey": CANARY, "user": "u"}, "apiKey", CANARY), ({"api key": CANARY}, "api key", CANARY),
     ({"a#b": CANARY}, "a#b", CANARY), ({"pin": 12345678901234567890}, "pin", "12345678901234567890")],
)  # fmt: skip
@pytest.mark.usefixtures("aws")
def test_one_key_of_a_json_object_can_be_named(stored: dict[str, Any], field: str, value: str) -> None:
    arn = store(json.dumps(stored))
    assert fetch(f"aws-secretsmanager:ol#{field}") == fetch(f"aws-secretsmanager:{arn}#{field}") == value


@pytest.mark.parametrize("kind", ["SecureString", "String"])
@pytest.mark.usefixtures("aws")
def test_a_parameter_is_decrypted(kind: Any) -> None:
    client = boto3.client("ssm")
    client.put_parameter(Name="/ol", Value=CANARY, Type=kind)
    assert fetch("aws-ssm:/ol") == fetch("aws-ssm:/ol:1") == CANARY


@pytest.mark.usefixtures("aws")
def test_an_arn_and_aws_region_say_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = store(CANARY, region="us-east-2")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert fetch(f"aws-secretsmanager:{arn}") == CANARY
    assert fetch("aws-secretsmanager:ol", AWS_REGION="us-east-2") == CANARY
    assert fetch(f"aws-secretsmanager:{arn}", AWS_REGION=REGION) == CANARY


@pytest.mark.parametrize(
    ("stored", "field", "problem"),
    [
        (json.dumps({"apiKey": CANARY}), "", "which is a JSON object; name one of its keys: …#key."),
        (json.dumps({"apiKey": CANARY}), "apikey", "which has no key apikey. Did you mean apiKey?"),
        (json.dumps({"apiKey": CANARY}), "x", "which has no key x."),
        (json.dumps([CANARY]), "x", "which is no JSON object; leave out #x."),
        (CANARY, "x", "which is no JSON object; leave out #x."),
        ("[" * 30000, "x", "which is no JSON object; leave out #x."),
        (json.dumps({"apiKey": {"deep": CANARY}}), "apiKey", "whose key apiKey holds no text."),
        (json.dumps({"apiKey": None}), "apiKey", "whose key apiKey holds no text."),
        (CANARY.encode(), "", "which holds bytes; store it as text."),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("aws")
def test_what_is_stored_otherwise_is_told_without_the_secret(stored: str | bytes, field: str, problem: str) -> None:
    store(stored)
    assert refusal("aws-secretsmanager:ol" + (f"#{field}" if field else "")) == f"{SOURCE} {SECRET}, {problem}"


@pytest.mark.usefixtures("aws")
def test_what_does_not_exist_is_told_with_the_region() -> None:
    problem = f"which does not exist in the region {REGION}, or has no value; check its name and the region."
    assert refusal("aws-secretsmanager:ol") == f"{SOURCE} {SECRET}, {problem}"
    assert refusal("aws-ssm:/ol") == f"{SOURCE} {PARAMETER}, {problem}"


@pytest.mark.usefixtures("aws")
def test_a_secret_that_is_marked_for_deletion_is_told() -> None:
    store(CANARY)
    boto3.client("secretsmanager").delete_secret(SecretId="ol")
    assert refusal("aws-secretsmanager:ol") == (
        f"{SOURCE} {SECRET}, which is marked for deletion; restore it, or refer to another one."
    )


# Codes and texts as the services document them, which moto does not answer with.
SSM, SECRETS = "aws-ssm:/ol", "aws-secretsmanager:ol"
ERRORS = [
    (SSM, "ExpiredTokenException", "The security token included in the request is expired",
     "but the AWS session has expired; sign in again (`aws sso login`), or renew the credentials."),
    (SECRETS, "UnrecognizedClientException", "The security token included in the request is invalid",
     "but AWS does not accept the credentials; check the access key, its secret and the clock of this machine."),
    (SSM, "InvalidSignatureException", "Signature expired",
     "but AWS does not accept the credentials; check the access key, its secret and the clock of this machine."),
    (SECRETS, "AccessDeniedException", "not authorized because no identity-based policy allows it",
     "which may not be read; allow secretsmanager:GetSecretValue for it " + OWN_KEY),
    (SSM, "AccessDeniedException", "not authorized because no identity-based policy allows it",
     "which may not be read; allow ssm:GetParameter for it " + OWN_KEY),
    (SSM, "AccessDeniedException", "User is not authorized to perform: kms:Decrypt", KMS),
    (SECRETS, "AccessDeniedException", "Access to KMS is not allowed", KMS),
    (SECRETS, "DecryptionFailure", "Secrets Manager can't decrypt it", KMS),
    (SSM, "InvalidKeyId", "The key is disabled", KMS),
    (SSM, "ValidationException", "Invalid name", "which is no name that AWS accepts."),
    (SECRETS, "ThrottlingException", "Rate exceeded", "but AWS refuses for now; try again later."),
    (SECRETS, "InvalidRequestException", "it was marked for deletion",
     "which is marked for deletion; restore it, or refer to another one."),
    (SSM, "NewException", "New", "but AWS answers NewException (status 400)."),
    (SSM, f"{CANARY} {CANARY}", "New", "but AWS answers with an error (status 400)."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "problem"), ERRORS)
def test_every_error_of_the_services_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, text: str, code: str, message: str, problem: str
) -> None:
    body = json.dumps({"__type": code, "message": f"{message}: {CANARY}"}).encode()
    with service(lambda _: (400, "application/x-amz-json-1.1", body)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        assert refusal(text) == f"{SOURCE} {PARAMETER if text == SSM else SECRET}, {problem}"
    assert len(aws.paths) == (2 if code == "ThrottlingException" else 1)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, "text/html", f"<html>{CANARY}".encode()), "but the answer of AWS holds no value."),
        ((403, "text/html", f"<html>{CANARY}".encode()), "but AWS answers with an error (status 403)."),
        ((200, "application/x-amz-json-1.1", b"{}"), "but the answer of AWS holds no value."),
        ((503, "text/plain", CANARY.encode()), "but AWS answers with an error (status 503)."),
    ],
)
def test_an_answer_that_is_none_of_aws_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, problem: str
) -> None:
    with service(lambda _: answer) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert refusal(SECRETS) == f"{SOURCE} {SECRET}, {problem}"
        assert refusal(SSM) == f"{SOURCE} {PARAMETER}, {problem}"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
         "but no AWS credentials were found; set AWS_PROFILE, or run where a role is given."),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "but the AWS credentials are incomplete; set the access key and its secret."),
        ({"AWS_DEFAULT_REGION": ""}, "but no AWS region is set; set AWS_REGION, or write the ARN."),
        ({"AWS_DEFAULT_REGION": "no region!"}, "but the AWS region that is set has no valid name."),
        ({"AWS_PROFILE": "nowhere"}, "but there is no such AWS profile as the one in AWS_PROFILE."),
        ({"AWS_ENDPOINT_URL": "no url"}, "but boto3 does not accept the endpoint that is set; check AWS_ENDPOINT_URL."),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("aws")
def test_what_is_missing_on_this_machine_is_told(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], problem: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        if not value:
            monkeypatch.delenv(name)
    assert refusal("aws-secretsmanager:ol") == f"{SOURCE} {SECRET}, {problem}"


@pytest.mark.usefixtures("aws")
def test_a_broken_configuration_and_an_old_sign_in_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    config = tmp_path / "config"
    config.write_text("[profile dev\n")
    assert "but the AWS configuration file cannot be read." in refusal("aws-ssm:/ol")
    config.write_text(
        "[profile dev]\nsso_start_url=https://example.invalid/start\nsso_region=eu-west-1\nsso_account_id=1\n"
        "sso_role_name=r\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "but the AWS session has expired; sign in again (`aws sso login`)" in refusal("aws-ssm:/ol")
    config.write_text(f"[profile dev]\ncredential_process=sh -c 'echo {CANARY} >&2; exit 3'\n")
    assert "but the AWS credentials cannot be had; try `aws sts get-caller-identity`." in refusal("aws-ssm:/ol")


def test_a_server_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        said = refusal("aws-secretsmanager:ol")
    problem = "but AWS cannot be reached; check the network, the region and AWS_ENDPOINT_URL."
    assert said == f"{SOURCE} {SECRET}, {problem}"


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = SecretReference(kind="aws-ssm", name="/ol")
    with service(lambda _: None) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", silent.url)
        before = time.monotonic()
        with pytest.raises(ConfigError, match=r"but AWS (cannot be reached|has not answered within 1 s); check"):
            resolve(reference, source="x", environ={}, timeout=0.5)
        assert time.monotonic() - before < 5


def test_credentials_that_never_come_are_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that asks for credentials has no time-out of its own."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    (tmp_path / "config").write_text("[profile dev]\ncredential_process=sleep 6\n")
    before = time.monotonic()
    with pytest.raises(ConfigError, match=r"but AWS has not answered within 0.4 s; check"):
        resolve(SecretReference(kind="aws-ssm", name="/ol"), source="x", environ={}, timeout=0.2)
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("text", ["aws-secretsmanager:ol", "aws-ssm:/ol"])
@pytest.mark.usefixtures("aws")
def test_no_log_holds_the_secret(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    store(CANARY)
    boto3.client("ssm").put_parameter(Name="/ol", Value=CANARY, Type="SecureString")
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="botocore")
    assert fetch(text) == CANARY
    out, err = capfd.readouterr()
    assert CANARY not in caplog.text + out + err
