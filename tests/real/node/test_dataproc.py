"""The initialization action of Dataproc on a node with its layout; a bucket and Secret Manager are stood in for."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.kits.dataproc import CONF_FILE
from sparklineage.targets.vendor import LISTENER
from tests.real.node.plain import KEY, PlainNode, plain_node, write_kit
from tests.real.node.test_boot import until
from tests.real.node.tree import missing
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.service, pytest.mark.skipif(bool(missing()), reason=missing())]

HOME = "/usr/lib/spark"
WHERE = "/run/sparklineage/keys/LINEAGE_KEY"
SPEC = """\
namespace: prod
transport: {{type: http, url: "{url}", auth: {{type: api_key, apiKey: "env:LINEAGE_KEY"}}}}
agent: {{version: 1.53.0}}
platforms: {{dataproc: {{release: "2.2", artifacts: "gs://bucket/lineage"}}}}
"""
METADATA = "#!/bin/bash\n[[ $1 == attributes/dataproc-cluster-name ]] && echo nightly\n"
ENVIRON = {"DATAPROC_IMAGE_VERSION": "2.2"}


@pytest.fixture(scope="module")
def backend() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory, backend: Receiver) -> Path:
    return write_kit(tmp_path_factory.mktemp("dataproc") / "made", "dataproc", SPEC.format(url=backend.url))


@pytest.fixture
def node(tmp_path: Path, kit: Path) -> Iterator[PlainNode]:
    with plain_node(tmp_path / "node", kit, spark="3.5", home=HOME) as found:
        found.tree.shell("mkdir -p /cloud/bucket && cp -r /root/kit /cloud/bucket/lineage")
        found.tree.write("/usr/share/google/get_metadata_value", METADATA, mode="755")
        yield found


def run(node: PlainNode) -> str:
    """What the action says; the cluster comes up in any case."""
    ended = node.script("init-action.sh", environ=ENVIRON)
    assert ended.status == 0, ended.stderr
    return ended.stderr.splitlines()[-1]


def test_a_node_gets_everything_and_a_second_run_changes_nothing(node: PlainNode) -> None:
    assert "done in" in run(node)
    assert len(node.jars()) == 2
    assert [user for user, _ in node.relays()] == ["sparklineage"]
    assert "spark.extraListeners io.sparklineage.Witness,io.openlineage" in node.conf
    told = json.loads(node.tree.read("/etc/sparklineage/relay.json"))
    assert told["cluster"] == {"clusterId": "nightly", "releaseLabel": "2.2"}
    # In memory, and of the relay's user alone.
    assert [f"/{name.partition('/')[2]}" for name in node.tree.written_with(KEY)] == [WHERE]
    entry = node.tree.entries(WHERE)[WHERE]
    assert (entry.mode, entry.owner) == ("400", "sparklineage:sparklineage")
    assert node.tree.run(["cat", WHERE], user="sparklineage").stdout == KEY
    until(lambda: "backend: " in node.tree.read("/var/log/sparklineage/bootstrap.log"))
    before = node.left(), node.conf, node.tree.processes()
    assert "done in" in run(node)
    assert (node.left(), node.conf) == before[:2]
    assert {one for one in before[2] if "relay" in one[2]} <= set(node.tree.processes())


CASES = {
    "bucket": ("rm /cloud/bucket/lineage/*.jar", "files: .*\\.jar"),
    "digest": ("echo x >/cloud/bucket/lineage/relay.pyz", "files: gs://bucket/lineage/relay.pyz has SHA-256"),
    "Python": ("rm -f /usr/bin/python3* /usr/local/bin/python3*", "relay: there is no Python 3.9 or later"),
    "Spark": ("rm -rf /usr/lib/spark", "Spark: /usr/lib/spark/jars is not there"),
    "other Scala": (
        "cd /usr/lib/spark/jars && mv scala-library-2.12* scala-library-2.13.16.jar", "Spark: .* has Scala 2.13.16"
    ),
    "own agent": (
        f"echo spark.extraListeners=x.Y,{LISTENER} >>/etc/spark/conf/spark-defaults.conf",
        "Spark: Dataproc's own agent is on; create the cluster with dataproc:dataproc.lineage.enabled=false",
    ),
    "read-only": ("mount -t tmpfs opt /opt && mount -o remount,ro /opt", "folders: .*Read-only file system"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_whatever_fails_the_cluster_starts_and_no_listener_is_named(node: PlainNode, name: str) -> None:
    trouble, cause = CASES[name]
    node.tree.shell(trouble)
    before = node.conf
    assert re.search(f"not everything is there: .*{cause}", run(node))
    assert node.conf == before


def test_what_was_named_before_a_failure_is_named_no_more(node: PlainNode) -> None:
    before = node.conf
    run(node)
    node.tree.shell("rm -rf /opt/sparklineage/lib /cloud")
    assert "not everything is there: files: " in run(node)
    assert node.conf == before


@pytest.mark.parametrize("mark", [">>> sparklineage", "<<< sparklineage"])
def test_a_lost_mark_costs_nobody_his_properties(node: PlainNode, mark: str) -> None:
    run(node)
    node.tree.shell(f"sed -i '/{mark}/d' {CONF_FILE}; echo spark.mine yes >>{CONF_FILE}")
    before = node.conf, node.jars()
    assert f"configuration: {CONF_FILE}: one of the lines" in run(node)
    # Whatever listeners it names, they are there.
    assert (node.conf, node.jars()) == before


def test_lines_that_end_as_on_windows_are_known(node: PlainNode) -> None:
    run(node)
    node.tree.shell(f"sed -i 's/$/\\r/' {CONF_FILE}")
    assert "done in" in run(node)
    assert (node.conf.count(">>> sparklineage"), node.conf.count("spark.extraListeners")) == (1, 1)


def test_a_key_that_cannot_be_had_is_fetched_when_it_is_there(node: PlainNode) -> None:
    node.tree.shell("mv /usr/bin/gcloud /usr/bin/its && sed 's/LINEAGE_KEY/NO_KEY/' /usr/bin/its >/usr/bin/gcloud")
    node.tree.shell("chmod 755 /usr/bin/gcloud")
    said = run(node)
    assert "keys: the secret LINEAGE_KEY cannot be read; give the service account of the nodes" in said
    # The relay waits for it, and the drivers for nobody.
    assert len(node.relays()) == 1
    assert "spark.extraListeners" in node.conf
    node.tree.shell("mv -f /usr/bin/its /usr/bin/gcloud")
    assert "keys" not in run(node)
    assert node.tree.exists(WHERE)


def test_systemd_fetches_the_key_before_each_start(node: PlainNode) -> None:
    node.tree.shell("mkdir -p /run/systemd/system")
    node.tree.write("/usr/bin/systemctl", '#!/bin/bash\necho "$*" >>/run/systemctl\n', mode="755")
    run(node)
    unit = "/etc/systemd/system/sparklineage-relay.service"
    assert "restart --no-block" in node.tree.read("/run/systemctl")
    lines = node.tree.read(f"{unit}.d/keys.conf").splitlines()
    (command,) = [line.removeprefix("ExecStartPre=+") for line in lines if line.startswith("ExecStartPre=")]
    node.tree.shell("rm -rf /run/sparklineage")
    assert node.tree.run(shlex.split(command), environ={"HOME": ""}).status == 0
    assert node.tree.run(["cat", WHERE], user="sparklineage").stdout == KEY
    if shutil.which("systemd-analyze"):
        verified = node.tree.run(["systemd-analyze", "verify", unit])
        assert (verified.status, verified.stdout + verified.stderr) == (0, "")
