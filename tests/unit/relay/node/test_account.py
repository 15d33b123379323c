"""Root may drain a node by hand, and the service, which is another user, goes on afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sparklineage.relay.node import account, log, service
from sparklineage.relay.node.main import main
from tests.support.receiver import Receiver
from tests.unit.relay.node.nodes import Node

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")

RELAY = 61_001
assert account and log and service  # imported here, as the other user may not read where they lie


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that every user can reach."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def as_child(arguments: list[str]) -> int:
    """The status of a command of the relay's, in a process of its own that begins as root."""
    pid = os.fork()
    if not pid:
        status = 99
        try:
            status = main(arguments, {"PATH": "/usr/bin:/bin"})
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def given(path: Path) -> None:
    """To the relay, with all that is in it."""
    for each in [path, *path.rglob("*")]:
        os.chown(each, RELAY, RELAY)


def test_what_root_drains_belongs_to_the_relay(root: Path, receiver: Receiver) -> None:
    node = Node(root, receiver.url)
    node.state.mkdir()
    node.run()
    given(node.state)
    given(node.spool)
    assert as_child(["drain", "--config", str(node.config)]) == 0
    assert len(receiver.events) == 2
    left = list(node.state.rglob("*"))
    assert left and {path.lstat().st_uid for path in left} == {RELAY}
    assert {path.lstat().st_gid for path in left} == {RELAY}


def test_a_folder_of_roots_own_is_left_to_root(root: Path, receiver: Receiver) -> None:
    node = Node(root, receiver.url)
    node.run()
    assert as_child(["drain", "--config", str(node.config)]) == 0
    assert {path.lstat().st_uid for path in node.state.rglob("*")} == {0}
