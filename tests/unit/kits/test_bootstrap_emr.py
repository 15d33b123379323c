"""`sparklineage bootstrap emr`: the folder, the bucket by real boto3, and what the command line of AWS makes of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparklineage.cli.main import main

REGION = "eu-west-1"
JAR = "openlineage-spark_2.12-1.53.0.jar"
SPEC = """\
namespace: prod.flights
transport:
  url: https://lineage.example.com
  auth: {type: api_key, apiKey: 'aws-ssm:/lineage/key'}
governance: {classification: "it's internal"}
platforms:
  emr: {release: emr-7.10.0, artifacts: 's3://lake/configured', region: eu-west-1}
"""
GOLDEN = Path(__file__).parents[2] / "golden" / "kits" / "emr"


@pytest.fixture
def environ(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with a configuration and an agent, and keys of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    ours = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": moto, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", "AWS_PAGER": "",
    }  # fmt: skip
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sparklineage.yml").write_text(SPEC)
    with zipfile.ZipFile(tmp_path / JAR, "w") as jar:
        for name, content in (
            ("io/openlineage/spark/agent/OpenLineageSparkListener.class", b"()Lscala/collection/Seq;"),
            ("io/openlineage/spark/agent/version.properties", b"version=1.53.0"),
        ):
            jar.writestr(zipfile.ZipInfo(name), content)
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], **ours}


@pytest.fixture
def bucket(environ: dict[str, str]) -> Any:
    """An empty bucket called lake."""
    store = boto3.resource("s3", endpoint_url=environ["AWS_ENDPOINT_URL"], region_name=REGION)
    found = store.Bucket("lake")
    if found.creation_date is None:
        found.create(CreateBucketConfiguration={"LocationConstraint": REGION})
    found.objects.all().delete()
    return found


def bootstrap(environ: dict[str, str], *words: str) -> int:
    return main(["bootstrap", "emr", "--out", "kit", "--agent-jar", JAR, *words], environ)


def test_the_folder_has_what_the_configuration_says(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the byte; the relay and the digests in the script are as the package is."""
    assert bootstrap(environ) == 0
    shown = capsys.readouterr()
    found = {path.name: path for path in (tmp_path / "kit").iterdir()}
    assert {line.partition("  ")[0] for line in shown.out.splitlines()} == {f"kit/{name}" for name in found}
    assert "Nothing was uploaded" in shown.err
    assert found["bootstrap.sh"].stat().st_mode & 0o111 == 0o111
    assert found[JAR].read_bytes() == (tmp_path / JAR).read_bytes()
    kept = ("configurations.json", "bootstrap-actions.json", "cluster.json", "step.json", "relay.json", "README.md")
    texts = {name: found[name].read_text() for name in kept}
    texts["README.md"] = re.sub(
        r"sparklineage-witness-[\w.]+\.jar", "sparklineage-witness-VERSION.jar", texts["README.md"]
    )
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (GOLDEN / name).write_text(text)
    for name, text in texts.items():
        assert text == (GOLDEN / name).read_text(), name


def test_the_kit_goes_into_the_bucket_and_a_second_time_stays(
    environ: dict[str, str], tmp_path: Path, bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--s3", "s3://lake/a kit/", "--upload")
    assert bootstrap(environ, *words) == 0
    lines = capsys.readouterr().out.splitlines()[-3:]
    there = {item.key: item.get()["Body"].read() for item in bucket.objects.all()}
    assert set(there) == {f"a kit/{name}" for name in ("bootstrap.sh", "relay.pyz", JAR)}
    assert all(content == (tmp_path / "kit" / key.partition("/")[2]).read_bytes() for key, content in there.items())
    # The script is the last: whoever runs it finds the rest.
    assert lines[-1].split(maxsplit=1) == ["uploaded", "s3://lake/a kit/bootstrap.sh"]
    assert bootstrap(environ, *words) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[-3:]} == {"unchanged"}


