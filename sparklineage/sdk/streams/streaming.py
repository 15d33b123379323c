"""`sparklineage.foreach_batch`: one job for a streaming query whose batches a function writes."""

from __future__ import annotations

import operator
import os
import time
from contextlib import suppress
from types import CodeType
from typing import TYPE_CHECKING, Any

from sparklineage.model.masking import secrets_of
from sparklineage.sdk import forgiving
from sparklineage.sdk.functions.declared import declaration_of, is_declared
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.datasets import checked_dataset, dataset_record
from sparklineage.sdk.steps.given import listed, text
from sparklineage.sdk.steps.record import LOG
from sparklineage.sdk.steps.step import Step
from sparklineage.sdk.streams.query import Query, RemoteQuery, when_started
from sparklineage.sdk.streams.stream import Stream
from sparklineage.sdk.warning import beginning, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sparklineage.model.dataset import DatasetLike, DatasetsLike
    from sparklineage.sdk.functions.declaration import Declaration

_QUERY = "sql.streaming.queryId"
"""The local property by which Spark tells a batch's thread whose it is."""


_INTERVAL = 60.0


@forgiving
def foreach_batch(
    name: str,
    function: Callable[[Any, int], Any],
    *,
    inputs: DatasetsLike = (),
    outputs: DatasetsLike = (),
    interval: float = _INTERVAL,
    strict: bool = False,
) -> ForeachBatch:
    """The function for `writeStream.foreachBatch`, with what it reads and writes unseen.

        stream.writeStream.foreachBatch(sparklineage.foreach_batch("ships", save, outputs=["postgresql://db/ships#t"]))

    A running query is one run of the job `<application>.<name>`: it starts with the first batch, tells what it has read
    and written at most every `interval` seconds, and ends with the query, as FAIL where a batch or the query
    failed. Where it was stopped, what that makes its last batch raise is no failure. Inside a batch `current_step()` is
    this one.

    With a journal, what the agent reports of the first batch stays; of those that follow it is part of this run, so
    that a query of many small batches does not flood the backend. Where the agent sends by itself nothing of ours is
    between it and the backend, and its own runs of every batch are there, too.

    Under Spark Connect the batches run on the server, which gets the function alone. The run starts and ends with the
    query, and says every `interval` seconds that there were batches; it has what is declared here. What code inside of
    a batch declares cannot be seen, which is one warning.

    Never raises because of lineage; what the function raises goes on to Spark. With `strict` what would be a warning is
    raised: here what is wrong with the arguments, and in a batch, which then fails, what is declared there or cannot be
    written.
    """
    return ForeachBatch(
        name, function, inputs=inputs, outputs=outputs, interval=interval, strict=strict, environ=os.environ
    )


