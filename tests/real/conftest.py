"""What the tests of real submits share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.submission import Scene


@pytest.fixture(scope="module")
def make_scene(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Scene]:
    """Makes a scene in a folder of its own, for a module's fixtures."""

    def make(name: str, *, spark: str = "4.2") -> Scene:
        return Scene(folder=tmp_path_factory.mktemp(name), spark=spark)

    return make


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A scene of one test, on the installed Spark."""
    return Scene(folder=tmp_path)
