"""A program that nobody started through `submit`, on Spark 4.0."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.real.submission import Scene
from tests.real.test_application import BEFORE, declared_once, run, whole

pytestmark = pytest.mark.spark


def test_a_good_end(make_scene: Callable[..., Scene]) -> None:
    told = run(make_scene("good", spark="4.0"), BEFORE, "spark.stop()")
    assert told.done.status == 0, told.done.stderr
    assert "Spark 4.0.5" in told.said["check"]
    assert told.said["missing"] == []
    whole(told, "COMPLETE")
    declared_once(told)