def test_what_is_there_with_other_content_stays_without_replace(
    environ: dict[str, str], bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put_object(Key="configured/bootstrap.sh", Body=b"somebody else's")
    assert bootstrap(environ, "--upload") != 0
    assert (
        "s3://lake/configured/bootstrap.sh: a file with other content is there; give --replace"
        in capsys.readouterr().err
    )
    assert [item.key for item in bucket.objects.all()] == ["configured/bootstrap.sh"]
    assert bootstrap(environ, "--upload", "--replace") == 0
    assert "replaced   s3://lake/configured/bootstrap.sh" in capsys.readouterr().out


def test_a_cluster_starts_from_the_input_of_boto3(environ: dict[str, str], tmp_path: Path) -> None:
    assert bootstrap(environ) == 0
    emr = boto3.client("emr", endpoint_url=environ["AWS_ENDPOINT_URL"], region_name=REGION)
    cluster = emr.run_job_flow(**json.loads((tmp_path / "kit" / "cluster.json").read_text()))["JobFlowId"]
    (action,) = emr.list_bootstrap_actions(ClusterId=cluster)["BootstrapActions"]
    assert action == {"Name": "sparklineage", "ScriptPath": "s3://lake/configured/bootstrap.sh", "Args": []}
    found = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Configurations"]
    assert found == json.loads((tmp_path / "kit" / "configurations.json").read_text())


def test_the_commands_of_the_page_do_what_it_says(environ: dict[str, str], tmp_path: Path, bucket: Any) -> None:
    """All three, typed as they stand there, into the real command line of AWS."""
    if shutil.which("aws") is None:
        pytest.skip("the command line of AWS is not installed")
    assert bootstrap(environ, "--s3", "s3://lake/it's a kit") == 0
    page = (tmp_path / "kit" / "README.md").read_text()
    copies, create, step = re.findall(r"   ```sh\n(.*?)   ```", page, re.DOTALL)
    typed(copies, environ, tmp_path)
    there = {item.key: item.get()["Body"].read() for item in bucket.objects.all()}
    assert there["it's a kit/bootstrap.sh"] == (tmp_path / "kit" / "bootstrap.sh").read_bytes()
    assert len(there) == 3
    cluster = typed(create, environ, tmp_path)["ClusterId"]
    emr = boto3.client("emr", endpoint_url=environ["AWS_ENDPOINT_URL"], region_name=REGION)
    (action,) = emr.list_bootstrap_actions(ClusterId=cluster)["BootstrapActions"]
    assert action["ScriptPath"] == "s3://lake/it's a kit/bootstrap.sh"
    described = emr.describe_cluster(ClusterId=cluster)["Cluster"]
    assert described["Configurations"] == json.loads((tmp_path / "kit" / "configurations.json").read_text())
    added = typed(step.replace("j-XXXXXXXXXXXXX", shlex.quote(cluster)), environ, tmp_path)["StepIds"]
    assert emr.describe_step(ClusterId=cluster, StepId=added[0])["Step"]["Config"]["Args"][0] == "spark-example"


def typed(commands: str, environ: dict[str, str], folder: Path) -> Any:
    """What bash and the command line of AWS make of it, which for EMR takes an endpoint from its option alone."""
    commands = f'aws() {{ command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }}\n{commands}'
    ended = subprocess.run(
        ["bash", "-eu", "-c", commands], cwd=folder / "kit", env={**environ, "AWS_DEFAULT_OUTPUT": "json"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.startswith("{") else None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--s3", "/mnt/x"], "nodes of EMR fetch it from S3"),
        (["--release", "emr-1.0"], "emr-1.0"),
        (["--argument", "x"], "--argument and --class need --application URI"),
        (["--agent-jar", "nowhere.jar"], "nowhere.jar"),
        (["--proxy", "http://a:canary-8@b"], "--proxy holds a password"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    environ: dict[str, str], words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap(environ, *words) != 0
    shown = capsys.readouterr()
    assert says in shown.err
    assert (shown.out, "canary" in shown.err, "Traceback" in shown.err) == ("", False, False)


@pytest.mark.parametrize("place", ["s3://lake/a//b", "s3://lake//a", "s3://l/a", f"s3://lake/{'a' * 1000}"])
def test_a_place_is_refused_alike_with_and_without_an_upload(
    environ: dict[str, str], tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for words in ([], ["--upload"]):
        assert bootstrap(environ, "--s3", place, *words) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        said.append(shown.err)
    assert said[0] == said[1]
    assert f"{place}: " in said[0]
    assert not (tmp_path / "kit").exists()


def test_a_missing_release_is_asked_for(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sparklineage.yml").write_text(SPEC.replace("release: emr-7.10.0, ", ""))
    assert bootstrap(environ) != 0
    assert "give --release, such as emr-7.10.0" in capsys.readouterr().err
    (tmp_path / "sparklineage.yml").write_text(SPEC.replace(", artifacts: 's3://lake/configured'", ""))
    assert bootstrap(environ) != 0
    assert "give --s3 s3://BUCKET/PREFIX" in capsys.readouterr().err
