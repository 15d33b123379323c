"""A real server of Spark Connect under the agent, and a client with steps: two applications, one graph."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.model import event as ol
from tests.real.hidden.delta import fetched
from tests.real.hidden.untouched import Journal, differences
from tests.real.submission import REPOSITORY, SECONDS, SPARKS, Scene, by_run, ended, spark_home, state, wait_for
from tests.real.yarn.daemons import free_ports
from tests.support.receiver import Event, Receiver

pytestmark = pytest.mark.spark

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
OF_SPARK_35 = Artifact(
    group="org.apache.spark",
    name="spark-connect_2.12",
    version="3.5.7",
    sha512="36ceb863afc1002d1c2a79d4d543ceff1aa71828473b394b3aab08590fa68e3a"
    "f590b2b98a09229e7d9483cafef690113ce2bcd39b80cce34cd6deaafa4b22eb",
)
"""The newest that everybody can have; from 4.0 on it is one of Spark's own JARs."""


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def _is_over(events: list[Event], run: str) -> bool:
    return any(ol.run_id(event) == run and event["eventType"] in ol.TERMINAL for event in events)


def _for_client(scene: Scene, backend: str) -> dict[str, str]:
    """An environment with the Python of the same Spark, and a journal of its own."""
    path = f"{REPOSITORY}:{spark_home(scene.spark).parent}"
    journal = str(scene.folder / "client")
    environ = scene.clean_environ(OPENLINEAGE_URL=backend, SPARKLINEAGE_JOURNAL=journal, PYTHONPATH=path)
    return {name: value for name, value in environ.items() if name != "SPARK_HOME"}


def _datasets(events: list[Event], side: str) -> set[tuple[str, str]]:
    return {(item["namespace"], item["name"]) for event in events for item in ol.datasets(event, side)}


@pytest.mark.parametrize("spark", ["4.2", "4.0", "3.5"])
def test_steps_of_a_client_meet_the_servers_queries(spark: str, tmp_path: Path) -> None:
    scene, written = Scene(folder=tmp_path, spark=spark), str(tmp_path / "written")
    (port,) = free_ports(1)
    jars = ["--jars", str(*fetched([OF_SPARK_35]))] if spark == "3.5" else []
    binding = {"port": port, "address": "127.0.0.1"}
    options = [
        word for key, value in binding.items() for word in ("--conf", f"spark.connect.grpc.binding.{key}={value}")
    ]
    with Receiver(marquez=False) as backend:
        submit = scene.command("submit", *scene.quiet(), *jars, *options, "--class", SERVER, "spark-internal")
        server = scene.start(submit, OPENLINEAGE_URL=backend.url)
        try:
            wait_for(lambda: _answers(port), server)
            client = subprocess.run(
                [sys.executable, Path(__file__).with_name("connect_client.py"), f"sc://127.0.0.1:{port}", written],
                cwd=tmp_path, env=_for_client(scene, backend.url), capture_output=True, text=True, timeout=SECONDS,
                check=False,
            )  # fmt: skip
        finally:
            server.send_signal(signal.SIGTERM)
            done = ended(server)
        assert client.returncode == 0, client.stderr[-4000:] + done.stderr[-4000:]
        said = json.loads(client.stdout.splitlines()[-1])
        # What delivers for the client outlives it.
        wait_for(lambda: _is_over(list(backend.events), said["run"]))
    version = SPARKS[spark][0]
    assert said == {
        "server": version, "client": version, "run": said["run"], "count": 3, "failure": "StreamingQueryException",
    }  # fmt: skip
    runs = by_run(list(backend.events))

    # The client's step is a run of its own application, with what its function reads on the server.
    steps = {run[0]["job"]["name"]: run for run in runs.values() if ol.job_type(run[0]) == "STEP"}
    assert sorted(steps) == [f"night_harbour.{name}" for name in ("inner", "load", "ships", "wrecks")]
    inner, load, ships, wrecks = (steps[name] for name in sorted(steps))
    assert (state(load), state(runs[said["run"]])) == ("COMPLETE", "COMPLETE")
    assert {ol.run_facets(event)["parent"]["run"]["runId"] for event in load} == {said["run"]}
    assert _datasets(load, "inputs") == {("s3://rates", "feed"), ("https://rates.example.com", "/v1")}
    # What a step inside of another one writes comes from what that one reads, on one run.
    assert (_datasets(inner, "inputs"), _datasets(inner, "outputs")) == (
        {("s3://rates", "outer")}, {("acme://erp", "/masts")},
    )  # fmt: skip
    # A stream whose batches run on the server is one run, with what is declared of it and the end that it had.
    assert (state(ships), state(wrecks)) == ("COMPLETE", "FAIL")
    assert _datasets(ships, "inputs") == {("s3://rates", "ships")}
    assert _datasets(ships, "outputs") == {("acme://erp", "/ships")}
    assert _datasets(wrecks, "outputs") == {("acme://erp", "/wrecks")}
    # A server of 3.5 does not keep what the Python of its batch has raised.
    failure = "STREAM_FAILED" if spark == "3.5" else "no harbour"
    assert failure in ol.run_facets(wrecks[-1])["errorMessage"]["message"]
    for event in (*ships, *wrecks):
        assert event["job"]["facets"]["jobType"]["processingType"] == "STREAMING"
        assert ol.run_facets(event)["parent"]["run"]["runId"] == said["run"]
    # What the server's query writes is what the step says that it writes.
    (query,) = [run for run in runs.values() if ("file", written) in _datasets(run, "outputs") and run != load]
    assert state(query) == "COMPLETE"
    assert _datasets(load, "outputs") == _datasets(query, "outputs") == {("file", written)}
    server_run = scene.run.run_id
    assert ol.run_facets(query[-1])["parent"]["run"]["runId"] == server_run
    assert state(runs[server_run]) == "ABORT"
    servers = {ol.run_id(event) for event in scene.events()}
    assert differences(Journal(scene.run), [event for event in backend.events if ol.run_id(event) in servers]) == []
