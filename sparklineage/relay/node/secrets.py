"""The secrets that relay.json refers to; those of AWS through the node's own `aws` command line and role."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparklineage.config.secrets import READERS, resolve
from sparklineage.config.secrets.aws import by_code, region_of
from sparklineage.config.secrets.aws_secretsmanager import field_of
from sparklineage.config.secrets.interface import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sparklineage.config.secrets.interface import Reader
    from sparklineage.model.secret import Kind, Secret, SecretReference

_TIMEOUT = 10.0
"""Seconds; a service is asked for at most twice that."""
_METADATA_TIMEOUT = 2.0
_PLACES = "/usr/local/bin:/usr/bin:/bin"
"""Where `aws` is looked for beside PATH, which a service has hardly any of."""

# What the `aws` command line says on stderr (1.45 and 2), in this order.
_ANSWER = re.compile(r"An error occurred \(([A-Za-z.]{1,64})\)[^:]*:(.*)")
_SAID: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Unable to locate credentials|NoCredentials"),
     "but the node has no AWS credentials; give its instance profile a role that may read it."),
    (re.compile(r"Error when retrieving (?:credentials|token)|credentials.*(?:expired|refresh)"),
     "but the AWS credentials of the node cannot be had; check its instance profile."),
    (re.compile(r"must specify a region"),
     "but no AWS region is known here; set `region` in relay.json."),
    (re.compile(r"SSL validation failed"),
     "but the certificate of AWS is not trusted here; check AWS_CA_BUNDLE and the proxy."),
    (re.compile(r"Could not connect|[Tt]imeout on endpoint|Connection was closed|Failed to connect to proxy"),
     "but AWS cannot be reached; check the routes, the VPC endpoints and the proxy of the node."),
    (re.compile(r"Parameter validation failed|Invalid endpoint"), "which is no name that AWS accepts."),
)  # fmt: skip


def fetcher(environ: Mapping[str, str], region: str | None) -> Callable[[SecretReference, str], Secret]:
    """What gives the secret behind a reference, told what refers to it; raises ConfigError with one sentence.

    `region` is used where the reference is no ARN; without one that of the environment, then the instance's own.
    """

    def ssm(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
        what = f"the parameter {reference.name} of AWS Systems Manager"
        question = {"Name": reference.name, "WithDecryption": True}
        answer = ask("ssm get-parameter", question, what, environ=environ, timeout=timeout)
        value = (answer.get("Parameter") or {}).get("Value")
        if isinstance(value, str):
            return value
        raise UnreadableError(f"{what}, but the answer of AWS holds no value.")

    def secretsmanager(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
        what = f"the secret {reference.name} of AWS Secrets Manager"
        question = {"SecretId": reference.name}
        answer = ask("secretsmanager get-secret-value", question, what, environ=environ, timeout=timeout)
        text = answer.get("SecretString")
        if isinstance(text, str):
            return field_of(text, reference.field, what)
        raise UnreadableError(f"{what}, which holds no text; store it as text.")

    def ask(
        command: str, question: Mapping[str, Any], what: str, *, environ: Mapping[str, str], timeout: float
    ) -> dict[str, Any]:
        name = question.get("Name") or question.get("SecretId") or ""
        place = region_of(name) or region or _region(environ)
        action = {"Name": "ssm:GetParameter", "SecretId": "secretsmanager:GetSecretValue"}[next(iter(question))]
        # As JSON, because a name such as file:///… on its own would be read as a file.
        words = [*command.split(), "--cli-input-json", json.dumps(question), "--output", "json"]
        words += ["--region", place] if place else []
        status, out, err = _run(words, environ, 2 * timeout, what)
        if status == 0:
            with suppress(ValueError):
                found = json.loads(out)
                if isinstance(found, dict):
                    return found
            raise UnreadableError(f"{what}, but `aws` prints no answer that can be read.")
        raise UnreadableError(f"{what}, {_problem(err, status).format(region=place, action=action)}")

    readers: dict[Kind, Reader] = {
        **READERS, "aws-ssm": ssm, "aws-secretsmanager": secretsmanager, "databricks": _databricks,
    }  # fmt: skip

    def fetch(reference: SecretReference, source: str) -> Secret:
        return resolve(reference, source=source, environ=environ, timeout=_TIMEOUT, readers=readers)

    return fetch


def _databricks(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:  # noqa: ARG001
    raise UnreadableError(
        f"the secret {reference.name} of Databricks, which only the cluster hands out; put it into a variable of the "
        "cluster, NAME={{secrets/scope/key}}, and refer to env:NAME."
    )


def _run(words: list[str], environ: Mapping[str, str], seconds: float, what: str) -> tuple[int, bytes, str]:
    """Status, output and error text of `aws`. The output holds the secret and is kept nowhere else."""
    program = shutil.which("aws", path=f"{environ.get('PATH') or ''}:{_PLACES}")
    if program is None:
        raise UnreadableError(f"{what}, which needs the `aws` command line; install it on the node.")
    wait = f"{max(round(seconds / 4), 1)}"
    words += ["--cli-connect-timeout", wait, "--cli-read-timeout", wait]
    # A session of its own: on some nodes `aws` is a script that starts another process.
    with subprocess.Popen(
        [program, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environ, "AWS_PAGER": ""},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            out = b""
        else:
            return process.returncode, out, err.decode("utf-8", "replace")
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    raise UnreadableError(f"{what}, but `aws` has not answered within {seconds:g} s; check the node's routes to AWS.")


def _problem(err: str, status: int) -> str:
    """The sentence for what `aws` says; nothing of its own text, which may quote an answer."""
    found = _ANSWER.search(err)
    if found:
        return by_code(found[1], found[2])
    return next((text for pattern, text in _SAID if pattern.search(err)), f"but `aws` fails with status {status}.")


def _region(environ: Mapping[str, str]) -> str | None:
    """The environment's region, else the instance's own, as its metadata service tells it (IMDSv2); None elsewhere."""
    known = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if known or environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return known or None
    place = urlsplit(environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254")
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=_METADATA_TIMEOUT)
    try:
        connection.request("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        token = connection.getresponse().read(1024).decode("latin-1")
        connection.request("GET", "/latest/meta-data/placement/region", headers={"X-aws-ec2-metadata-token": token})
        answer = connection.getresponse()
        text = answer.read(64).decode("latin-1").strip()
        return text if answer.status == 200 and re.fullmatch(r"[a-z0-9-]{5,32}", text) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
