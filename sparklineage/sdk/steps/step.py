"""`sparklineage.step`: a named block of a job, and the datasets it reads and writes unseen."""

from __future__ import annotations

import os
import threading
from contextlib import ContextDecorator, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sparklineage.model.lenient import Placeholder
from sparklineage.sdk import forgiving
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps import nesting
from sparklineage.sdk.steps.given import listed, session, session_and_name, text
from sparklineage.sdk.steps.record import StepRecord
from sparklineage.sdk.warning import text_of, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from sparklineage.model.dataset import DatasetLike, DatasetsLike
    from sparklineage.model.facet import Facet
    from sparklineage.sdk.steps.columns import Columns

Function = TypeVar("Function", bound="Callable[..., Any]")

_TELLING = ("reads", "writes", "facets", "column_lineage")
"""The methods by which an open step is told something."""


@forgiving
def step(
    spark: Any,
    name: str,
    *,
    inputs: DatasetsLike = (),
    outputs: DatasetsLike = (),
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
    open it inside the worker's function, or start the threads as `pyspark.InheritableThread`. Coroutines that take
    turns, and generators, are told apart where the step is a decorator: it is in force while their body runs. A `with`
    in a coroutine is in force from there, and from any call of `current_step()` or of the step, until another
    coroutine of the thread does the same. A DataFrame that is built in a step and written outside of it belongs to the
    step with `sparklineage.tag`.

    Never raises because of lineage: a wrong dataset or an unwritable journal is one warning of the
    logger `sparklineage`; with `strict` it is raised instead. In a job that was not started with lineage it does
    nothing.
    """
    return Step(spark, name, inputs=inputs, outputs=outputs, environ=os.environ, inherit=inherit, strict=strict)


@forgiving
def current_step(spark: Any = None) -> StepHandle:
    """The innermost step that is open in this thread or task, for code that is called inside of it.

    Without one the handle does nothing but warn when it is used, as it does when the step is over. Never raises.
    """
    driver = Driver.of(session(spark), os.environ)
    return StepHandle(nesting.current(driver), "current_step()", is_needed=not driver.is_inert)


class StepHandle:
    """What can be told of a step while it is open."""

    def __init__(self, record: StepRecord | None, name: str, *, is_needed: bool = True, strict: bool = False) -> None:
        self._record = record
        self.name = record.name if record is not None else name
        self._is_needed = is_needed
        self._strict = strict or (record is not None and record.strict)

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
        return self._record if self._record is not None and self._record.is_open else None

    @forgiving
    def reads(self, *datasets: DatasetLike) -> None:
        """Declare more inputs of this step, from inside its block."""
        if (record := self._told()) is not None:
            record.declare(datasets, ())

    @forgiving
    def writes(self, *datasets: DatasetLike) -> None:
        """Declare more outputs of this step, from inside its block."""
        if (record := self._told()) is not None:
            record.declare((), datasets)

    @forgiving
    def facets(self, *facets: Facet) -> None:
        """Describe the step's runs: facets of a run or a job, such as those of `sparklineage.facets.mlflow`."""
        if (record := self._told()) is not None:
            record.describe(facets)

    @forgiving
    def column_lineage(self, columns: Columns, *, transformation: Mapping[str, Any] | None = None) -> None:
        """Say which columns of outputs are made from which columns of inputs.

            step.column_lineage({"delays.speed": ["flights.distance", "flights.air_time"]})

        A column is `dataset.column`: the dataset as it was declared to this step (its URI, its name, or the last part
        of that), or any URI; or a pair (dataset, column). `transformation` is what `facets.transformation` returns.
        """
        if (record := self._told()) is None:
            return
        from sparklineage.sdk.steps.columns import with_columns  # noqa: PLC0415

        try:
            if isinstance(transformation, Placeholder):
                record.warn(transformation.error)
                transformation = None
            outputs = with_columns(columns, record.inputs, record.outputs, transformation, warn=record.warn)
        except Exception as error:  # noqa: BLE001 - the job goes on
            record.warn(error)
        else:
            record.declare((), outputs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Nothing, where a function that executors get takes it along: steps belong to the driver.

        What that tells it there is left out, by a method that takes everything. All of it is of the standard library,
        as executors need not have the package.
        """
        return nullcontext, (), {**dict.fromkeys(_TELLING, "".format), "name": self.name, "is_open": False}

    def _told(self) -> StepRecord | None:
        """The record that takes what is told; None where nothing of it gets anywhere."""
        record = self._open_record
        if record is None and self._is_needed:
            self._complain("what it is told here is left out, tell it inside its block")
        return None if record is None or (record.is_inert and not record.strict) else record

    def _complain(self, sentence: str) -> None:
        if self._strict:
            raise RuntimeError(f"step {self.name!r}: {sentence}")
        warn(sentence, about=f"step {self.name!r}")


class Step(StepHandle, ContextDecorator):
    """What `step` returns. Each entry is a step of its own, so it can be entered again."""

    def __init__(
        self,
        spark: Any,
        name: str,
        *,
        inputs: DatasetsLike = (),
        outputs: DatasetsLike = (),
        environ: Mapping[str, str],
        inherit: bool = True,
        strict: bool = False,
    ) -> None:
        self._spark, name = session_and_name(spark, name, strict=strict)
        super().__init__(None, text(name, strict=strict), strict=strict)
        self._inputs = listed(inputs, strict=strict)
        self._outputs = listed(outputs, strict=strict)
        self._environ = environ
        self._inherit = inherit
        self._entered: list[StepRecord] = []
        """What is open of it: several where threads or tasks share it, or where it is entered inside of itself."""
        self._left: dict[int, StepRecord] = {}
        """The latest that is closed, by the thread that closed it."""

    @property
    def _open_record(self) -> StepRecord | None:
        # A thread that has not entered it may still tell something of the one that has.
        return self._own_record or next(reversed(self._entered), None)

    @property
    def latest(self) -> StepRecord | None:
        """The record of its latest entry, also when that is closed; None before it is entered."""
        return self._own_record or self._left.get(threading.get_ident()) or self._open_record or self._record

    @property
    def _own_record(self) -> StepRecord | None:
        """The innermost that is open in this task or thread."""
        entered = list(self._entered)
        record = nesting.innermost() if entered else None
        while record is not None:
            if record in entered:
                return record
            record = record.outer
        return next((record for record in reversed(entered) if record.thread == threading.get_ident()), None)

    def __call__(self, func: Function) -> Function:
        """The function, each call of which is a step: to its end, also where it is a coroutine or a generator.

        Of a method it may be around or below `staticmethod`, `classmethod` and `property`. A class, a UDF and whatever
        cannot be called stay what they are, with a warning, or TypeError where the step is strict. So does what raises
        when it is looked at.
        """
        if in_worker():
            return func
        from sparklineage.sdk.functions.holders import inside  # noqa: PLC0415

        exchange = inside(func)
        try:
            return cast("Function", exchange(self._covering) if exchange is not None else self._covering(func))
        except TypeError as error:
            if self._strict:
                raise
            warn(str(error), about=f"step {self.name!r}", environ=self._environ)
            return func
        except Exception as error:
            if self._strict:
                raise
            told = (
                f"it is not around this {type(func).__name__}, which raises: {type(error).__name__}: {text_of(error)}"
            )
            warn(told, about=f"step {self.name!r}", environ=self._environ)
            return func

    def _covering(self, func: Any) -> Any:
        from sparklineage.sdk.functions.holders import udf_of  # noqa: PLC0415
        from sparklineage.sdk.steps.bodies import covering  # noqa: PLC0415

        if isinstance(func, type):
            raise TypeError(
                f"a step is for functions, and {func.__name__} is a class; decorate its methods, or what uses it"
            )
        if udf_of(func) is not None:
            raise TypeError("a step is for functions on the driver, and this is a UDF; say what it reads and writes "
                            "with @sparklineage.reads and @sparklineage.writes")  # fmt: skip
        if not callable(func):
            raise TypeError(f"a step is for functions, and this is of the type {type(func).__name__}")
        return covering(self._recreate_cm, func)

    def __enter__(self) -> Step:
        driver = Driver.of(self._spark, self._environ)
        self._is_needed = self._strict or not driver.is_inert
        record = StepRecord(driver, self.name, self._environ, inherit=self._inherit, strict=self._strict)
        self._entered.append(record)
        try:
            record.start(self._inputs, self._outputs)
        except BaseException:
            # Only where it is strict; the block is never entered, nor left.
            self._entered.remove(record)
            record.end(None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        record = self._open_record
        if record is None:
            if error is None or not self._strict:
                self._complain("it is left without having been entered")
            return
        self._entered.remove(record)
        self._record = self._left[threading.get_ident()] = record
        record.end(error)

    def _recreate_cm(self) -> Step:
        # What is entered at each call: recursion and threads get steps of their own.
        return Step(
            self._spark,
            self.name,
            inputs=self._inputs,
            outputs=self._outputs,
            environ=self._environ,
            inherit=self._inherit,
            strict=self._strict,
        )
