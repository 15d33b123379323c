"""The services and kits that the nodes of these tests share, and a node for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.node.cloud import Cloud, Kit, cloud, kit
from tests.real.node.emr import EmrNode, emr_node, lacking
from tests.support.receiver import Receiver


@pytest.fixture(scope="session")
def services() -> Iterator[Cloud]:
    if reason := lacking():
        pytest.skip(reason)
    with cloud() as found:
        yield found


@pytest.fixture(scope="session")
def backend() -> Iterator[Receiver]:
    """The one that the kits lead to."""
    with Receiver() as found:
        yield found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, services: Cloud, backend: Receiver) -> Kit:
    """The kit that most nodes run."""
    return kit(tmp_path_factory.mktemp("kit") / "emr", services, backend.url)


@pytest.fixture
def node(tmp_path: Path, services: Cloud, backend: Receiver) -> Iterator[EmrNode]:
    """A node that reaches the services and the backend, and nothing else."""
    with emr_node(tmp_path / "node", services.url, backend.port) as found:
        yield found
