"""Uploads to S3: real boto3 against a real server, seen from between, and every way in which it can go wrong."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparklineage.agent.stores import Payload, StoreOptions, open_store, payload
from sparklineage.agent.upload import carry_out, plan
from sparklineage.errors import (
    CredentialsError,
    ForbiddenError,
    NoSuchPlaceError,
    OccupiedError,
    RegionError,
    SparklineageError,
    StoreError,
    TransferError,
    UsageError,
)
from tests.support.aws import emptied, only_an_access_key
from tests.support.between import Between, between
from tests.support.service import Answer, service
from tests.support.serving import serving

CANARY = "canary-5e1f77"
REGION = "eu-west-1"
PLACE = "s3://jars/lineage"
KEY = "lineage/agent.jar"
SMALL = bytes(range(256)) * 400
CONTENT = SMALL * 200  # three parts


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without files, roles or profiles of AWS, but with an access key."""
    only_an_access_key(monkeypatch, tmp_path, secret=CANARY)


@pytest.fixture(scope="module")
def way(moto: str) -> Iterator[Between]:
    with between(moto.removeprefix("http://")) as seen:
        yield seen


@pytest.fixture
def line(way: Between, monkeypatch: pytest.MonkeyPatch) -> Between:
    """The way to an S3 that has one empty bucket."""
    emptied(way.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", way.url)
    place: Any = {"LocationConstraint": REGION}
    s3().create_bucket(Bucket="jars", CreateBucketConfiguration=place)
    way.requests.clear()
    way.cut = lambda *_: False
    return way


@cache
def s3() -> Any:
    """To look at what is there; made once, with the first test that has a server."""
    return boto3.client("s3", region_name=REGION)


@pytest.fixture
def jar(tmp_path: Path) -> Payload:
    path = tmp_path / "agent.jar"
    path.write_bytes(SMALL)
    return payload(path)


@pytest.fixture
def big(jar: Payload) -> Payload:
    assert jar.path is not None
    jar.path.write_bytes(CONTENT)
    return payload(jar.path)


def upload(jar: Payload, *, target: str = PLACE, replace: bool = False, **options: Any) -> list[str]:
    store = open_store(target, StoreOptions(**options), {})
    steps = plan(store, [jar], replace=replace)
    carry_out(store, steps)
    return [step.action for step in steps]


def refused(kind: type[StoreError], jar: Payload, **options: Any) -> str:
    """The sentence, which holds no secret, and nothing that hangs on to it."""
    with pytest.raises(SparklineageError) as caught:
        upload(jar, **options)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert CANARY not in f"{caught.value!r}"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_arrives_in_parts_and_an_equal_one_costs_one_head(line: Between, big: Payload) -> None:
    seen: list[int] = []
    store = open_store(PLACE, StoreOptions(), {})
    carry_out(store, plan(store, [big]), lambda _: lambda done, _total: seen.append(done))
    assert seen[-1] == len(CONTENT)
    assert sum("partNumber=" in path for _, path in line.requests) == 3
    assert s3().get_object(Bucket="jars", Key=KEY)["Body"].read() == CONTENT
    line.requests.clear()
    assert upload(big) == ["keep"]
    assert line.requests == [("HEAD", f"/jars/{KEY}")]
    (stored,) = store.stored()
    assert (stored.name, stored.size, stored.sha512) == ("agent.jar", len(CONTENT), big.sha512)


@pytest.mark.usefixtures("line")
def test_the_key_of_kms_and_the_tags_are_those_that_were_asked_for(jar: Payload) -> None:
    upload(jar, encryption="aws:kms", kms_key="alias/lineage", tags={"team": "data + ai=1", "x": ""})
    found = s3().head_object(Bucket="jars", Key=KEY)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", "alias/lineage")
    tags = s3().get_object_tagging(Bucket="jars", Key=KEY)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "data + ai=1", "x": ""}