class ForeachBatch:
    """What `foreach_batch` returns; pickled it is the user's function."""

    def __init__(
        self,
        name: str,
        function: Callable[[Any, int], Any],
        *,
        inputs: DatasetsLike,
        outputs: DatasetsLike,
        interval: float,
        environ: Mapping[str, str],
        strict: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.__wrapped__ = function
        self.__name__ = _name_of(function)
        self._strict, self._environ, self._clock = strict, environ, clock
        self.name = text(name, strict=strict)
        if not callable(function):
            self._refuse(TypeError(f"a function is called with each batch, and this is a {type(function).__name__}"))
        self.interval = self._seconds(interval)
        self._inputs, self._outputs = listed(inputs, strict=strict), listed(outputs, strict=strict)
        for value in (*self._inputs, *self._outputs) if strict else ():
            dataset_record(checked_dataset(value))
        self._open: dict[str, Stream] = {}
        """Of each query that uses it, by the query's id."""

    def _sparklineage_exchange(self, change: Callable[[Any], Any]) -> ForeachBatch:
        """The same with another function, which `change` makes of it: what decorators put around this is for that."""
        self.__wrapped__ = change(self.__wrapped__)
        return self

    @property
    def _declaration(self) -> Declaration | None:
        return declaration_of(self.__wrapped__) if is_declared(self.__wrapped__) else None

    @property
    def _declared(self) -> tuple[list[DatasetLike], list[DatasetLike]]:
        # Decorators are as good as what is given; on a server nothing of ours is there to tell of them.
        found = self._declaration
        if found is None:
            return self._inputs, self._outputs
        return [*self._inputs, *found.inputs.values()], [*self._outputs, *found.outputs.values()]

    def _seconds(self, interval: Any) -> float:
        with suppress(Exception):
            found = float(interval)
            if found >= 0:
                return found
        shown = beginning(_shown(interval), secrets_of(self._environ), 100)
        self._refuse(ValueError(f"interval takes seconds, {_INTERVAL:g} by default, and this is {shown}"))
        return _INTERVAL

    def _refuse(self, error: Exception) -> None:
        if self._strict:
            raise error
        warn(str(error), about=f"step {self.name!r}", environ=self._environ)

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
            stream.fail(error)
            raise
        stream.leave()
        stream.progress()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function alone. Spark Connect pickles it, on a client where no batch ever runs."""
        try:
            driver = Driver.of(None, self._environ)
            if not driver.is_inert:
                self._sent(driver)
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("step %r: its lineage is left out: %s", self.name, type(error).__name__)
        return operator.itemgetter(0), ((self.__wrapped__,),)

    def _sent(self, driver: Driver) -> None:
        if when_started(self._begun):
            if self._declaration is not None:
                self._declaration.needs_no_run(driver)
            if _declares(self.__wrapped__):
                LOG.warning(
                    "step %r: its batches run on the server of Spark Connect, and what they declare there cannot be "
                    "seen; give it to foreach_batch as inputs and outputs",
                    self.name,
                )
        elif driver.context is None:
            # It is sent in a way that is not known, and so is its query.
            inputs, outputs = self._declared
            with Step(None, self.name, inputs=inputs, outputs=outputs, environ=self._environ):
                pass

    def _begun(self, query: Any) -> None:
        """A client has started the query on the server. Never raises."""
        try:
            driver = Driver.of(getattr(query, "_session", None), self._environ)
            stream = self._stream(driver, str(query.id))
            stream.begin(*self._declared)
            stream.leave()
            stream.attend(RemoteQuery(query))
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("step %r: its lineage is not complete: %s", self.name, type(error).__name__)

    def _entered(self, batch: Any, number: int) -> Stream | None:
        stream: Stream | None = None
        try:
            session = getattr(batch, "sparkSession", None)
            driver = Driver.of(session, self._environ)
            if driver.is_inert:
                return None
            query = (driver.context.getLocalProperty(_QUERY) if driver.context is not None else None) or ""
            stream = self._open.get(query)
            if stream is None or stream.is_left:
                stream = self._open[query] = self._stream(driver, query)
                stream.begin(*self._declared)
                stream.open_batch(int(number))
                stream.attend(Query.of(session, driver.context, query))
            else:
                stream.enter()
                stream.open_batch(int(number))
        except Exception as error:
            if stream is not None and stream.is_open:
                stream.leave()
            if self._strict:
                raise
            LOG.warning("step %r: its lineage is not complete: %s", self.name, type(error).__name__)
            return None
        return stream

    def _stream(self, driver: Driver, query: str) -> Stream:
        return Stream(
            driver, self.name, self._environ, query=query, interval=self.interval, strict=self._strict,
            clock=self._clock, ended=self._forget,
        )  # fmt: skip

    def _forget(self, query: str, stream: Stream) -> None:
        if self._open.get(query) is stream:
            self._open.pop(query, None)


def _name_of(function: Any) -> str:
    with suppress(Exception):  # the user's own class
        return str(function.__name__)
    return type(function).__name__


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - the user's own class
        return f"a {type(value).__name__} that cannot be shown"


def _declares(function: Any) -> bool:
    """Whether the code of a function names anything of ours."""
    codes = [getattr(function, "__code__", None)]
    known = getattr(function, "__globals__", {})
    while codes:
        code = codes.pop()
        if not isinstance(code, CodeType):
            continue
        for name in code.co_names:
            found = known.get(name)
            module = getattr(found, "__module__", None) or getattr(found, "__name__", None) or ""
            if "sparklineage" in (name, str(module).partition(".")[0]):
                return True
        codes += code.co_consts
    return False
