"""`sparklineage.reads` and `sparklineage.writes`: what a function touches that no plan of Spark's shows.

A module of the job's that uses them is imported by executors, too. There they give back what they are given, so
nothing else is imported before that is known.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from sparklineage.sdk import forgiving
from sparklineage.sdk.functions.worker import in_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.model.dataset import DatasetLike

Target = TypeVar("Target")


@forgiving
def reads(*datasets: DatasetLike, strict: bool = False) -> Callable[[Target], Target]:
    """Declare what a function, a UDF or a class of a Python data source reads, where Spark cannot see it.

        @sparklineage.reads("https://rates.example.com/v1")
        def rate(currency): ...

    The inputs appear on the run of every query that uses the function, by whatever name it is registered in SQL: a
    UDF, a pandas UDF, a function of mapInPandas, applyInPandas and their like. A plain helper and a function of
    foreachBatch declare them when they are called; one of foreachPartition and of RDDs when it is sent to the
    executors: on the step that is open then, and without one on a step of the function's own name. So does any
    function under Spark Connect, and where there is no journal.

    Never raises because of lineage: what is wrong is one warning of the logger `sparklineage`; with `strict` it is
    raised here.
    """
    if (function := _function(datasets)) is not None:
        return _left_alone("reads", function, strict=strict)
    if in_worker():
        return _unchanged
    from sparklineage.sdk.functions.marking import checked, declare  # noqa: PLC0415

    return functools.partial(declare, inputs=checked("reads", datasets, strict=strict), outputs={}, strict=strict)


@forgiving
def writes(*datasets: DatasetLike, strict: bool = False) -> Callable[[Target], Target]:
    """Declare what a function, a UDF or a class of a Python data source writes; see `reads`."""
    if (function := _function(datasets)) is not None:
        return _left_alone("writes", function, strict=strict)
    if in_worker():
        return _unchanged
    from sparklineage.sdk.functions.marking import checked, declare  # noqa: PLC0415

    return functools.partial(declare, inputs={}, outputs=checked("writes", datasets, strict=strict), strict=strict)


def _function(datasets: tuple[Any, ...]) -> Callable[..., Any] | None:
    """What is decorated by `@sparklineage.reads` alone, without datasets; None where it is as it should be."""
    # A property and a class method cannot be called; as functions of a class they have this.
    is_one = len(datasets) == 1 and (callable(datasets[0]) or hasattr(type(datasets[0]), "__get__"))
    return datasets[0] if is_one else None


def _left_alone(what: str, target: Callable[..., Any], *, strict: bool) -> Callable[..., Any]:
    if not in_worker():
        from sparklineage.sdk.warning import warn  # noqa: PLC0415

        sentence = f"{what} takes datasets, and the function below: @sparklineage.{what}('s3://bucket/key')"
        if strict:
            raise TypeError(sentence)
        warn(sentence)
    # One of ours is no function of the job's, but a dataset's that was not called.
    return _unchanged if str(getattr(target, "__module__", "")).partition(".")[0] == "sparklineage" else target


def _unchanged(target: Any) -> Any:
    return target
