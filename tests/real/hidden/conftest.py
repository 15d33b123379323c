"""One application a Spark in which every kind of hidden source and sink, and every example, runs under the agent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.real.submission import REPOSITORY, Scene
from tests.support.aws import moto_server
from tests.support.receiver import Event, Receiver
from tests.support.serving import serving

EXAMPLES = [path.stem for path in sorted((REPOSITORY / "jobs" / "hidden").glob("by_*.py"))]
OF_SPARK_4 = {"by_source"}
"""Those that take a Python data source."""
BUCKET = "airlines"
SECRET_KEY = "canary-4f2a"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of it."""

    scene: Scene
    events: list[Event]
    delivered: list[Event]
    """What the backend has got."""
    facts: dict[str, Any]
    """What the application says of itself."""
    api: str
    """The address of the API that one of the examples asks."""

    @property
    def examples(self) -> Path:
        """The folder that has one for each of them."""
        return self.scene.folder / "out" / "examples"

    def own(self, name: str) -> list[Event]:
        """The events of the run that stands for a step, a tag or a function."""
        return [event for event in self.events if event["job"]["name"] == f"hidden.{name}"]


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            json.dumps([{"carrier": "UA", "name": "United"}, {"carrier": "B6", "name": "JetBlue"}]).encode()
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="session")
def api() -> Iterator[str]:
    with serving(_Api) as url:
        yield url


@pytest.fixture(scope="session")
def aws() -> Iterator[dict[str, str]]:
    """Yields the variables by which boto3 finds an S3 with a bucket."""
    with moto_server() as url:
        boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        ).create_bucket(Bucket=BUCKET)
        yield {
            "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "NO_PROXY": "127.0.0.1",
        }  # fmt: skip


@pytest.fixture(scope="session", params=["4.2", "4.0", "3.5"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, api: str, aws: dict[str, str]
) -> Told:
    scene = Scene(folder=tmp_path_factory.mktemp("hidden"), spark=request.param)
    out = scene.folder / "out"
    out.mkdir()
    examples = [name for name in EXAMPLES if scene.spark != "3.5" or name not in OF_SPARK_4]
    with Receiver(marquez=False) as backend:
        done = scene.submit(
            "--name", "hidden", Path(__file__).with_name("kinds.py"), out, api, BUCKET, *examples,
            OPENLINEAGE_URL=backend.url, PYTHONPATH=str(REPOSITORY), **aws,
        )  # fmt: skip
    assert done.status == 0, done.stderr[-8000:]
    assert not [line for line in done.stderr.splitlines() if line.startswith("tag: ")]
    facts = json.loads(done.stdout.splitlines()[-1])
    return Told(scene=scene, events=scene.events(), delivered=list(backend.events), facts=facts, api=api)
