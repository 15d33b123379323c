"""The bootstrap action of EMR, run by the real AWS command line on a node that has no Spark yet."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable

import pytest

from tests.real.node.cloud import KEY, Cloud, Kit, kit
from tests.real.node.emr import EmrNode
from tests.real.node.watch import watching
from tests.support.receiver import Receiver

pytestmark = pytest.mark.service

AGENT, OLDER = "openlineage-spark_2.12-1.53.0.jar", "openlineage-spark_2.12-1.37.0.jar"
WITNESS = r"sparklineage-witness-.*\.jar"


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, services: Cloud, backend: Receiver) -> Kit:
    """A kit with an older agent."""
    return kit(tmp_path_factory.mktemp("older") / "emr", services, backend.url, agent="1.37.0", name="older")


def complete(node: EmrNode, agent: str = AGENT) -> bool:
    """Whether Spark finds the witness and this agent, and no other, and one relay runs under its own account."""
    first, second = node.jars()
    assert (first, bool(re.fullmatch(WITNESS, second))) == (agent, True)
    until(lambda: len(node.relays()) == 1)
    assert [user for user, _args in node.relays()] == ["sparklineage"]
    return True


def test_the_node_comes_up_with_everything_in_its_place(node: EmrNode, made: Kit) -> None:
    with watching() as seen:
        ended = node.bootstrap(made.script)
        assert (ended.status, ended.stdout) == (0, ""), ended.stderr
        assert complete(node)
        until(lambda: "backend: " in node.log())
    state = node.state()
    jar = hashlib.sha256(made.objects[made.key(AGENT)]).hexdigest()
    assert state[f"/opt/sparklineage/lib/{AGENT}"] == ("f", "644", "root:root", jar)
    assert state[f"/usr/lib/spark/jars/{AGENT}"][::3] == ("l", f"/opt/sparklineage/lib/{AGENT}")
    assert state["/var/lib/sparklineage/spool"][:3] == ("d", "3773", "sparklineage:sparklineage")
    assert not [path for path in state if "/.sparklineage" in path]
    assert "failed" not in node.log()
    assert re.search(r"sparklineage: done in \d+ s$", ended.stderr)
    # The key is in the relay's memory by now, and nowhere else.
    assert seen.having("relay.pyz watch")
    assert seen.having("get-parameter")
    assert not seen.having(KEY)
    assert node.tree.written_with(KEY) == []
    assert KEY not in ended.stdout + ended.stderr


def test_a_second_run_changes_nothing(node: EmrNode, made: Kit) -> None:
    node.bootstrap(made.script)
    assert complete(node)
    before, relays = node.state(), node.tree.processes()
    ended = node.bootstrap(made.script)
    assert ended.status == 0, ended.stderr
    assert node.state() == before
    running = {pid for pid, _user, args in relays if "relay.pyz watch" in args}
    assert running <= {pid for pid, _user, _args in node.tree.processes()}
    assert complete(node)


@pytest.mark.parametrize("upwards", [True, False], ids=["upgrade", "downgrade"])
def test_one_clean_installation_follows_another(node: EmrNode, made: Kit, older: Kit, upwards: bool) -> None:
    first, second = (older, made) if upwards else (made, older)
    node.bootstrap(first.script)
    assert complete(node, OLDER if upwards else AGENT)
    ended = node.bootstrap(second.script)
    assert ended.status == 0, ended.stderr
    assert complete(node, AGENT if upwards else OLDER)
    gone = OLDER if upwards else AGENT
    assert not [path for path in node.state() if path.endswith(gone) or "/.sparklineage" in path]
