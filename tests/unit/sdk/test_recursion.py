"""Decorated functions that call themselves: nearly as deep as Python lets them, and each of them once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage.sdk.steps import nesting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def kinds(folder: Path) -> Counter[str]:
    return Counter(json.loads(line)["type"] for line in (folder / "steps.ndjson").read_text().splitlines())


class Walk:
    """A function that calls itself so many times."""

    def __init__(self, decorator: Callable[[Any], Any]) -> None:
        self.calls: Counter[int] = Counter()
        self.left: list[object] = []

        @decorator
        def down(depth: int) -> int:
            self.calls[depth] += 1
            return down(depth - 1) + 1 if depth else 0

        self.down = down

    def go(self, depth: int) -> int | None:
        """In a thread, whose stack is empty; None where that was too deep."""
        found: list[int] = []

        def work() -> None:
            try:
                found.append(self.down(depth))
            except RecursionError:
                pass
            finally:
                self.left.append(nesting.innermost())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return next(iter(found), None)


@pytest.mark.parametrize(
    ("decorator", "depth"),
    [(sparklineage.step(None, "walk"), 450), (sparklineage.reads("s3://bucket/tree"), 300)],
    ids=["step", "reads"],
)
def test_a_recursion_may_be_deep(decorator: Any, depth: int, folder: Path) -> None:
    walk = Walk(decorator)
    assert walk.go(depth) == depth
    assert set(walk.calls.values()) == {1}
    found = kinds(folder)
    assert found["stepStart"] == found["stepEnd"] > 0


def test_a_recursion_that_is_too_deep_ends_as_ever(folder: Path) -> None:
    walk = Walk(sparklineage.reads("s3://bucket/tree"))
    assert walk.go(2_000) is None
    assert set(walk.calls.values()) == {1}
    assert walk.left == [None]
    assert kinds(folder)["stepStart"] == kinds(folder)["stepEnd"]


@pytest.mark.parametrize("decorator", [sparklineage.step(None, "walk"), sparklineage.reads("s3://bucket/tree")])
def test_where_there_is_no_room_for_lineage_a_function_is_called_plainly(
    decorator: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As little room as the function itself takes is enough: it is called at every depth, and never twice."""
    called: list[int] = []
    helper = decorator(called.append)
    reached: list[int] = []

    def down(depth: int) -> None:
        reached.append(depth)
        try:
            down(depth + 1)
        finally:
            helper(depth)

    def work() -> None:
        with pytest.raises(RecursionError):
            down(0)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert called == sorted(set(called), reverse=True)
    assert len(reached) - len(called) < 5
    assert nesting.innermost() is None
    assert kinds(folder)["stepStart"] == kinds(folder)["stepEnd"]
    assert len(caplog.messages) <= 1
