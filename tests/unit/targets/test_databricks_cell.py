"""The cell against a driver's answers."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from sparklineage.targets import databricks
from tests.support.databricks import KEY, cluster_order, texts
from tests.support.orders import AGENT, HTTP


def _context(listeners: list[str], conf: dict[str, str]) -> Any:
    """What the cell asks of a SparkContext; a real one is asked in tests/real."""

    def listener(name: str) -> Any:
        return SimpleNamespace(getClass=lambda: SimpleNamespace(getName=lambda: name))

    bus = SimpleNamespace(listeners=lambda: [listener(name) for name in listeners])
    return SimpleNamespace(
        _jsc=SimpleNamespace(sc=lambda: SimpleNamespace(listenerBus=lambda: bus)),
        getConf=lambda: SimpleNamespace(getAll=lambda: list(conf.items())),
    )


class _Standard:
    @property
    def sparkContext(self) -> object:  # noqa: N802 - as Spark has it
        raise RuntimeError("[JVM_ATTRIBUTE_NOT_SUPPORTED] hunter2")


@pytest.mark.parametrize(
    ("spark", "line"),
    [
        (
            SimpleNamespace(sparkContext=_context([AGENT], HTTP)),
            "ok: the agent listens, type http, url https://marquez.example.com",
        ),
        (SimpleNamespace(sparkContext=_context(["a.B"], HTTP)), "wrong: the agent does not listen; see the log"),
        (
            SimpleNamespace(sparkContext=_context([AGENT], {**HTTP, "spark.openlineage.transport.url": "https://u:hunter2@h"})),
            "wrong: spark.openlineage.transport.url is not 'https://marquez.example.com'",
        ),
        (_Standard(), "unknown: no way to the JVM from here (RuntimeError), as in the standard access mode"),
    ],
)  # fmt: skip
def test_the_cell_prints_one_line(spark: object, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    cell = texts(databricks.render(cluster_order(KEY)))["check.py"]
    exec(compile(cell, "check.py", "exec"), {"spark": spark})  # noqa: S102 - this is what a notebook does
    out, err = capsys.readouterr()
    assert re.fullmatch(r"sparklineage: [^\n]*\n", out)
    assert line in out
    assert err == "" and "hunter2" not in out
    assert "lineage/key" not in cell
