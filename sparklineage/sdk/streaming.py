"""`sparklineage.foreach_batch`: one job for a streaming query whose batches a function writes."""

from __future__ import annotations

import atexit
import operator
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from sparklineage.model.clock import now_ms
from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.sdk.given import listed
from sparklineage.sdk.query import Query, UnreachableError
from sparklineage.sdk.record import LOG, StepRecord
from sparklineage.sdk.session import Driver
from sparklineage.sdk.step import Step
from sparklineage.sdk.worker import in_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_QUERY = "sql.streaming.queryId"
"""The local property by which Spark tells a batch's thread whose it is."""
_LONGEST_WAIT = 20.0
"""Seconds after which what waits beside a query looks whether it has anything to say."""
_AT_EXIT = 0.5
"""Seconds for which the end of the process waits for the ends of its queries, which may be over by then."""

_unattended: set[Stream] = set()
"""Those that are open and whose end no relay tells if they do not."""


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
    failed. Inside a batch `current_step()` is this one.

    With a journal, what the agent reports of the first batch stays; of those that follow it is part of this run, so
    that a query of many small batches does not flood the backend. Where the agent sends by itself nothing of ours is
    between it and the backend, and its own runs of every batch are there, too.

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
        stream = None if in_worker() else self._entered(batch, number)
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
        stream.progress()

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

    def _entered(self, batch: Any, number: int) -> Stream | None:
        try:
            session = getattr(batch, "sparkSession", None)
            driver = Driver.of(session, self._environ)
            if driver.is_inert:
                return None
            query = (driver.context.getLocalProperty(_QUERY) if driver.context is not None else None) or ""
            stream = self._open.get(query)
            if stream is None or stream.is_over:
                stream = self._open[query] = Stream(driver, self, query)
                stream.begin(*self._declared)
                stream.attend(Query.of(session, driver.context, query))
            else:
                stream.enter()
            stream.batch = int(number)
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
        self.batch = 0
        """The number of the latest one."""
        self._owner, self._query = owner, query
        self._told, self._is_news = owner.now, False
        # A batch speaks in its own thread, and what waits for the end of the query in another.
        self._speaking = threading.RLock()
        self._waiting: threading.Thread | None = None

    def begin(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record the start; it is the thread's step from now on."""
        self.start(inputs, outputs)
        if self._driver.direct is not None:
            _tell_at_exit(self)

    def attend(self, query: Query | None) -> None:
        """Wait beside the query for its end."""
        if query is not None:
            name = "sparklineage-stream"
            self._waiting = threading.Thread(target=self._await, args=(query,), name=name, daemon=True)
            self._waiting.start()

    def enter(self) -> None:
        """Make it the thread's step, for one more batch. Never raises."""
        self.resume()

    def leave(self) -> None:
        """Give the thread its own step back. Never raises."""
        self.suspend()

    def progress(self) -> None:
        """A batch is done."""
        self._is_news = True
        self.tell()

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """As every batch declares the same, only what is new is recorded."""
        inputs = [item for item in inputs if not _known(item, self.inputs)]
        outputs = [item for item in outputs if not _known(item, self.outputs)]
        super().declare(inputs, outputs)
        self._is_news = self._is_news or bool(inputs or outputs)

    def tell(self) -> None:
        """Say that there is something new, where the last word is old enough."""
        now = self._owner.now
        with self._speaking:
            if self._is_news and not self.is_over and now - self._told >= self._owner.interval:
                self._told, self._is_news = now, False
                self._append({"type": "stepProgress", "time": now_ms(), "step": self.step, "batch": self.batch})

    def finish(self, error: BaseException | None) -> None:
        """Record the end, once."""
        with self._speaking:
            if not self.is_over:
                self.is_over = True
                _unattended.discard(self)
                self.end(error)

    def settle(self, seconds: float) -> None:
        """The process ends: so does the run, where nobody tells its end later."""
        if self._waiting is not None:
            self._waiting.join(max(0.0, seconds))
        if self._driver.folder is None:
            self.finish(None)

    def _await(self, query: Query) -> None:
        failure = None
        try:
            while not query.wait(min(max(self._owner.interval, 1.0), _LONGEST_WAIT)):
                self.tell()
        except UnreachableError:
            return  # the end of the process or of the application tells
        except Exception as error:  # noqa: BLE001 - the query's own failure
            failure = error
        self.finish(failure)

    def _append(self, record: Mapping[str, Any]) -> None:
        if record.get("type") == "stepStart":
            record = {**record, "stream": self._query}
        with self._speaking:
            super()._append(record)


def _tell_at_exit(stream: Stream) -> None:
    if not _unattended:
        atexit.unregister(_settle)
        # After that of what sends, and so before it: the last one that is registered is the first to be called.
        atexit.register(_settle, os.getpid())
    _unattended.add(stream)


def _settle(process: int) -> None:
    if process != os.getpid():  # a forked child's end is not the query's
        return
    until = time.monotonic() + _AT_EXIT
    for stream in list(_unattended):
        stream.settle(until - time.monotonic())


def _known(value: DatasetLike, known: Mapping[Dataset, Dataset]) -> bool:
    try:
        dataset = Dataset.of(value)
    except ValueError:
        return False
    before = known.get(dataset)
    return before is not None and all(
        getattr(before, name) == getattr(dataset, name) for name in ("facets", "input_facets", "output_facets")
    )
