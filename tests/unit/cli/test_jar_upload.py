"""`sparklineage jar upload`, through the program's own entrance: what is where afterwards, and what is said."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparklineage.cli.main import main
from sparklineage.witness import STORED_NAME, jar_path
from tests.support.aws import emptied, moto_server, only_an_access_key
from tests.support.between import between
from tests.support.repository import Server, good, serve

CANARY = "canary-9b3e02"
AGENT = "openlineage-spark_2.12-1.45.0.jar"
GCS = "transports-gcs-1.45.0.jar"
CHOSEN = ["--version", "1.45.0", "--scala", "2.12"]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "share").mkdir()
    return {"HOME": str(tmp_path), "PATH": ""}


@pytest.fixture
def repository() -> Iterator[Server]:
    """Has an agent that is not pinned, and a transport."""
    with serve() as server:
        for name, path in ((AGENT, "openlineage-spark_2.12"), (GCS, "transports-gcs")):
            content = name.encode() * 1000
            at = f"/maven2/io/openlineage/{path}/1.45.0/{name}"
            server.replies[at] = [good(content)]
            server.replies[f"{at}.sha512"] = [good(hashlib.sha512(content).hexdigest().encode())]
        yield server


def agent(path: Path, scala: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("io/openlineage/spark/agent/OpenLineageSparkListener.class",
                     b"()Lscala/collection/" + scala + b"Seq;")  # fmt: skip
        jar.writestr("io/openlineage/spark/agent/version.properties", "version=1.53.0")
    return path


def test_the_agent_the_witness_and_what_the_transport_needs_go_together(
    environ: dict[str, str], repository: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sparklineage.yml").write_text("transport: {type: gcs, projectId: p, bucketName: b}\n")
    target = str(tmp_path / "share" / "jars")
    command = ["jar", "upload", target, *CHOSEN, "--repository", repository.url]
    assert main([*command, "--dry-run"], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"would upload  {target}/{AGENT}  (to be fetched first)",
        f"would upload  {target}/{GCS}  (to be fetched first)",
        f"would upload  {target}/{STORED_NAME}  0.0 MB",
    ]
    assert repository.requests == []
    assert list((tmp_path / "share").iterdir()) == []
    assert main(command, environ) == 0
    assert capsys.readouterr().out.split()[1::4] == [f"{target}/{name}" for name in (AGENT, GCS, STORED_NAME)]
    assert sorted(path.name for path in Path(target).iterdir()) == sorted([AGENT, GCS, STORED_NAME])
    assert (Path(target) / STORED_NAME).read_bytes() == jar_path().read_bytes()
    assert main([*command, "--format", "json"], environ) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["action"] for row in rows] == ["unchanged"] * 3
    assert rows[0]["sha512"] == hashlib.sha512(AGENT.encode() * 1000).hexdigest()


def test_nothing_is_sent_where_one_of_them_would_be_refused(
    environ: dict[str, str], repository: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last of the files is in the way, so the first is not written either."""
    target = tmp_path / "share"
    (target / STORED_NAME).write_bytes(b"another")
    command = ["jar", "upload", str(target), *CHOSEN, "--repository", repository.url]
    assert main(command, environ) == 85
    assert "a file with other content is there" in capsys.readouterr().err
    assert [path.name for path in target.iterdir()] == [STORED_NAME]
    assert main([*command, "--replace"], environ) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["uploaded", "replaced"]


def test_files_that_are_named_go_instead_of_the_chosen_agent(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "share"
    jar = agent(tmp_path / "mine.jar")
    assert main(["jar", "upload", str(target), str(jar), "--alone"], environ) == 0
    assert [path.name for path in target.iterdir()] == ["mine.jar"]
    assert main(["jar", "upload", str(target), str(jar)], environ) == 0
    assert sorted(path.name for path in target.iterdir()) == ["mine.jar", STORED_NAME]
    capsys.readouterr()
    assert main(["jar", "list", str(target)], environ) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0].strip() for line in lines] == ["name", "mine.jar", STORED_NAME]
    assert ["not known" in line for line in lines] == [False, True, False]
    assert "intact" in lines[2]
    (target / STORED_NAME).write_bytes(b"other")
    assert main(["jar", "list", str(target)], environ) == 74


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--spark", "4.0.0"], 72, "This agent is built for Scala 2.12, and this Spark (4.0.0) runs Scala 2.13."),
        (["--platform", "emr", "--release", "emr-spark-8.0.0"], 72, "This agent is built for Scala 2.12"),
        (["--tag", "a"], 2, "--tag is 'a'; write KEY=VALUE"),
        (["--tag", "a=$(x)"], 2, "--tag is 'a=$(x)'; a tag has letters"),
        (["--kms-key", "k", "--sse", "AES256"], 2, "--kms-key goes with --sse aws:kms"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int,
    sentence: str,
) -> None:  # fmt: skip
    jar = agent(tmp_path / "mine.jar")
    assert main(["jar", "upload", str(tmp_path / "share"), str(jar), *options], environ) == status
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err
    assert list((tmp_path / "share").iterdir()) == []


