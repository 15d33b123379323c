"""`sparklineage.foreach_batch`: one job for a streaming query whose batches a function writes."""

from __future__ import annotations

import operator
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from sparklineage.model.clock import now_ms
from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.sdk.record import LOG, StepRecord, _current
from sparklineage.sdk.session import Driver, in_worker
from sparklineage.sdk.step import Step, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_QUERY = "sql.streaming.queryId"
"""The local property by which Spark tells a batch's thread whose it is."""


def foreach_batch(
    name: str,
    function: Callable[[Any, int], Any],
    *,
    inputs: Iterable[DatasetLike] = (),
    outputs: Iterable[DatasetLike] = (),
    interval: float = 60.0,
) -> ForeachBatch:
    """The function for `writeStream.foreachBatch`, with what it reads and writes unseen.

        stream.writeStream.foreachBatch(sparklineage.foreach_batch("ships", save, outputs=["postgresql://db/ships#t"]))

    A running query is one run of the job `<application>.<name>`: it starts with the first batch, tells what it has read
    and written at most every `interval` seconds, and ends with the query, as FAIL where a batch or the query
    failed. What the agent reports of the first batch stays; of those that follow it is part of this run, so that a
    query of many small batches does not flood the backend. Inside a batch `current_step()` is this one.

    Under Spark Connect the batches run on the server, which gets the function alone: what is declared is told once.
    Never raises because of lineage; what the function raises goes on to Spark.
    """
    return ForeachBatch(name, function, inputs=inputs, outputs=outputs, interval=interval, environ=os.environ)


class ForeachBatch:
    """What `foreach_batch` returns; pickled it is the user's function."""

    def __init__(
        self,
        name: str,
        function: Callable[[Any, int], Any],
        *,
        inputs: Iterable[DatasetLike],
        outputs: Iterable[DatasetLike],
        interval: float,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.__wrapped__ = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.name = str(name)
        self.interval = interval
        self._declared = listed(inputs), listed(outputs)
        self._environ, self._clock = environ, clock
        self._open: dict[str, Stream] = {}
        """Of each query that uses it, by the query's id."""

    def __call__(self, batch: Any, number: int) -> None:
        """One batch, in the driver."""
        stream = None if in_worker() else self._entered(batch)
        if stream is None:
            self.__wrapped__(batch, number)
            return
        try:
            self.__wrapped__(batch, number)
        except BaseException as error:
            stream.leave()
            stream.finish(error)
            raise
        stream.leave()
        stream.progress(number)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function alone. Spark Connect pickles it, on a client where no batch ever runs."""
        try:
            driver = Driver.of(None, self._environ)
            if driver.context is None and not driver.is_inert:
                inputs, outputs = self._declared
                with Step(None, self.name, inputs=inputs, outputs=outputs, environ=self._environ):
                    pass
        except Exception:  # noqa: BLE001 - the job goes on
            LOG.warning("step %r: its lineage is left out", self.name)
        return operator.itemgetter(0), ((self.__wrapped__,),)

    def _entered(self, batch: Any) -> Stream | None:
        try:
            session = getattr(batch, "sparkSession", None)
            driver = Driver.of(session, self._environ)
            query = (driver.context.getLocalProperty(_QUERY) if driver.context is not None else None) or ""
            stream = self._open.get(query)
            if stream is None or stream.is_over:
                stream = self._open[query] = Stream(driver, self, query)
                stream.begin(session, *self._declared)
            else:
                stream.enter()
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("step %r: its lineage is not complete: %s", self.name, type(error).__name__)
            return None
        return stream

    @property
    def now(self) -> float:
        """Seconds of a clock that only counts."""
        return self._clock()


class Stream(StepRecord):
    """The step of one query, from its first batch to its end."""

    def __init__(self, driver: Driver, owner: ForeachBatch, query: str) -> None:
        super().__init__(driver, owner.name, owner._environ)  # noqa: SLF001 - two halves of one
        self.is_over = False
        self._owner, self._query = owner, query
        self._ending = threading.Lock()
        self._told = owner.now

    def begin(self, session: Any, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record the start, and wait beside the query for its end."""
        self.start(inputs, outputs)
        running = _running(session, self._driver.context, self._query)
        if running is not None:
            threading.Thread(target=self._await, args=(running,), name="sparklineage-stream", daemon=True).start()

    def enter(self) -> None:
        """Make it the thread's step, for one more batch."""
        self._outer_property, self._outer = self._driver.swap_step(self.step), _current.get()
        _current.set(self)

    def leave(self) -> None:
        """Give the thread its own step back. Never raises."""
        try:
            _current.set(self._outer)
            self._driver.swap_step(self._outer_property)
        except Exception:  # noqa: BLE001 - the context was stopped inside the batch
            LOG.debug("step %r: its local property cannot be reset", self.name, exc_info=True)

    def progress(self, batch: int) -> None:
        """A batch is done; told where the last word is old enough."""
        now = self._owner.now
        if now - self._told >= self._owner.interval:
            self._told = now
            self._append({"type": "stepProgress", "time": now_ms(), "step": self.step, "batch": int(batch)})

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """As every batch declares the same, only what is new is recorded."""
        super().declare(
            [item for item in inputs if not _known(item, self.inputs)],
            [item for item in outputs if not _known(item, self.outputs)],
        )

    def finish(self, error: BaseException | None) -> None:
        """Record the end, once."""
        with self._ending:
            if not self.is_over:
                self.is_over = True
                self.end(error)

    def _await(self, running: Any) -> None:
        failure = None
        try:
            running.awaitTermination()
        except Exception as error:  # noqa: BLE001 - the query's failure, or the JVM is gone
            if not type(error).__module__.startswith("pyspark.") and not hasattr(error, "java_exception"):
                return  # the application's end tells
            failure = error
        try:
            self.finish(failure)
        except Exception:  # noqa: BLE001 - the JVM is gone by now
            return

    def _append(self, record: Mapping[str, Any]) -> None:
        if record.get("type") == "stepStart":
            record = {**record, "stream": self._query}
        super()._append(record)


def _running(session: Any, context: Any, query: str) -> Any:
    """The query in the JVM, whichever session has started it; None where that cannot be had."""
    try:
        number = context._jvm.java.util.UUID.fromString(query)  # noqa: SLF001 - there is no public way
        return session._jsparkSession.sharedState().activeStreamingQueries().get(number)  # noqa: SLF001
    except Exception:  # noqa: BLE001 - then the application's end is its own
        return None


def _known(value: DatasetLike, known: Mapping[Dataset, Dataset]) -> bool:
    try:
        dataset = Dataset.of(value)
    except ValueError:
        return False
    before = known.get(dataset)
    return before is not None and all(
        getattr(before, name) == getattr(dataset, name) for name in ("facets", "input_facets", "output_facets")
    )
