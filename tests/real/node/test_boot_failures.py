"""What may go wrong on a node, done to it: it comes up and jobs start; strict, it says why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import pytest

from tests.real.node.cloud import KEY, Kit
from tests.real.node.emr import EmrNode
from tests.real.submission import REPOSITORY

pytestmark = pytest.mark.service

Trouble = Callable[[EmrNode, Kit], AbstractContextManager[None]]
AGENT, ABSENT, WITNESS = (
    r"openlineage-spark_2\.12-1\.53\.0\.jar",
    r"sparklineage-absent\.jar",
    r"sparklineage-witness-.*\.jar",
)


def on_node(script: str) -> Trouble:
    """Something done to the node beforehand."""

    def trouble(node: EmrNode, _made: Kit) -> AbstractContextManager[None]:
        node.tree.shell(script)
        return nullcontext()

    return trouble


def denied(_node: EmrNode, made: Kit) -> AbstractContextManager[None]:
    return made.services.denying()


def object_missing(_node: EmrNode, made: Kit) -> AbstractContextManager[None]:
    return made.without(".jar")


def another_object(_node: EmrNode, made: Kit) -> AbstractContextManager[None]:
    return made.without(".jar", b"PK\x03\x04 is how a JAR begins")


def disk_almost_full(node: EmrNode, _made: Kit) -> AbstractContextManager[None]:
    node.limit_disk(left=400_000)
    return nullcontext()


@dataclass(frozen=True, kw_only=True)
class Case:
    trouble: Trouble
    cause: str
    """What the line says that names it."""
    agent: str = ABSENT
    """The JAR that has the agent's class."""
    relays: int = 1
    fails: bool = True
    """Whether it is a failure at all."""


PAGE = REPOSITORY / "docs" / "bootstrap.md"
HIDE_PYTHON = "rm -f /usr/bin/python3* /usr/local/bin/python3*"
CASES = {
    "S3 denied": Case(trouble=denied, cause=r"files: .*403.*Forbidden", relays=0),
    "object missing": Case(trouble=object_missing, cause=r"files: .*404.*\.jar"),
    "wrong digest": Case(trouble=another_object, cause=r"files: s3://.*\.jar has SHA-256 \w{64}, and \w{64} is wanted"),
    "disk almost full": Case(trouble=disk_almost_full, cause=r"files: .*No space left", relays=0),
    "no Python": Case(
        trouble=on_node(HIDE_PYTHON), cause="relay: there is no Python 3.9 or later", agent=AGENT, relays=0
    ),
    "no aws": Case(trouble=on_node("rm /usr/bin/aws"), cause="files: .*aws.*", relays=0),
    "no useradd": Case(trouble=on_node("rm /usr/sbin/useradd"), cause="account: .*useradd", agent=AGENT),
    "read-only /opt": Case(
        trouble=on_node("mount -t tmpfs opt /opt && mount -o remount,ro /opt"),
        cause="listeners: .*Read-only file system",
        relays=0,
    ),
    # Nothing can be put there, nor can EMR put Spark there afterwards.
    "read-only /usr/lib/spark": Case(
        trouble=on_node(
            "mkdir -p /usr/lib/spark && mount -t tmpfs s /usr/lib/spark && mount -o remount,ro /usr/lib/spark"
        ),
        cause="listeners: .*Read-only file system",
        agent="",
    ),
    "read-only /var/log": Case(
        trouble=on_node("mount -t tmpfs log /var/log && mount -o remount,ro /var/log"), cause="folders: .*", agent=AGENT
    ),
    "no systemd": Case(trouble=on_node("rm -f /usr/bin/systemctl"), cause="", agent=AGENT, fails=False),
}


def test_the_page_shows_what_is_logged_where_s3_denies(node: EmrNode, made: Kit) -> None:
    with denied(node, made):
        logged = untimed(node.bootstrap(made.script).stderr)
    pages = [untimed(block) for block in re.findall(r"^```\n(20.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)]
    assert logged in pages


def untimed(log: str) -> list[str]:
    """The lines without when they were written, and how long all of it took."""
    return [re.sub(r"done in \d+ s", "done", line.partition(" ")[2]) for line in log.splitlines()]


@pytest.mark.parametrize("strict", [False, True], ids=["default", "strict"])
@pytest.mark.parametrize("name", CASES)
def test_the_node_comes_up_or_says_why_not(node: EmrNode, made: Kit, name: str, strict: bool) -> None:
    case = CASES[name]
    with case.trouble(node, made):
        ended = node.bootstrap(made.script, *(["--strict"] if strict else []))
    lines = ended.stderr.splitlines()
    assert KEY not in ended.stderr
    if strict and case.fails:
        assert ended.status == 1, ended.stderr
        assert [line for line in lines if "sparklineage: failed: " in line] == lines[-1:]
        assert re.search(f"sparklineage: failed: {case.cause}", lines[-1]), ended.stderr
        return
    assert ended.status == 0, ended.stderr
    assert "sparklineage: done in " in lines[-1]
    if case.fails:
        assert re.search(case.cause, lines[-1]), ended.stderr
    assert not [path for path in node.state() if "/.sparklineage" in path], "a half of something is left"
    listeners = [case.agent, WITNESS] if case.agent else []
    found = node.jars()
    assert len(found) == len(listeners)
    assert all(re.fullmatch(pattern, jar) for pattern, jar in zip(listeners, found, strict=True)), found
    assert len([args for _pid, _user, args in node.tree.processes() if "relay-loop.sh" in args]) == case.relays
