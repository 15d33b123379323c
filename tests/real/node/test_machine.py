"""install.sh on a machine with a Spark: by its spark-defaults.conf a job of another user is traced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.node.plain import KEY, USER, PlainNode, plain_node, write_kit
from tests.real.node.test_boot import until
from tests.real.node.tree import missing
from tests.real.node.watch import watching
from tests.support.receiver import Event, Receiver

pytestmark = [pytest.mark.service, pytest.mark.skipif(bool(missing()), reason=missing())]

HOME = "/opt/spark"
SPEC = """\
namespace: prod
transport: {{type: http, url: "{url}", auth: {{type: api_key, apiKey: "env:LINEAGE_KEY"}}}}
agent: {{version: 1.53.0}}
platforms: {{spark-defaults: {{release: "3.5"}}}}
"""
JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("flights").getOrCreate()
spark.range(3).write.parquet("/home/ana/numbers")
spark.read.parquet("/home/ana/numbers").selectExpr("id * 2 AS twice").write.parquet("/home/ana/twice")
spark.stop()
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory, backend: Receiver) -> Path:
    text = SPEC.format(url=backend.url)
    return write_kit(tmp_path_factory.mktemp("machine") / "made", "machine", text, "--spark-home", HOME)


@pytest.fixture
def node(tmp_path: Path, kit: Path) -> Iterator[PlainNode]:
    with plain_node(tmp_path / "node", kit, spark="3.5", home=HOME) as found:
        yield found


def ends(events: list[Event]) -> list[Event]:
    return [event for event in events if event["job"]["name"] == "flights" and event["eventType"] != "START"]


@pytest.mark.spark
def test_a_job_of_another_user_is_traced(node: PlainNode, backend: Receiver) -> None:
    before = node.conf
    with watching(node.tree) as seen:
        ended = node.script("install.sh", environ={"LINEAGE_KEY": KEY})
        assert ended.status == 0, ended.stderr
        assert f"every application of {HOME} is traced now" in ended.stderr
        assert [user for user, _ in node.relays()] == ["sparklineage"]
        assert len(node.jars()) == 2
        ran = node.job(JOB)
        assert ran.status == 0, ran.stderr
        until(lambda: bool(ends(backend.events)))
        events = list(backend.events)
    assert [event["eventType"] for event in ends(events)] == ["COMPLETE"]
    written = {each["name"] for event in events for each in event.get("outputs") or ()}
    assert written == {"/home/ana/numbers", "/home/ana/twice"}
    told = [event["run"]["facets"]["sparklineage_cluster"] for event in events]
    assert {(one["platform"], one["user"]) for one in told} == {("machine", USER)}
    assert {headers.get("Authorization") for headers in backend.seen_headers if "Authorization" in headers} == {
        f"Bearer {KEY}"
    }
    # Of the key the relay's user alone knows: neither the job's user nor a list of processes.
    assert not [one for one in seen.command_lines if KEY in one]
    where = "/etc/sparklineage/keys/LINEAGE_KEY"
    assert [f"/{name.partition('/')[2]}" for name in node.tree.written_with(KEY)] == [where]
    assert node.tree.run(["cat", where], user=USER).status != 0
    assert node.tree.run(["cat", where], user="sparklineage").stdout.strip() == KEY
    gone = node.script("install.sh", "--uninstall")
    assert gone.status == 0, gone.stderr
    assert (node.conf, node.jars(), node.relays()) == (before, [], [])
    # What was told of the run is still there.
    assert "the journals in /var/lib/sparklineage/spool stay" in gone.stderr


def test_a_machine_is_as_it_was_after_a_failure_and_after_an_uninstall(node: PlainNode) -> None:
    before = node.left(), node.jars(), node.conf
    failed = node.script("install.sh")
    assert (failed.status, "LINEAGE_KEY is not set" in failed.stderr.splitlines()[-1]) == (1, True), failed.stderr
    assert (node.left(), node.jars(), node.conf) == before
    assert node.script("install.sh", environ={"LINEAGE_KEY": KEY}).status == 0
    assert node.script("install.sh", "--uninstall").status == 0
    assert (node.left(), node.jars(), node.conf, node.relays()) == (*before, [])
    assert node.tree.run(["id", "sparklineage"]).status != 0


def test_whoever_is_not_root_is_told(node: PlainNode) -> None:
    node.tree.shell("cp -r /root/kit /home/ana/kit && chmod -R a+rX /home/ana/kit")
    ended = node.tree.run(["bash", "/home/ana/kit/install.sh"], user=USER)
    assert (ended.status, ended.stderr.count("\n")) == (1, 1)
    assert "this takes root" in ended.stderr
