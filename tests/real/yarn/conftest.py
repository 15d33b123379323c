"""One YARN for all, and on it one node a Spark, whose applications run a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model import event as ol
from tests.real.submission import by_run
from tests.real.yarn.cases import CASES, Result, run, wait_for
from tests.real.yarn.daemons import JARS, Yarn
from tests.real.yarn.node import Node
from tests.support.receiver import Event, Receiver

_AT_ONCE = 3
"""Applications: each has three JVMs, and most of the time waits for one of them."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """What became of every case on one Spark."""

    node: Node
    yarn: Yarn
    results: dict[str, Result]
    events: list[Event]
    """What the backend has got."""

    def of(self, run: RunFolder) -> list[Event]:
        """The events of an application's run itself."""
        return by_run(self.events).get(run.run_id, [])

    def queries(self, run: RunFolder) -> list[list[Event]]:
        """The events of each of its queries."""
        return [
            events
            for events in by_run(self.events).values()
            if ((ol.run_facets(events[0]).get("parent") or {}).get("run") or {}).get("runId") == run.run_id
        ]


@pytest.fixture(scope="session")
def yarn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yarn]:
    """Daemons that end with the session."""
    if not JARS.is_dir():
        pytest.fail(f"{JARS} is missing; `make test` fetches it")
    with Yarn(tmp_path_factory.mktemp("yarn") / "daemons") as running:
        yield running


@pytest.fixture(scope="session")
def spark42(yarn: Yarn, tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return _matrix("4.2", yarn, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def spark35(yarn: Yarn, tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return _matrix("3.5", yarn, tmp_path_factory.mktemp("node"))


@pytest.fixture(params=["spark42", "spark35"])
def matrix(request: pytest.FixtureRequest) -> Matrix:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Matrix)
    return found


@pytest.fixture
def result(request: pytest.FixtureRequest, matrix: Matrix) -> Result:
    """What became of one case on one Spark."""
    return matrix.results[request.param]


def _matrix(spark: str, yarn: Yarn, folder: Path) -> Matrix:
    """All cases of one Spark, run to their end and delivered."""
    with Receiver() as backend:
        node = Node(folder=folder, spark=spark, hadoop_conf=yarn.conf, backend=backend.url)
        node.install()
        relay = node.relay()
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                results = list(pool.map(lambda case: run(case, node, yarn), CASES[spark]))
            wait_for(lambda: all(one.settled.exists() for one in node.runs()), relay)
        finally:
            # It delivers what is settled before it leaves.
            relay.terminate()
            relay.wait(60)
        return Matrix(
            node=node,
            yarn=yarn,
            results={result.case.name: result for result in results},
            events=list(backend.events),
        )
