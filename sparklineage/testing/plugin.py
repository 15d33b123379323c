"""The plugin of pytest: fixtures `lineage`, `lineage_spark`, `lineage_conf`, and the option `--lineage-update`.

It is loaded into every test run of an environment that has the toolkit, so it imports nothing of it before a fixture
is used.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.testing.golden import Golden
    from sparklineage.testing.view import Lineage

_FIXTURES = frozenset({"lineage", "lineage_conf", "lineage_spark"})
_WRITTEN = pytest.StashKey[list[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sparklineage", "lineage of Spark")
    group.addoption("--lineage-update", action="store_true", help="write the golden files of lineage anew")
    parser.addini(
        "lineage_golden", "folder of the golden files, seen from the test's own (default: lineage_golden)",
        default="lineage_golden",
    )  # fmt: skip


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Nothing is sent while a test with one of the fixtures runs, nor while its other fixtures are made."""
    if _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        yield
        return
    from sparklineage.testing.conf import nothing_is_sent  # noqa: PLC0415

    with nothing_is_sent():
        yield


@pytest.fixture(scope="session")
def lineage_conf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Properties for a SparkSession of your own whose lineage `lineage` shows."""
    from sparklineage.errors import SparklineageError  # noqa: PLC0415
    from sparklineage.testing.conf import spark_conf  # noqa: PLC0415

    try:
        return spark_conf(journal=tmp_path_factory.mktemp("lineage"))
    except SparklineageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def lineage_spark(lineage_conf: dict[str, str]) -> Iterator[Any]:
    """A local SparkSession with lineage, the same for the whole test run."""
    from sparklineage.testing.session import UntracedError, local_session  # noqa: PLC0415

    try:
        session = local_session(lineage_conf)
    except UntracedError as error:
        pytest.fail(str(error), pytrace=False)
    yield session
    session.stop()


@pytest.fixture
def lineage(request: pytest.FixtureRequest) -> Iterator[Lineage]:
    """What the real agent saw since this test began: `lineage.inputs`, `lineage.run("delays").state`, …"""
    from sparklineage.testing.conf import nothing_is_sent  # noqa: PLC0415
    from sparklineage.testing.session import Watch  # noqa: PLC0415
    from sparklineage.testing.view import Lineage  # noqa: PLC0415

    # Where it is asked for by its name alone, the hook did not see it.
    with nothing_is_sent():
        watch = Watch()
        yield Lineage(watch.read, watch.begin, _golden(request).check)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """What differs, where sets of datasets or columns are compared."""
    if "sparklineage.testing.values" not in sys.modules:
        return None
    from sparklineage.testing.diff import explain  # noqa: PLC0415

    return explain(op, left, right)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Which golden files were written."""
    for path in config.stash.get(_WRITTEN, []):
        terminalreporter.write_line(f"lineage: wrote {path}")


def _golden(request: pytest.FixtureRequest) -> Golden:
    from sparklineage.testing.golden import Golden  # noqa: PLC0415

    base = request.getfixturevalue("tmp_path_factory").getbasetemp()
    # Under pytest-xdist each worker has a folder of its own in that of the test run.
    whole = base.parent if hasattr(request.config, "workerinput") else base
    places = {}
    if "tmp_path" in request.fixturenames:
        places[str(request.getfixturevalue("tmp_path"))] = "<tmp_path>"
    places[str(base)] = "<tmp>"
    places[str(request.config.rootpath)] = "<root>"
    return Golden(
        folder=request.path.parent / str(request.config.getini("lineage_golden")),
        update=bool(request.config.getoption("--lineage-update")),
        places=places,
        test=request.node.nodeid,
        claims=whole / "lineage-golden",
        written=request.config.stash.setdefault(_WRITTEN, []),
    )
