"""The bootstrap action of EMR, run by the real AWS command line on a node that has no Spark yet."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
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


def until(what: Callable[[], bool], seconds: float = 90) -> None:
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
    with watching(node.tree) as seen:
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


_SYSTEMCTL = """#!/bin/bash
# Writes down what it is asked; nothing is active until something was started.
[[ $* == is-active* ]] && exec test -e /run/started
echo "$*" >>/run/systemctl
[[ $* != *restart* ]] || touch /run/started
"""


@pytest.fixture
def managed(node: EmrNode) -> EmrNode:
    """A node on which systemd seems to run."""
    node.tree.shell("mkdir -p /run/systemd/system; rm -f /usr/bin/systemctl /bin/systemctl")
    node.tree.write("/usr/bin/systemctl", _SYSTEMCTL, mode="755")
    return node


def test_systemd_is_given_a_unit_and_told_once(managed: EmrNode, made: Kit) -> None:
    started = ["daemon-reload", "enable --quiet sparklineage-relay.service",
               "restart --no-block sparklineage-relay.service"]  # fmt: skip
    assert managed.bootstrap(made.script).status == 0
    assert managed.tree.read("/run/systemctl").splitlines() == started
    assert managed.relays() == []
    managed.bootstrap(made.script)
    assert managed.tree.read("/run/systemctl").splitlines() == started
    managed.tree.shell("rm /run/started")
    managed.bootstrap(made.script)
    assert managed.tree.read("/run/systemctl").splitlines() == started * 2


def test_systemd_understands_the_unit_and_its_command_runs(managed: EmrNode, made: Kit) -> None:
    assert managed.bootstrap(made.script).status == 0
    path = "/etc/systemd/system/sparklineage-relay.service"
    if shutil.which("systemd-analyze"):
        verified = managed.tree.run(["systemd-analyze", "verify", path])
        assert (verified.status, verified.stdout + verified.stderr) == (0, "")
    settings = dict(line.split("=", 1) for line in managed.tree.read(path).splitlines() if re.match(r"[A-Z]\w+=", line))
    assert settings["User"] == "sparklineage"
    relay = managed.tree.start(shlex.split(settings["ExecStart"]), user="sparklineage")
    log = "/var/log/sparklineage/relay.log"
    until(lambda: managed.tree.exists(log) and "the secrets for" in managed.tree.read(log))
    (pid,) = [pid for pid, user, _args in managed.tree.processes() if user == "sparklineage"]
    managed.tree.shell('kill "$1"', str(pid))
    assert relay.communicate(timeout=60) == ("", "")
    assert relay.returncode == 0


def test_the_loop_starts_the_relay_anew_when_it_dies(node: EmrNode, made: Kit) -> None:
    assert node.bootstrap(made.script).status == 0
    assert complete(node)
    (first,) = [pid for pid, _user, args in node.tree.processes() if "relay.pyz watch" in args and "loop" not in args]
    node.tree.shell('kill -9 "$1"', str(first))
    until(lambda: [pid for pid, _u, args in node.tree.processes() if "relay.pyz watch" in args and "loop" not in args]
          not in ([first], []))  # fmt: skip
