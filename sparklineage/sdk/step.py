"""`sparklineage.step`: a named block of a job, and the datasets it reads and writes unseen."""

from __future__ import annotations

import os
from contextlib import ContextDecorator
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.sdk.record import LOG, StepRecord, open_record
from sparklineage.sdk.session import Driver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from sparklineage.model.facet import Facet
    from sparklineage.sdk.columns import Column


def step(
    spark: Any,
    name: str,
    *,
    inputs: Iterable[DatasetLike] = (),
    outputs: Iterable[DatasetLike] = (),
    inherit: bool = True,
    strict: bool = False,
) -> Step:
    """A block of the job under a name, for `with` or as a decorator.

        with sparklineage.step(spark, "weather", inputs=["sqlite:///data/weather.db#observations"]) as step:
            ...
            step.reads("s3://bucket/late")

    What is declared is merged into the lineage of every query that the block runs. `spark` is a
    SparkSession, classic or Connect, or None for the active one. Datasets are what `Dataset.of` takes:
    absolute URIs, (namespace, name) pairs or `Dataset`s, of `sparklineage.datasets` too.

    Steps nest: queries of an inner step also get what the steps around it declare, unless it says `inherit=False`.

    A step belongs to the thread that opens it, as Spark's local properties do: for queries of a thread pool
    open it inside the worker's function, or start the threads as `pyspark.InheritableThread`. A generator function
    must open it in its body; as a decorator it would end before the body runs. A DataFrame that is built in a step
    and written outside of it belongs to the step with `sparklineage.tag`.

    Never raises because of lineage: a wrong dataset or an unwritable journal is one warning of the
    logger `sparklineage`; with `strict` it is raised instead. In a job that was not started with lineage it does
    nothing.
    """
    return Step(spark, name, inputs=inputs, outputs=outputs, environ=os.environ, inherit=inherit, strict=strict)


def current_step(spark: Any = None) -> StepHandle:
    """The innermost step that is open in this thread, for code that is called inside of it.

    Without one the handle does nothing but warn when it is used. Never raises.
    """
    return StepHandle(open_record(Driver.of(spark, os.environ)), "current_step()")


class StepHandle:
    """What can be told of a step while it is open."""

    def __init__(self, record: StepRecord | None, name: str) -> None:
        self._record = record
        self.name = record.name if record is not None else name

    @property
    def is_open(self) -> bool:
        """Whether what is told has an effect."""
        return self._open_record is not None

    @property
    def latest(self) -> StepRecord | None:
        """Its record, also when it is closed; None before it is entered."""
        return self._record

    @property
    def _open_record(self) -> StepRecord | None:
        return self._record

    def reads(self, *datasets: DatasetLike) -> None:
        """Declare more inputs of this step, from inside its block."""
        if (record := self._told()) is not None:
            record.declare(datasets, ())

    def writes(self, *datasets: DatasetLike) -> None:
        """Declare more outputs of this step, from inside its block."""
        if (record := self._told()) is not None:
            record.declare((), datasets)

    def facets(self, *facets: Facet) -> None:
        """Describe the step's runs: facets of a run or a job, such as those of `sparklineage.facets.mlflow`."""
        if (record := self._told()) is not None:
            record.describe(facets)

    def column_lineage(
        self, columns: Mapping[Column, Iterable[Column]], *, transformation: Mapping[str, Any] | None = None
    ) -> None:
        """Say which columns of outputs are made from which columns of inputs.

            step.column_lineage({"delays.speed": ["flights.distance", "flights.air_time"]})

        A column is `dataset.column`: the dataset as it was declared to this step (its URI, its name, or the last part
        of that), or any URI; or a pair (dataset, column). `transformation` is what `facets.transformation` returns.
        """
        if (record := self._told()) is None:
            return
        from sparklineage.sdk.columns import with_columns  # noqa: PLC0415

        try:
            outputs = with_columns(columns, record.inputs, record.outputs, transformation)
        except Exception as error:  # noqa: BLE001 - the job goes on
            record.warn(error)
        else:
            record.declare((), outputs)

    def _told(self) -> StepRecord | None:
        record = self._open_record
        if record is None:
            LOG.warning("step %r: what it is told here is left out, tell it inside its block", self.name)
        return record


class Step(StepHandle, ContextDecorator):
    """What `step` returns. Each entry is a step of its own, so it can be entered again."""

    def __init__(
        self,
        spark: Any,
        name: str,
        *,
        inputs: Iterable[DatasetLike] = (),
        outputs: Iterable[DatasetLike] = (),
        environ: Mapping[str, str],
        inherit: bool = True,
        strict: bool = False,
    ) -> None:
        super().__init__(None, str(name))
        self._spark = spark
        self._inputs = listed(inputs)
        self._outputs = listed(outputs)
        self._environ = environ
        self._inherit, self._strict = inherit, strict
        self._entered: list[StepRecord] = []

    @property
    def _open_record(self) -> StepRecord | None:
        return self._entered[-1] if self._entered else None

    @property
    def latest(self) -> StepRecord | None:
        """The record of its latest entry, also when that is closed; None before it is entered."""
        return self._open_record or self._record

    def __enter__(self) -> Step:
        driver = Driver.of(self._spark, self._environ)
        record = StepRecord(driver, self.name, self._environ, inherit=self._inherit, strict=self._strict)
        self._entered.append(record)
        try:
            record.start(self._inputs, self._outputs)
        except BaseException:
            # Only where it is strict; the block is never entered, nor left.
            self._entered.pop().end(None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record = self._entered.pop()
        self._record.end(error)

    def _recreate_cm(self) -> Step:
        # What ContextDecorator enters at each call: recursion and threads get steps of their own.
        return Step(
            self._spark,
            self.name,
            inputs=self._inputs,
            outputs=self._outputs,
            environ=self._environ,
            inherit=self._inherit,
            strict=self._strict,
        )


def listed(datasets: Any) -> list[Any]:
    """One dataset given without a list is a list of one; what cannot be listed is left to `Dataset.of`."""
    if isinstance(datasets, (str, Dataset)):
        return [datasets]
    try:
        return list(datasets)
    except TypeError:
        return [] if datasets is None else [datasets]
