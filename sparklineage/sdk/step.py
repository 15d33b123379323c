"""`sparklineage.step`: a named block of a job, and the datasets it reads and writes unseen."""

from __future__ import annotations

import os
from contextlib import ContextDecorator
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.sdk.record import LOG, StepRecord
from sparklineage.sdk.session import Driver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType


def step(
    spark: Any,
    name: str,
    *,
    inputs: Iterable[DatasetLike] = (),
    outputs: Iterable[DatasetLike] = (),
) -> Step:
    """A block of the job under a name, for `with` or as a decorator.

        with sparklineage.step(spark, "weather", inputs=["sqlite:///data/weather.db#observations"]) as step:
            ...
            step.reads("s3://bucket/late")

    What is declared is merged into the lineage of every query that the block runs. `spark` is a
    SparkSession, classic or Connect, or None for the active one. Datasets are what `Dataset.of` takes:
    absolute URIs, (namespace, name) pairs or `Dataset`s. Steps nest.

    A step belongs to the thread that opens it, as Spark's local properties do: for queries of a thread pool
    open it inside the worker's function, or start the threads as `pyspark.InheritableThread`. A generator function
    must open it in its body; as a decorator it would end before the body runs.

    Never raises because of lineage: a wrong dataset or an unwritable journal is one warning of the
    logger `sparklineage`. In a job that was not started with lineage it does nothing.
    """
    return Step(spark, name, inputs=inputs, outputs=outputs, environ=os.environ)


class Step(ContextDecorator):
    """What `step` returns. Each entry is a step of its own, so it can be entered again."""

    def __init__(
        self,
        spark: Any,
        name: str,
        *,
        inputs: Iterable[DatasetLike] = (),
        outputs: Iterable[DatasetLike] = (),
        environ: Mapping[str, str],
    ) -> None:
        self.name = str(name)
        self._spark = spark
        self._inputs = _listed(inputs)
        self._outputs = _listed(outputs)
        self._environ = environ
        self._open: list[StepRecord] = []

    def reads(self, *datasets: DatasetLike) -> None:
        """Declare more inputs of this step, from inside its block."""
        self._declare(datasets, ())

    def writes(self, *datasets: DatasetLike) -> None:
        """Declare more outputs of this step, from inside its block."""
        self._declare((), datasets)

    def _declare(self, inputs: tuple[DatasetLike, ...], outputs: tuple[DatasetLike, ...]) -> None:
        if self._open:
            self._open[-1].declare(inputs, outputs)
        else:
            LOG.warning("step %r: its datasets are left out, declare them inside its block", self.name)

    def __enter__(self) -> Step:
        record = StepRecord(Driver.of(self._spark, self._environ), self.name, self._environ)
        self._open.append(record)
        record.start(self._inputs, self._outputs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.pop().end(error)

    def _recreate_cm(self) -> Step:
        # What ContextDecorator enters at each call: recursion and threads get steps of their own.
        return Step(self._spark, self.name, inputs=self._inputs, outputs=self._outputs, environ=self._environ)


def _listed(datasets: Any) -> list[Any]:
    """One dataset given without a list is a list of one; what cannot be listed is left to `Dataset.of`."""
    if isinstance(datasets, (str, Dataset)):
        return [datasets]
    try:
        return list(datasets)
    except TypeError:
        return [] if datasets is None else [datasets]
