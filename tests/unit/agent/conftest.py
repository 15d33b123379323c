"""A repository to fetch from and something to fetch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from sparklineage.agent.artifact import Artifact
from tests.support.repository import CONTENT, Server, serve


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture
def artifact() -> Artifact:
    return Artifact(
        group="org.example.deep",
        name="agent_2.13",
        version="1.0.0",
        sha512=hashlib.sha512(CONTENT).hexdigest(),
        size=len(CONTENT),
    )