def test_a_damaged_file_is_refused(environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jar = agent(tmp_path / "mine.jar")
    jar.write_bytes(jar.read_bytes()[:-10])
    assert main(["jar", "upload", str(tmp_path / "share"), str(jar)], environ) == 73
    assert capsys.readouterr().err == f"sparklineage: {jar}: damaged or cut short, it is no readable JAR.\n"


def test_an_agent_with_the_name_of_another_scala_is_refused(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = agent(tmp_path / "openlineage-spark_2.13-1.53.0.jar")
    assert main(["jar", "upload", str(tmp_path / "share"), str(wrong)], environ) == 73
    assert "its name says Scala 2.13, but its classes are for Scala 2.12; rename it." in capsys.readouterr().err
    assert list((tmp_path / "share").iterdir()) == []


def test_a_bucket_gets_it_and_no_word_tells_the_key(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Each failure has an exit status of its own."""
    only_an_access_key(monkeypatch, tmp_path, secret=CANARY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"id-{CANARY}")
    caplog.set_level("DEBUG")
    jar = agent(tmp_path / "mine.jar")
    with moto_server() as url:
        client: Any = boto3.client("s3", region_name="us-east-1", endpoint_url=url)
        # One process has one store, whatever servers it starts.
        emptied(url)
        client.create_bucket(Bucket="jars")
        caplog.clear()
        command = ["jar", "upload", "s3://jars/x", str(jar), "--endpoint-url", url]
        assert main([*command, "--region", "us-east-1", "--tag", "team=data"], environ) == 0
        assert main(command, environ) == 0
        out = capsys.readouterr().out.splitlines()
        assert [line.split()[:2] for line in out] == [
            [done, f"s3://jars/x/{name}"] for done in ("uploaded", "unchanged") for name in ("mine.jar", STORED_NAME)
        ]
        asked = ["--sse", "aws:kms", "--kms-key", "k1", "--tag", "team=x", "--replace"]
        assert main([*command, *asked], environ) == 0
        told = "  (as it was: --sse and --kms-key and --tag not applied to it)"
        assert [line.endswith(told) for line in capsys.readouterr().out.splitlines()] == [True, True]
        assert not [line for line in out if "as it was" in line]
        assert main(["jar", "list", "s3://jars/x", "--endpoint-url", url], environ) == 0
        agent(jar, b"immutable/")
        assert main(command, environ) == 85
        assert main([*command, "--region", "eu-west-1"], environ) == 83
        assert main(["jar", "upload", "s3://none/x", str(jar), "--endpoint-url", url], environ) == 82
    assert main(command, environ) == 84
    said = capsys.readouterr()
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("werkzeug"))
    assert CANARY not in f"{said.out}{said.err}{ours}"
    assert said.err.count("sparklineage: ") == 4


def test_an_upload_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while the second part is on its way."""
    (tmp_path / "big.jar").write_bytes(agent(tmp_path / "a.jar").read_bytes())
    with zipfile.ZipFile(tmp_path / "big.jar", "a") as jar:
        jar.writestr("data.bin", os.urandom(20_000_000))
    login = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": CANARY}
    go_on, reached = threading.Event(), threading.Event()

    def slow(_method: str, path: str) -> bool:
        if "partNumber=2" in path:
            reached.set()
            go_on.wait(30)
        return False

    with moto_server() as url:
        client: Any = boto3.client("s3", region_name="us-east-1", endpoint_url=url,
                                   aws_access_key_id="testing", aws_secret_access_key=CANARY)  # fmt: skip
        # One process has one store, whatever servers it starts.
        emptied(url)
        client.create_bucket(Bucket="jars")
        with between(url.removeprefix("http://")) as line:
            line.cut = slow
            command = [sys.executable, "-m", "sparklineage", "jar", "upload", "s3://jars/x", str(tmp_path / "big.jar"),
                       "--endpoint-url", line.url, "--alone"]  # fmt: skip
            environ = {**login, "HOME": str(tmp_path), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
            process = subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            assert reached.wait(30)
            process.send_signal(signal.SIGINT)
            go_on.set()
            said = process.communicate(timeout=60)[1]
        assert process.returncode == 130
        assert "Traceback" not in said
        assert "Contents" not in client.list_objects_v2(Bucket="jars")
        assert "Uploads" not in client.list_multipart_uploads(Bucket="jars")
