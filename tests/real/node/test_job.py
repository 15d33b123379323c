"""A job on a node of EMR, with the rendered configurations and nothing else: its lineage arrives complete and true."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.real.node.cloud import KEY, Cloud, Kit, kit
from tests.real.node.emr import CLUSTER, STEP, EmrNode, lacking
from tests.real.node.network import reaching
from tests.real.node.test_boot import until
from tests.real.node.watch import watching
from tests.real.submission import spark_home
from tests.support.receiver import Event, Receiver

pytestmark = [pytest.mark.spark, pytest.mark.skipif(bool(lacking()), reason=lacking())]

JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("flights").getOrCreate()
spark.range(3).write.parquet("/mnt/tmp/numbers")
spark.read.parquet("/mnt/tmp/numbers").selectExpr("id * 2 AS twice").write.parquet("/mnt/tmp/twice")
try:
    spark.read.parquet("/mnt/tmp/twice").write.parquet("/mnt/tmp/numbers")
except Exception as problem:
    print("failed as it should:", type(problem).__name__)
spark.stop()
"""


def ended(events: list[Event]) -> bool:
    """Whether the application has had its last word."""
    return any(event["job"]["name"] == "flights" and event["eventType"] != "START" for event in events)


def wait(backend: Receiver, seconds: float = 120) -> list[Event]:
    """All events, once the application's last is there and nothing has followed for a while."""
    end = time.monotonic() + seconds
    while not ended(backend.events):
        assert time.monotonic() < end, [event["job"]["name"] for event in backend.events]
        time.sleep(0.2)
    time.sleep(2)
    return list(backend.events)


def check(events: list[Event], *, key: str = KEY) -> None:
    """Complete and true, each event once."""
    counted = Counter((event["run"]["runId"], event["eventType"], event["eventTime"]) for event in events)
    assert max(counted.values()) == 1, counted
    runs: dict[str, list[Event]] = {}
    for event in events:
        runs.setdefault(event["run"]["runId"], []).append(event)
    application = [found for found in runs.values() if found[0]["job"]["name"] == "flights"]
    assert [[event["eventType"] for event in found] for found in application] == [["START", "COMPLETE"]]
    writes = {tuple(sorted(names(found, "inputs"))): found for found in runs.values() if names(found, "outputs")}
    assert {read: names(found, "outputs") for read, found in writes.items()} == {
        (): {"/mnt/tmp/numbers"},
        ("/mnt/tmp/numbers",): {"/mnt/tmp/twice"},
        ("/mnt/tmp/twice",): {"/mnt/tmp/numbers"},
    }
    ends = {read: found[-1]["eventType"] for read, found in writes.items()}
    assert ends == {(): "COMPLETE", ("/mnt/tmp/numbers",): "COMPLETE", ("/mnt/tmp/twice",): "FAIL"}
    for event in events:
        cluster = event["run"]["facets"]["sparklineage_cluster"]
        told = {name: cluster.get(name) for name in ("platform", "clusterId", "stepId", "user")}
        assert told == {"platform": "emr", "clusterId": CLUSTER, "stepId": STEP, "user": "hadoop"}
    assert {event["job"]["namespace"] for event in events} == {"prod"}
    assert key not in json.dumps(events)


def names(events: list[Event], side: str) -> set[str]:
    return {each["name"] for event in events for each in event.get(side) or ()}


def test_a_step_is_traced_without_anything_of_its_own(node: EmrNode, made: Kit, backend: Receiver) -> None:
    before = len(backend.events)
    with watching(node.tree) as seen:
        assert node.bootstrap(made.script).status == 0
        node.install_spark(spark_home("3.5"), made.configurations)
        ran = node.step(JOB)
        assert ran.status == 0, ran.stderr
        assert "failed as it should" in ran.stdout
        events = wait(backend)[before:]
    check(events)
    assert {headers.get("Authorization") for headers in backend.seen_headers[before:]} == {f"Bearer {KEY}"}
    assert seen.having("SparkSubmit")
    assert not seen.having(KEY)
    assert node.tree.written_with(KEY) == []
    assert others(node, "nobody") == []


def others(node: EmrNode, user: str) -> list[str]:
    """What another user can read of the journals."""
    script = "find /var/lib/sparklineage -type f -exec head -c1 {} \\; -print 2>/dev/null; true"
    listed = node.tree.run(["bash", "-c", script], user=user).stdout
    return [line for line in listed.splitlines() if "ndjson" in line]


def test_nothing_is_lost_where_the_backend_comes_up_after_the_job(
    tmp_path: Path, node: EmrNode, services: Cloud
) -> None:
    """On the newest release, whose Spark is another and whose Scala too."""
    with Receiver() as backend:
        later = backend.port
    made = kit(tmp_path / "kit", services, f"http://127.0.0.1:{later}", release="emr-spark-8.0.0", name="later")
    assert node.bootstrap(made.script).status == 0
    until(lambda: "backend: hint: " in node.log())
    node.install_spark(spark_home("4.0"), made.configurations)
    ran = node.step(JOB)
    assert ran.status == 0, ran.stderr
    with Receiver(port=later) as backend, reaching(node.tree, later):
        check(wait(backend))


def test_a_job_starts_on_a_node_that_got_nothing(node: EmrNode, made: Kit) -> None:
    """The agent's place is taken by a class that Spark leaves out."""
    with made.services.denying():
        assert node.bootstrap(made.script).status == 0
    node.install_spark(spark_home("3.5"), made.configurations)
    ran = node.step(JOB)
    assert ran.status == 0, ran.stderr
    assert "failed as it should" in ran.stdout
    assert "io.openlineage.spark.agent.OpenLineageSparkListener" in ran.stderr
