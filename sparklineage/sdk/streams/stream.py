"""The step of one streaming query: what it says, when, and how it ends."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from sparklineage.model.clock import now_ms
from sparklineage.sdk.steps.datasets import checked_dataset
from sparklineage.sdk.steps.record import StepRecord
from sparklineage.sdk.streams.query import Query, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sparklineage.model.dataset import Dataset, DatasetLike
    from sparklineage.sdk.session import Driver

_LONGEST_WAIT = 20.0
"""Seconds after which what waits beside a query looks whether it has anything to say."""
_PAUSE = 0.2
"""Seconds for which a batch of a stopped query is waited for before the query is asked again."""
_AT_EXIT = 0.5
"""Seconds for which the end of the process waits for the ends of its queries, which may be over by then."""

_unattended: set[Stream] = set()
"""Those that are open, and whose true end no relay could find out."""


class Stream(StepRecord):
    """The step of one query, from its first batch to its end."""

    def __init__(
        self,
        driver: Driver,
        name: str,
        environ: Mapping[str, str],
        *,
        query: str,
        interval: float,
        strict: bool = False,
        clock: Callable[[], float] = time.monotonic,
        ended: Callable[[str, Stream], None] = lambda _query, _stream: None,
    ) -> None:
        """`query` is its id, or an empty text; `interval` the seconds from one word to the next.

        `ended` is called with both when it is over.
        """
        self._waiting: threading.Thread | None = None
        self._asked: Query | None = None
        super().__init__(driver, name, environ, strict=strict)
        self.is_over = False
        self.batch = -1
        """The number of the latest one."""
        self._query, self._interval, self._clock, self._ended = query, interval, clock, ended
        self._told, self._is_news = clock(), False
        # A batch speaks in its own thread, and what waits for the end of the query in another.
        self._speaking = threading.RLock()
        self._is_idle = threading.Event()
        self._is_idle.set()
        """Set while no batch runs."""
        self._begun = 0
        """Batches that have begun."""
        self._cut_off: BaseException | None = None
        """What the batch raised during which the query was stopped."""

    @property
    def strict(self) -> bool:
        """Whether it raises: never in a thread of its own, where nobody could catch it."""
        return self._is_strict and threading.current_thread() is not self._waiting

    @strict.setter
    def strict(self, value: bool) -> None:
        self._is_strict = value

    def begin(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record the start; it is the thread's step from now on."""
        self.start(inputs, outputs)
        if self._driver.direct is not None or self._driver.is_remote:
            _tell_at_exit(self)

    def attend(self, query: Query | None) -> None:
        """Wait beside the query for its end. No thread for it is a warning: that of the process tells the end then."""
        if query is not None:
            self._asked = query
            name = "sparklineage-stream"
            self._waiting = threading.Thread(target=self._await, args=(query,), name=name, daemon=True)
            try:
                self._waiting.start()
            except Exception as error:  # noqa: BLE001 - the job goes on
                self._waiting = None
                self.warn(error)

    def enter(self) -> None:
        """Make it the thread's step, for one more batch. Never raises."""
        self.resume()

    def leave(self) -> None:
        """Give the thread its own step back. Never raises."""
        self.suspend()

    def open_batch(self, number: int) -> None:
        """A batch begins."""
        self.batch = number
        self._begun += 1
        self._is_idle.clear()

    def progress(self) -> None:
        """A batch is done."""
        self._is_idle.set()
        self._is_news = True
        self.tell()

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """As every batch declares the same, only what is new is recorded."""
        inputs = [item for item in inputs if not self._is_known(item, self.inputs)]
        outputs = [item for item in outputs if not self._is_known(item, self.outputs)]
        super().declare(inputs, outputs)
        self._is_news = self._is_news or bool(inputs or outputs)

    def tell(self) -> None:
        """Say that there is something new, where the last word is old enough."""
        with self._speaking:
            if self._is_news and not self.is_over and self._may_speak:
                self._told, self._is_news = self._clock(), False
                self._append({"type": "stepProgress", "time": now_ms(), "step": self.step, "batch": self.batch})

    @property
    def _may_speak(self) -> bool:
        return self._clock() - self._told >= self._interval

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped the query, which interrupts the batch that runs. Never raises."""
        return self._asked is not None and self._asked.is_stopped()

    @property
    def is_left(self) -> bool:
        """Whether no batch is part of it any more: a query of the same id is another run."""
        return self.is_over or self._cut_off is not None

    def fail(self, error: BaseException) -> None:
        """A batch has raised this. Of a query that was stopped, Spark says whether that is a failure."""
        if self._waiting is not None and self._waiting.is_alive() and self.is_stopped:
            self._cut_off = error
        else:
            self.finish(error)
        self._is_idle.set()

    def finish(self, error: BaseException | None) -> None:
        """Record the end, once."""
        with self._speaking:
            if not self.is_over:
                self.is_over = True
                _unattended.discard(self)
                self._ended(self._query, self)
                self.end(error)

    def settle(self, seconds: float) -> None:
        """The process ends: so does the run, where nobody tells its end later."""
        if self._waiting is not None:
            self._waiting.join(max(0.0, seconds))
        if self._driver.folder is None:
            self._is_strict = False
            self.finish(None)

    def _await(self, query: Query) -> None:
        failure: BaseException | None = None
        try:
            while True:
                was_idle, begun = self._is_idle.is_set(), self._begun
                if query.wait(min(max(self._interval, 1.0), _LONGEST_WAIT)):
                    if was_idle and begun == self._begun:
                        break
                    # Once it is stopped Spark calls it over, and how its last batch ends is told by the next answer.
                    self._is_idle.wait(_PAUSE)
                    continue
                batch = query.batch() if self._may_speak else None
                if batch is not None and batch != self.batch:
                    self.batch, self._is_news = batch, True
                self.tell()
        except UnreachableError:
            return  # the end of the process or of the application tells
        except Exception as error:  # noqa: BLE001 - the query's own failure
            failure = self._cut_off or error
        self.finish(failure)
        self._cut_off = None  # it holds the frames of the batch

    def _is_known(self, value: DatasetLike, known: Mapping[Dataset, Dataset]) -> bool:
        try:
            # Facets are compared as JSON: what a job puts into them need not be comparable at all.
            dataset = checked_dataset(value, self.warn)
        except Exception:  # noqa: BLE001 - whatever it is; that it is wrong is said where it is recorded
            return False
        before = known.get(dataset)
        return before is not None and all(
            getattr(before, name) == getattr(dataset, name) for name in ("facets", "input_facets", "output_facets")
        )

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
