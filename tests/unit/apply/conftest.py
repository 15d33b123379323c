"""A machine that may ask AWS, which is a real server on loopback."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.support.aws import emptied, only_an_access_key
from tests.unit.cli.desk import Desk

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/job"
AGENT = "openlineage-spark_2.12-1.53.0.jar"
CONFIG = """\
delivery: {mode: direct}
transport: {type: http, url: "https://lineage.example.com"}
job: {name: Daily flights}
platforms:
  emr: {release: emr-7.5.0, artifacts: "s3://lake/lineage", region: eu-west-1}
  emr-serverless: {release: emr-7.5.0, artifacts: "s3://lake/lineage", region: eu-west-1}
  emr-containers: {release: emr-7.5.0-latest, artifacts: "s3://lake/lineage", region: eu-west-1}
  databricks: {artifacts: /Volumes/main/ops/lineage}
"""


class Sleep:
    """In the place of waiting: what happens meanwhile."""

    def __init__(self) -> None:
        self.meanwhile: list[Any] = []
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        assert len(self.seconds) < 100, "nothing ends here"
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, capsys, monkeypatch)
    found.write(CONFIG)
    return found


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    found = Sleep()
    # The vendors' clients have to sleep as ever: by that they know when to give up.
    for module in ("apply.aws", "apply.workspace", "cli.applying"):
        monkeypatch.setattr(f"sparklineage.{module}.time", SimpleNamespace(sleep=found))
    return found


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No files, roles or profiles of AWS, but an access key and no region."""
    only_an_access_key(monkeypatch, tmp_path)


@pytest.fixture
def aws(moto: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001
    """The server as the endpoint of every client, with nothing in it but the JAR and the application."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    emptied(moto)
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in (f"lineage/{AGENT}", "job.py"):
        s3.put_object(Bucket="lake", Key=key, Body=b"")
    return moto
