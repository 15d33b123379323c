"""The services of AWS that a node reaches: S3 with a kit in it, the instance's role, and the store of parameters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from tests.real.submission import REPOSITORY
from tests.support.aws import moto_server

BUCKET, PARAMETER, REGION = "example-lineage", "/lineage/api-key", "us-east-1"
"""The region is the one that the metadata of the instance names."""
KEY = "canary-7f3a'\"$(id)"
"""The backend's key. Nothing but the relay's memory and its requests to the backend may ever hold it."""

_SPEC = """\
namespace: prod
transport:
  type: http
  url: {url}
  auth: {{type: api_key, apiKey: "aws-ssm:{parameter}"}}
agent: {{version: {agent}}}
platforms:
  emr: {{release: {release}}}
"""


@dataclass(frozen=True)
class Cloud:
    url: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="us", aws_secret_access_key="us"
        )

    def objects(self, prefix: str) -> dict[str, bytes]:
        """What is in the bucket under a prefix, by key."""
        store = self.client("s3")
        listed = store.list_objects_v2(Bucket=BUCKET, Prefix=prefix + "/").get("Contents", [])
        return {each["Key"]: store.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed}

    @contextmanager
    def denying(self) -> Iterator[None]:
        """S3 and the others refuse the instance's role."""
        self._allow("0")
        try:
            yield
        finally:
            self._allow("inf")

    def _allow(self, actions: str) -> None:
        headers = {"Content-Type": "text/plain"}
        urlopen(Request(f"{self.url}/moto-api/reset-auth", actions.encode(), headers, method="POST")).close()  # noqa: S310


@contextmanager
def cloud() -> Iterator[Cloud]:
    with moto_server() as url:
        found = Cloud(url)
        found.client("s3").create_bucket(Bucket=BUCKET)
        found.client("ssm").put_parameter(Name=PARAMETER, Value=KEY, Type="SecureString")
        yield found


@dataclass(frozen=True)
class Kit:
    """A kit for EMR as the command wrote and uploaded it."""

    folder: Path
    services: Cloud
    objects: dict[str, bytes]
    """What it has in the bucket, by key."""

    @property
    def script(self) -> Path:
        return self.folder / "bootstrap.sh"

    @property
    def configurations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.folder / "configurations.json").read_text())
        return found

    def key(self, ending: str) -> str:
        """The key of its only object with this ending."""
        (found,) = [key for key in self.objects if key.endswith(ending)]
        return found

    @contextmanager
    def without(self, ending: str, instead: bytes | None = None) -> Iterator[None]:
        """Its object is gone from the bucket, or has another content."""
        store, place = self.services.client("s3"), {"Bucket": BUCKET, "Key": self.key(ending)}
        if instead is None:
            store.delete_object(**place)
        else:
            store.put_object(**place, Body=instead)
        try:
            yield
        finally:
            store.put_object(**place, Body=self.objects[self.key(ending)])


def kit(
    folder: Path,
    services: Cloud,
    backend: str,
    *,
    release: str = "emr-7.10.0",
    agent: str = "1.53.0",
    name: str = "emr",
) -> Kit:
    """A kit for this backend, made and put into the bucket by the command."""
    folder.mkdir(parents=True)
    text = _SPEC.format(url=backend, parameter=PARAMETER, release=release, agent=agent)
    (folder / "sparklineage.yml").write_text(text)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environ |= {
        "AWS_ENDPOINT_URL": services.url, "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "us", "AWS_SECRET_ACCESS_KEY": "us", "PYTHONPATH": str(REPOSITORY),
    }  # fmt: skip
    prefix = f"kits/{name}"
    command = [sys.executable, "-m", "sparklineage", "bootstrap", "emr", "--out", "kit"]
    made = subprocess.run(
        [*command, "--s3", f"s3://{BUCKET}/{prefix}", "--upload"],
        cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return Kit(folder / "kit", services, services.objects(prefix))
