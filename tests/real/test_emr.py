"""What EMR would execute, executed: a node's script and its step, and the job runs of Serverless and EKS.

The command line of AWS, the fetching of secrets by EMR, and Kubernetes are stood in for.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from sparklineage.model.conf_properties import properties_text
from sparklineage.targets import Application
from tests.real.submission import SPARKS, Scene, spark_home
from tests.support.receiver import Receiver
from tests.unit.targets.aws_orders import order, read, render, text_of

pytestmark = pytest.mark.spark

CANARY = "canary-51ab'\"$(id)"
FILE = "/etc/sparklineage/openlineage.yml"
JOB = """\
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("flights").getOrCreate()
spark.range(3).write.parquet(sys.argv[1])
spark.stop()
"""


def artifacts(folder: Path) -> Path:
    """A folder with the agent under the name that the target gives it."""
    known: Artifact = choose(*SPARKS["3.5"])
    places = sources(home=Path.home(), environ=os.environ, spark_home=spark_home("3.5"))
    jar = fetch(known, cache=default_cache(os.environ, Path.home()), sources=places)
    folder.mkdir()
    (folder / known.file_name).symlink_to(jar)
    return folder


def prepare(script: str, folder: Path) -> None:
    """Run the script as the node would."""
    tools = folder / "tools"
    tools.mkdir()
    answer = json.dumps(json.dumps(CANARY))
    (tools / "aws").write_text(f"#!/usr/bin/env python3\nprint({answer})\n")
    (tools / "aws").chmod(0o755)
    (folder / "node.sh").write_text(script)
    environ = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "node.sh", "etc"], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


def conf_folder(folder: Path, configurations: list[dict[str, Any]]) -> Path:
    """The conf folder of Spark as EMR writes it from its configurations."""
    folder.mkdir()
    for item in configurations:
        if item["Classification"] == "spark-defaults":
            (folder / "spark-defaults.conf").write_text(properties_text(item["Properties"]))
        else:
            (exported,) = item["Configurations"]
            lines = [f"export {name}={value}\n" for name, value in exported["Properties"].items()]
            (folder / "spark-env.sh").write_text("".join(lines))
    return folder


def run_of_a_service(scene: Scene, run: dict[str, Any]) -> Any:
    """Start spark-submit with the properties of a job run, and what the service does about its secrets."""
    (defaults,) = run["configurationOverrides"]["applicationConfiguration"]
    properties, environ = {}, {}
    for key, value in defaults["properties"].items():
        if key.startswith("spark.kubernetes.driverEnv."):
            environ[key.removeprefix("spark.kubernetes.driverEnv.")] = value
        elif key.startswith("spark.kubernetes.driver.secretKeyRef."):
            assert value == f"sparklineage:{key.rpartition('.')[2]}"
            environ[key.rpartition(".")[2]] = json.dumps(CANARY)
        else:
            properties[key] = CANARY if value == "EMR.secret@ol" else value
    listed = [{"Classification": "spark-defaults", "Properties": properties}]
    environ["SPARK_CONF_DIR"] = str(conf_folder(scene.folder / "conf", listed))
    (driver,) = run["jobDriver"].values()
    submit = [str(spark_home("3.5") / "bin" / "spark-submit"), *scene.quiet()]
    return scene.run_command([*submit, driver["entryPoint"], *driver["entryPointArguments"]], **environ)


@pytest.mark.parametrize("platform", ["emr-serverless", "emr-containers"])
def test_a_job_run_reports_with_its_key(tmp_path: Path, platform: str) -> None:
    scene = Scene(folder=tmp_path, spark="3.5")
    (tmp_path / "job.py").write_text(JOB)
    with Receiver() as backend:
        auth = {"type": "api_key", "apiKey": "aws-secretsmanager:ol"}
        given = order(
            tmp_path,
            platform,
            release="emr-7.5.0",
            section={"artifacts": str(artifacts(tmp_path / "jars"))},
            application=Application(uri=str(tmp_path / "job.py"), arguments=(str(tmp_path / "out put"),)),
            transport={"type": "http", "url": backend.url, "auth": auth},
        )
        ended = run_of_a_service(scene, read(render(given, platform), "job-run.json"))
    assert ended.status == 0, ended.stderr
    assert {event["eventType"] for event in backend.events} >= {"START", "COMPLETE"}
    assert {headers.get("Authorization") for headers in backend.seen_headers} == {f"Bearer {CANARY}"}


@pytest.mark.parametrize("form", ["a step with everything", "a cluster with its configurations"])
def test_a_step_reports_with_the_key_of_its_node(tmp_path: Path, form: str) -> None:
    scene = Scene(folder=tmp_path, spark="3.5")
    (tmp_path / "job.py").write_text(JOB)
    with Receiver() as backend:
        rendered = render(
            order(
                tmp_path,
                "emr",
                release="emr-7.5.0",
                section={"artifacts": str(artifacts(tmp_path / "jars"))},
                application=Application(uri=str(tmp_path / "job.py"), arguments=(str(tmp_path / "out put"),)),
                transport={"type": "http", "url": backend.url, "auth": {"type": "api_key", "apiKey": "aws-ssm:/ol"}},
                delivery={"mode": "direct"},
            ),
            "emr",
        )
        prepare(text_of(rendered, "node.sh"), tmp_path)
        environ = {}
        if form == "a step with everything":
            args = read(rendered, "steps.json")["Steps"][-1]["HadoopJarStep"]["Args"]
        else:
            args = read(rendered, "cluster.json")["Steps"][-1]["HadoopJarStep"]["Args"]
            configurations = json.loads(text_of(rendered, "configurations.json").replace(FILE, "etc/openlineage.yml"))
            environ["SPARK_CONF_DIR"] = str(conf_folder(tmp_path / "conf", configurations))
        args = [word.replace(FILE, "etc/openlineage.yml") for word in args]
        at = args.index("spark-submit")
        args[at : at + 1] = [str(spark_home("3.5") / "bin" / "spark-submit"), *scene.quiet()]
        ended = scene.run_command(args, **environ)
    assert ended.status == 0, ended.stderr
    assert {event["eventType"] for event in backend.events} >= {"START", "COMPLETE"}
    assert {event["job"]["namespace"] for event in backend.events} == {"prod"}
    assert {headers.get("Authorization") for headers in backend.seen_headers} == {f"Bearer {CANARY}"}
    assert CANARY not in ended.stdout.decode() + ended.stderr + str(backend.events)
