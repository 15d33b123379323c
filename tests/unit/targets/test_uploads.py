"""The command that the notes tell puts every JAR where the artefacts look for it: run against an S3 on loopback."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparklineage.cli.main import main
from sparklineage.targets import Order
from sparklineage.targets.uploads import uploads
from sparklineage.witness import STORED_NAME
from tests.support.aws import emptied
from tests.support.repository import Server, good, serve
from tests.unit.targets.aws_orders import order, render

AGENT = "openlineage-spark_2.12-1.45.0.jar"
S3 = {"type": "s3", "bucketName": "b", "fileNamePrefix": "events"}
PLACE = {"artifacts": "s3://lake/lineage"}
RELEASES = {
    "emr": "emr-7.5.0", "emr-serverless": "emr-7.5.0", "emr-containers": "emr-7.5.0-latest", "glue": "5.0",
    "sagemaker": "3.5",
}  # fmt: skip


@pytest.fixture
def store(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An S3 with an empty bucket."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto,
                        "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    emptied(moto)
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    return client


@pytest.fixture
def repository() -> Iterator[Server]:
    """Has an agent that is not pinned, for both Scalas, and a transport."""
    with serve() as server:
        for name in ("openlineage-spark_2.12", "openlineage-spark_2.13", "transports-s3"):
            content = name.encode() * 1000
            at = f"/maven2/io/openlineage/{name}/1.45.0/{name}-1.45.0.jar"
            server.replies[at] = [good(content)]
            server.replies[f"{at}.sha512"] = [good(hashlib.sha512(content).hexdigest().encode())]
        yield server


def command(notes: tuple[str, ...]) -> list[str]:
    """The words behind `sparklineage`."""
    found = [match[1] for note in notes if (match := re.search(r"`sparklineage (jar upload [^`]*)`", note))]
    assert len(found) == 1, notes
    return shlex.split(found[0])


def told(given: Order) -> list[str]:
    return command(tuple(uploads(given, "somebody reads them")))


@pytest.mark.parametrize("platform", RELEASES)
def test_the_command_uploads_what_the_artefacts_name(
    platform: str, store: Any, repository: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = order(
        tmp_path, platform, release=RELEASES[platform], agent={"version": "1.45.0"}, transport=S3,
        delivery={"mode": "direct"}, section=PLACE,
    )  # fmt: skip
    rendered = render(given, platform)
    named = set(re.findall(r"s3://lake/(lineage/[^\s,'\"]+\.jar)", "".join(one.text for one in rendered.artefacts)))
    assert f"lineage/{AGENT}" in named
    assert len(named) == 2
    # Where no configuration is: the command says all.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    environ = {"HOME": str(tmp_path), "PATH": ""}
    assert main([*command(rendered.notes), "--repository", repository.url], environ) == 0
    there = {one["Key"] for one in store.list_objects_v2(Bucket="lake")["Contents"]}
    # The witness goes along always.
    assert there == named | {f"lineage/{STORED_NAME}"}


def test_the_scala_is_said_where_no_release_tells_it(store: Any, repository: Server, tmp_path: Path) -> None:
    given = order(tmp_path, "emr", agent={"version": "1.45.0", "scala": "2.13"}, section=PLACE)
    assert told(given) == ["jar", "upload", "s3://lake/lineage", "--scala", "2.13", "--version", "1.45.0"]
    assert main([*told(given), "--repository", repository.url], {"HOME": str(tmp_path), "PATH": ""}) == 0
    found = store.list_objects_v2(Bucket="lake", Prefix="lineage/openlineage")["Contents"]
    assert [one["Key"] for one in found] == ["lineage/openlineage-spark_2.13-1.45.0.jar"]


def test_a_jar_of_the_users_own_goes_by_its_path(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", agent={"jar": "/opt/mine.jar"}, transport=S3, section=PLACE)
    assert told(given)[:4] == ["jar", "upload", "s3://lake/lineage", "mine.jar"]
    assert told(given)[-2:] == ["--with", "transports-s3"]


def test_nothing_is_uploaded_that_lies_there_already_or_where_nobody_can(tmp_path: Path) -> None:
    given = order(tmp_path, "emr-serverless", release="emr-7.5.0", section={"vendorAgent": "reuse"})
    assert not [note for note in render(given, "emr-serverless").notes if "jar upload" in note]
    elsewhere = order(tmp_path, "emr", release="emr-7.5.0", section={"artifacts": "/opt/lineage"})
    (note,) = uploads(elsewhere, "somebody reads them")
    assert note == "Put openlineage-spark_2.12-1.53.0.jar into /opt/lineage; somebody reads them."
    assert list(uploads(replace(elsewhere, jars=()), "")) == []


@pytest.mark.parametrize(
    ("platform", "release"), [("emr", "emr-7.12.0"), ("emr-serverless", "emr-7.5.0"), ("glue", "5.0")]
)
def test_amazons_agent_brings_its_transport_itself(platform: str, release: str, tmp_path: Path) -> None:
    kinds = {"theirs": {"type": "amazon_datazone_api", "domainId": "dzd_1"}, "ours": S3}
    given = order(
        tmp_path, platform, release=release, transport={"type": "composite", "transports": kinds},
        section={"vendorAgent": "compose"},
    )  # fmt: skip
    rendered = render(given, platform)
    assert "DataZone" not in shlex.join(command(rendered.notes))
    whole = "".join(one.text for one in rendered.artefacts)
    assert "transports-s3-1.53.0.jar" in whole
    assert "transports-datazone" not in whole
    assert "openlineage-spark_" not in whole


def test_amazons_agent_is_reused_without_a_word_about_delivery(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.12.0", section={"vendorAgent": "reuse"})
    assert given.mode == "direct"
    assert "openlineage-spark_" not in "".join(one.text for one in render(given, "emr").artefacts)
