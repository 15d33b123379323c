"""The bootstrap action is killed while it runs: no file is there by halves, jobs start, and a second run heals."""

from __future__ import annotations

import os
import random
import re

import pytest

from tests.real.node.cloud import Cloud, Kit
from tests.real.node.emr import EmrNode, emr_node
from tests.real.node.test_boot import until
from tests.support.receiver import Receiver

pytestmark = pytest.mark.service

PLACES = 10
SEED = os.environ.get("SPARKLINEAGE_TEST_SEED") or str(random.randrange(10**9))  # noqa: S311
"""Set the variable to the seed of a failure to get its places again."""

State = dict[str, tuple[str, str, str, str]]

_TRACED = """
echo 'Defaults env_keep += "BASH_ENV"' >/etc/sudoers.d/trace
cat >/run/trace.sh <<'TRACE'
if [[ $0 == */bootstrap.sh && $EUID == 0 ]]; then
  set -T
  trap '%s' DEBUG
fi
TRACE
"""
_KILL_SCRIPT = "kill -9 $$ $BASHPID"
_KILL_ALL = "kill -9 -1; kill -9 $BASHPID"


def boot(node: EmrNode, made: Kit, trap: str) -> int:
    """Run it with a trap before every command; returns its status."""
    node.tree.shell(_TRACED % trap)
    status = node.bootstrap(made.script, environ={"BASH_ENV": "/run/trace.sh"}).status
    node.tree.shell("rm -f /etc/sudoers.d/trace /run/trace.sh")
    return status


@pytest.fixture(scope="module")
def ends(
    tmp_path_factory: pytest.TempPathFactory, services: Cloud, made: Kit, backend: Receiver
) -> tuple[list[int], State, State]:
    """The lines of the script that run, and what it leaves behind with and without the objects."""
    with emr_node(tmp_path_factory.mktemp("whole") / "node", services.url, backend.port) as node:
        assert boot(node, made, 'printf "%s\\n" "$LINENO" >>/run/lines') == 0
        lines = sorted({int(line) for line in node.tree.read("/run/lines").split()})
        whole = node.state()
    with emr_node(tmp_path_factory.mktemp("less") / "node", services.url, backend.port) as node, services.denying():
        assert node.bootstrap(made.script).status == 0
        less = node.state()
    return lines, whole, less


@pytest.mark.parametrize("number", range(PLACES))
def test_killed_anywhere(node: EmrNode, made: Kit, ends: tuple[list[int], State, State], number: int) -> None:
    lines, whole, less = ends
    chosen = random.Random(f"{SEED} {number}")  # noqa: S311
    line, all_of_it = chosen.choice(lines), number % 2 == 1
    text = made.script.read_text().splitlines()[line - 1].strip()
    where = f"seed {SEED}: killed {'everything' if all_of_it else 'the script'} at line {line}: {text}"
    print(where)
    kill = _KILL_ALL if all_of_it else _KILL_SCRIPT
    status = boot(node, made, f"[[ $LINENO == {line} && ! -e /run/killed ]] && {{ : >/run/killed; {kill}; }}")
    assert node.tree.exists("/run/killed"), where
    until(lambda: not [args for _pid, _user, args in node.tree.processes() if "bootstrap.sh" in args])
    for path, found in node.state().items():
        if found[0] != "d" and not re.search(r"/\.sparklineage\.[^/]*$", path):
            assert found in (whole.get(path), less.get(path)), f"{where}: {path}"
    if not all_of_it:
        assert status == 0, where
        assert startable(node.jars()), where
    again = node.bootstrap(made.script)
    assert again.status == 0, where
    assert node.state() == whole, where
    assert len(node.relays()) == 1, where


def startable(jars: list[str]) -> bool:
    """Whether the classes of both listeners are there."""
    starts = {re.sub(r"[-_](absent|witness|2).*", r"-\1", jar) for jar in jars}
    return "sparklineage-witness" in starts and bool(starts & {"sparklineage-absent", "openlineage-spark-2"})
