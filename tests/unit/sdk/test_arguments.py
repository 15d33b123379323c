"""Wrong arguments: a job goes on without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sparklineage
from sparklineage.sdk import forgiving
from sparklineage.sdk.steps.step import Step

L: Any = sparklineage
PLACE = "s3://bucket/key"
CALLS: list[tuple[Callable[[], object], str]] = [
    (lambda: L.step(None, "a", input=[PLACE]), "step() takes no 'input'; did you mean 'inputs'?"),
    (lambda: L.step(None, "a", zzzz=1), "step() takes no 'zzzz'; it takes inherit, inputs, name, outputs, spark, "),
    (lambda: L.step(None, "a", [PLACE]), "step() takes 2 values without a name, and here are 3; name those that"),
    (lambda: L.step(None, "a", name="b"), "step() got 'name' twice, by its place and by its name."),
    (lambda: L.step(name="a"), "step() needs 'spark', and nothing is given for it. The rest is taken."),
    (lambda: L.current_step(sprk=None), "current_step() takes no 'sprk'; did you mean 'spark'?"),
    (lambda: L.tag(), "tag() needs 'df', and nothing is given for it."),  # noqa: PLW0108 - the place of a call counts
    (lambda: L.reads(PLACE, strickt=True), "reads() takes no 'strickt'; did you mean 'strict'?"),
    (lambda: L.writes(datasets=PLACE), "writes() takes no 'datasets'; it takes strict."),
    (lambda: L.check(sprk=None), "check() takes no 'sprk'; did you mean 'spark'?"),
    (lambda: L.step(None, "a").reads(datasets=PLACE), "step.reads() takes no 'datasets'; it takes values without a"),
    (lambda: L.step(None, "a").facets(owner="x"), "step.facets() takes no 'owner'; it takes values without a name."),
    (lambda: L.step(None, "a").column_lineage({}, transform=1), "step.column_lineage() takes no 'transform'; did you"),
    (lambda: L.step(None, "a").column_lineage(), "step.column_lineage() needs 'columns', and nothing is given for"),
]


@pytest.mark.parametrize(("call", "sentence"), CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_function_does_not_take_is_one_warning(
    call: Callable[[], object], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    call()
    call()
    found = [record.getMessage() for record in caplog.records if "()" in record.getMessage()]
    assert len(found) == 1
    assert found[0].startswith(sentence)


@pytest.mark.parametrize(
    "call",
    [
        lambda: L.step(None, "a", input=[PLACE], strict=True),
        lambda: L.step(None, "a", strict=True).column_lineage({}, transform=1),
        lambda: L.tag(None, nam="x", strict=True),
        lambda: L.reads(PLACE, dataset=1, strict=True),
        lambda: L.application(nme="x", strict=True),
        lambda: L.foreach_batch("a", print, input=[], strict=True),
    ],
)
def test_where_it_is_strict_it_is_raised(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"\(\) takes no '"):
        call()


def test_the_rest_is_taken() -> None:
    block = L.step(None, "a", "s3://bucket/first", output=[PLACE], inherit=False)
    assert isinstance(block, Step)
    assert (block.name, block._inherit, block._inputs, block._outputs) == ("a", False, [], [])


def test_what_the_function_itself_raises_is_its_own() -> None:
    @forgiving
    def called(first: int, *, second: int = 0) -> float:
        return first / second

    with pytest.raises(ZeroDivisionError):
        called(1)
    with pytest.raises(ZeroDivisionError):
        called(first=1)
    with pytest.raises(TypeError, match="unsupported operand"):
        plain: Any = called
        plain()
    assert called(4, second=2) == called(first=4, second=2) == 2