@pytest.mark.parametrize("size", [100, len(CONTENT)])
def test_what_another_tool_put_there_is_known_by_its_etag(line: Between, tmp_path: Path, size: int) -> None:
    path = tmp_path / "agent.jar"
    path.write_bytes(CONTENT[:size])
    s3().upload_file(str(path), "jars", KEY)
    line.requests.clear()
    assert upload(payload(path)) == ["keep"]
    assert line.requests == [("HEAD", f"/jars/{KEY}")]


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
def test_the_aws_cli_and_ours_see_the_same(line: Between, jar: Payload, tmp_path: Path) -> None:
    """Each recognises what the other put there."""

    def aws(*words: str) -> str:
        command = ["aws", "--endpoint-url", line.url, "--region", REGION, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    assert jar.path is not None
    aws("s3", "cp", str(jar.path), f"s3://jars/{KEY}")
    assert upload(jar) == ["keep"]
    assert upload(jar, target="s3://jars/ours") == ["upload"]
    aws("s3", "cp", "s3://jars/ours/agent.jar", str(tmp_path / "back.jar"))
    assert (tmp_path / "back.jar").read_bytes() == SMALL
    assert str(jar.sha512) in aws("s3api", "head-object", "--bucket", "jars", "--key", "ours/agent.jar")


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize("other", [b"x" * len(SMALL), b"short"])
def test_other_content_is_left_alone_unless_it_is_to_be_replaced(jar: Payload, other: bytes) -> None:
    s3().put_object(Bucket="jars", Key=KEY, Body=other)
    assert refused(OccupiedError, jar) == (
        f"s3://jars/{KEY}: a file with other content is there; give --replace, or name another folder. "
        "Nothing was uploaded."
    )
    assert s3().get_object(Bucket="jars", Key=KEY)["Body"].read() == other
    assert upload(jar, replace=True) == ["replace"]
    assert upload(jar) == ["keep"]


def test_a_bucket_that_does_not_exist_is_found_before_anything_is_sent(line: Between, jar: Payload) -> None:
    said = refused(NoSuchPlaceError, jar, target="s3://none/x")
    assert said == "s3://none/x/: there is no bucket none; make it first."
    assert {method for method, _ in line.requests} == {"HEAD"}


@pytest.mark.usefixtures("line")
def test_a_bucket_of_another_region_is_followed_or_refused(jar: Payload) -> None:
    assert upload(jar) == ["upload"]
    assert refused(RegionError, jar, region="us-east-1") == (
        f"{PLACE}/: the bucket lies in {REGION}, and --region is us-east-1; name a bucket there, or leave --region out."
    )
    assert upload(jar, region=REGION) == ["keep"]


def test_where_s3_says_that_a_bucket_lies_the_request_goes(jar: Payload) -> None:
    """The answer of S3 to a request that was signed for another region."""
    regions: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            region = self.headers["Authorization"].split("/")[2]
            regions.append(region)
            self.send_response(200 if region == "eu-central-1" else 301)
            self.send_header("x-amz-bucket-region", "eu-central-1")
            if region == "eu-central-1":
                self.send_header("Content-Length", str(jar.size))
                self.send_header("x-amz-meta-sparklineage-sha512", str(jar.sha512))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with serving(Handler) as url:
        found = upload(jar, endpoint_url=url)
    assert found == ["keep"]
    assert regions[-1] == "eu-central-1"
    assert len(regions) > 1


def test_a_network_that_stops_half_way_leaves_nothing(line: Between, big: Payload) -> None:
    """The second part never arrives: the upload is given up, and a later one goes through."""
    line.cut = lambda _, path: "partNumber=2" in path
    said = refused(TransferError, big)
    assert said.startswith(f"s3://jars/{KEY}: the network broke off, or S3 cannot be reached; nothing was left half")
    line.cut = lambda *_: False
    assert "Contents" not in s3().list_objects_v2(Bucket="jars")
    assert "Uploads" not in s3().list_multipart_uploads(Bucket="jars")
    assert upload(big) == ["upload"]


def test_a_store_that_is_not_there_is_one_sentence(jar: Payload, monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(TransferError, jar, endpoint_url="http://127.0.0.1:1")
    assert said.startswith(f"s3://jars/{KEY}: the network broke off, or S3 cannot be reached")
    with pytest.raises(UsageError, match="boto3 does not accept the endpoint"):
        upload(jar, endpoint_url="nonsense")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    said = refused(CredentialsError, jar, endpoint_url="http://127.0.0.1:1")
    assert said == f"s3://jars/{KEY}: no AWS credentials were found; set AWS_PROFILE, or run where a role is given."


def s3_error(code: str, status: int, message: str = CANARY) -> Answer:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, "application/xml", text.encode()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (s3_error("AccessDenied", 403), ForbiddenError, "allow s3:ListBucket and s3:GetObject for it"),
        (s3_error("InvalidAccessKeyId", 403), CredentialsError, "AWS does not accept the credentials"),
        (s3_error("SignatureDoesNotMatch", 403), CredentialsError, "AWS does not accept the credentials"),
        (s3_error("ExpiredToken", 400), CredentialsError, "the AWS session has expired"),
        (s3_error("NoSuchBucket", 404), NoSuchPlaceError, "there is no bucket jars"),
        (s3_error("PermanentRedirect", 301), RegionError, "lies in another region"),
        (s3_error("KMS.DisabledException", 400), ForbiddenError, "the key of KMS cannot be used"),
        (s3_error("AccessDenied", 403, "not authorized to perform: kms:Decrypt"), ForbiddenError, "the key of KMS"),
        (s3_error("Weird", 418), StoreError, "S3 answers with Weird (status 418)"),
        ((200, "text/html", b"<html>"), TransferError, "S3 refuses for now"),
    ],
)
def test_what_s3_answers_becomes_a_sentence(answer: Answer, kind: type[StoreError], words: str) -> None:
    """Of listing, whose answers have bodies; nothing of them is shown."""
    with service(lambda _: answer) as aws, pytest.raises(StoreError) as caught:
        open_store(PLACE, StoreOptions(endpoint_url=aws.url), {}).stored()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{PLACE}/: ")
    assert CANARY not in f"{caught.value!r}"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("s3://", "'' is no name of a bucket"),
        ("s3://a", "'a' is no name of a bucket"),
        ("s3://my bucket/x", "'my bucket' is no name of a bucket"),
        ("s3://jars/$(rm -rf)\n/x", "has a control character in it"),
        ("s3://jars/x/agent.jar", "name the folder, the JARs keep their names"),
        ("s3://jars/a//b", "no prefix for objects"),
        ("wasb://jars", "no kind of place that JARs can be put to"),
    ],
)
def test_an_address_that_is_none_is_refused(target: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(target, StoreOptions(), {})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize("prefix", ["it's", "a;b", "$(x)", "ü/ñ", "a\\b", "]", '"'])
def test_hostile_prefixes_are_only_names(jar: Payload, prefix: str) -> None:
    assert upload(jar, target=f"s3://jars/{prefix}/") == ["upload"]
    assert [entry["Key"] for entry in s3().list_objects_v2(Bucket="jars")["Contents"]] == [f"{prefix}/agent.jar"]
    assert upload(jar, target=f"s3a://jars/{prefix}") == ["keep"]
