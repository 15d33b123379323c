"""`submit` with secrets that lie with AWS: real boto3 against a real server, and a receiver that sees what arrives."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from sparklineage.journal import DeliveryLock, RunFolder, run_folders
from tests.support.aws import emptied
from tests.support.journal import event
from tests.support.receiver import Receiver
from tests.unit.cli.scripted import argv, environ, start

KEY, TENANT = "canary-7d10-key", "canary-7d10-tenant"
MISSING = "sparklineage.yml:3:10: transport.auth.apiKey refers to the parameter /ol of AWS Systems Manager"
WAIT = 'until [ -e "$PROBE/go" ]; do sleep 0.05; done; '


@pytest.fixture
def aws(moto: str) -> dict[str, str]:
    """The variables of a machine that may ask for secrets; there are none yet."""
    emptied(moto)
    return {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-4711",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def store(aws: dict[str, str], **values: str) -> None:
    client = boto3.client(
        "ssm",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=aws["AWS_DEFAULT_REGION"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    for name, value in values.items():
        client.put_parameter(Name=f"/{name}", Value=value, Type="SecureString")


def describe(spark: Path, receiver: Receiver) -> None:
    """The file that `submit` finds beside the job."""
    (spark.parent / "sparklineage.yml").write_text(
        "transport:\n"
        f"  url: {receiver.url}\n"
        '  auth: {apiKey: "aws-ssm:/ol"}\n'
        '  headers: {X-Tenant: "aws-ssm:/tenant"}\n'
        "delivery: {retry: {longestWait: 200ms}}\n"
    )


def until(is_so: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def folder_of(spark: Path) -> RunFolder:
    (folder,) = run_folders(spark.parent / "journal")
    return folder


def reason(spark: Path) -> str:
    """Why nothing is delivered, as the journal says."""
    texts = [json.loads(path.read_text())["lastError"] for path in folder_of(spark).path.glob("delivery/*.json")]
    return str(texts[0]) if texts else ""


def test_the_relay_fetches_them_and_they_show_nowhere(spark: Path, aws: dict[str, str]) -> None:
    """Not even where the job itself writes them into its SQL: that is masked from the moment they are known."""
    store(aws, ol=KEY, tenant=TENANT)
    events = [
        event("START", 1, "01900000-0000-7000-8000-0000000000a1"),
        event("START", 2, "01900000-0000-7000-8000-0000000000a2", facets={"sql": {"query": f"SELECT {KEY}, {TENANT}"}}),
    ]
    said = 'echo "$FIRST" >> "$folder/agent.ndjson"; ' + WAIT + 'echo "$SECOND" >> "$folder/agent.ndjson"'
    more = {"JOB": said, "FIRST": json.dumps(events[0]), "SECOND": json.dumps(events[1])}
    with Receiver() as receiver:
        describe(spark, receiver)
        process = start(spark, "job.py", **aws, **more)
        until(lambda: receiver.events)
        (spark.parent / "go").touch()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(receiver.events) == 6
    assert f"6 written, 6 delivered to {receiver.url}, 0 waiting" in err
    assert {item["Authorization"] for item in receiver.seen_headers} == {f"Bearer {KEY}"}
    assert {item["X-Tenant"] for item in receiver.seen_headers} == {TENANT}
    DeliveryLock(folder_of(spark), wait=15).close()  # the relay has ended
    files = [path for path in spark.parent.rglob("*") if path.is_file() and path.name not in ("agent.ndjson", "env")]
    everything = "".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    everything += out + err + "".join(argv(spark)) + json.dumps(receiver.events)
    assert "SELECT ********, ********" in everything
    assert KEY not in everything
    assert TENANT not in everything


def test_they_are_asked_for_until_they_can_be_had(spark: Path, aws: dict[str, str]) -> None:
    store(aws, tenant=TENANT)
    with Receiver() as receiver:
        describe(spark, receiver)
        more = {"JOB": 'echo "$FIRST" >> "$folder/agent.ndjson"; ' + WAIT, "FIRST": json.dumps(event("START", 1, "x"))}
        process = start(spark, "job.py", **aws, **more)
        until(lambda: (spark.parent / "argv").exists() and reason(spark).startswith(MISSING))
        assert receiver.posts == 0
        store(aws, ol=KEY)
        until(lambda: receiver.events)
        (spark.parent / "go").touch()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "0 waiting" in err


def test_without_them_the_job_runs_on_time_and_the_reason_is_told(spark: Path, aws: dict[str, str]) -> None:
    with Receiver() as receiver:
        describe(spark, receiver)
        began = time.monotonic()
        process = start(spark, "--drain-timeout", "3", "job.py", **aws, JOB="exit 7")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 7
        assert time.monotonic() - began < 20
        assert f"2 written, 0 delivered to {receiver.url}, 2 waiting ({MISSING}" in err
        DeliveryLock(folder_of(spark), wait=20).close()

        shown = command(spark, aws, "runs")
        assert shown.returncode == 0
        assert f"waiting: {MISSING}" in shown.stdout
        drained = command(spark, aws, "relay", "drain")
        assert (drained.returncode, drained.stdout) == (64, "")
        assert drained.stderr.startswith(f"sparklineage: {MISSING}")
        assert len(drained.stderr.splitlines()) == 1
        assert receiver.posts == 0
        store(aws, ol=KEY, tenant=TENANT)
        drained = command(spark, aws, "relay", "drain")
        assert drained.returncode == 0, drained.stderr
    assert len(receiver.events) == 2
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {KEY}"


def command(spark: Path, aws: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sparklineage", *words],
        env=environ(spark, **aws), cwd=spark.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
