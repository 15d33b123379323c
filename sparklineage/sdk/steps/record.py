"""The records of steps in the journal, and the local property that ties Spark's jobs to them."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING, Any

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.ids import new_run_id
from sparklineage.model.lenient import Placeholder, ask, is_told
from sparklineage.model.masking import secrets_of
from sparklineage.sdk import warning
from sparklineage.sdk.steps import nesting
from sparklineage.sdk.steps.datasets import checked_dataset, checked_facet, dataset_record
from sparklineage.sdk.steps.failure import error_of, is_of_spark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sparklineage.model.dataset import Dataset, DatasetLike
    from sparklineage.model.facet import Facet
    from sparklineage.sdk.sending.direct import Direct
    from sparklineage.sdk.sending.emission import Emission
    from sparklineage.sdk.session import Driver

LOG = warning.LOG
open_record = nesting.current
_LONGEST_STEP = 500
"""Characters of a step's name that count."""
_MOST_UNWRITTEN = 100
_DEEPEST = 49
"""Steps around one whose declarations it gets at most, as for the queries in a journal."""
_SHARED = 0o660
"""Mode of the file in a folder with the setgid bit: the relay of a cluster's node reads it by its group."""

_unwritable: set[Path] = set()


class StepRecord:
    """One entered step. Without a journal folder it is sent as a run of its own, where anything can be sent.

    No method raises, unless the step is `strict`: then what would be a warning is raised.
    """

    def __init__(
        self, driver: Driver, name: str, environ: Mapping[str, str], *, inherit: bool = True, strict: bool = False
    ) -> None:
        self.step = new_run_id()
        self.name = name if len(name) <= _LONGEST_STEP else warning.beginning(name, secrets_of(environ), _LONGEST_STEP)
        self.inputs: dict[Dataset, Dataset] = {}
        self.outputs: dict[Dataset, Dataset] = {}
        """What was declared so far, by namespace and name."""
        self._driver = driver
        self._environ = environ
        self._inherit, self.strict = inherit, strict
        self.is_open = False
        self.outer: StepRecord | None = None
        """The step around it, in the context in which it was entered."""
        self.is_inert = driver.is_inert
        """Whether nothing that is declared gets anywhere."""
        self.thread = threading.get_ident()
        """In which it was entered, or its body runs now."""
        self._process = os.getpid()
        self._inside: StepRecord | None = None
        """While it is suspended: the innermost step of its body, which may have opened more."""
        self._is_tagged = False
        self._unwritten: list[Mapping[str, Any]] = []
        """Records that a full disk did not take; they go before the next one."""
        self._lock = (os.getpid(), threading.RLock())
        self._emission = _emission(driver.direct) if driver.direct is not None else None

    def start(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Put it in force and record its start."""
        self.is_open = True
        outer = None
        try:
            outer = nesting.enter(self._driver, self)
        except Exception as error:  # noqa: BLE001 - the job goes on
            is_stopped = self._driver.context is not None and getattr(self._driver.context, "_jsc", "") is None
            self.warn(RuntimeError("its session is stopped, so no query can be its own") if is_stopped else error)
        if self.is_inert:
            if self.strict:
                self._datasets(inputs, self.inputs)
                self._datasets(outputs, self.outputs)
            return
        self._append(
            {
                "type": "stepStart",
                "format": FORMAT,
                "time": now_ms(),
                "step": self.step,
                "name": self.name,
                "parentStep": outer,
                "inherits": self._inherit,
                **({"remote": True} if self._driver.is_remote else {}),
                "inputs": self._datasets(inputs, self.inputs),
                "outputs": self._datasets(outputs, self.outputs),
            }
        )

    def shown_before(self) -> str | None:
        """What the thread's property is as the step is entered: a way to the JVM and back."""
        return self._driver.step()

    def suspend(self) -> None:
        """Put the step around it in force while others run. Never raises."""
        self._inside = nesting.suspend(self._driver, self)

    def resume(self) -> None:
        """Put it in force again, maybe in another context or thread. Never raises."""
        inside, self._inside = self._inside, None
        nesting.resume(self._driver, self, inside)

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record datasets that became known inside the step."""
        if self.is_inert and not self.strict:
            return
        nesting.remind(self._driver)
        read, written = self._datasets(inputs, self.inputs), self._datasets(outputs, self.outputs)
        if read or written:
            self._append(
                {
                    "type": "stepDatasets",
                    "time": now_ms(),
                    "step": self.step,
                    "inputs": read,
                    "outputs": written,
                }
            )

    def tagged(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record that DataFrames are tagged with it, and what the tag itself declares."""
        read, written = self._datasets(inputs, self.inputs), self._datasets(outputs, self.outputs)
        if self._is_tagged and not (read or written):
            return
        self._is_tagged = True
        self._append(
            {
                "type": "stepTagged",
                "format": FORMAT,
                "time": now_ms(),
                "step": self.step,
                "name": self.name,
                "inputs": read,
                "outputs": written,
            }
        )

    def describe(self, facets: Iterable[Facet]) -> None:
        """Record facets of the step's runs and their jobs."""
        nesting.remind(self._driver)
        found: dict[str, dict[str, Any]] = {"run": {}, "job": {}}
        for facet in facets:
            try:
                if isinstance(facet, Placeholder):
                    raise facet.error
                if not isinstance(getattr(facet, "place", None), str):
                    raise TypeError(f"a {type(facet).__name__} is no facet; sparklineage.facets makes them")
                if facet.place not in found:
                    raise ValueError(f"{facet.name} describes a dataset; give it with Dataset.with_facets")
                found[facet.place][facet.name] = checked_facet(facet.name, dict(facet.value))
            except Exception as error:  # noqa: BLE001 - the job goes on
                self.warn(error)
        if found["run"] or found["job"]:
            self._append({"type": "stepFacets", "time": now_ms(), "step": self.step, **found})

    def end(self, error: BaseException | None) -> None:
        """Put the step around it in force again and record how this one ended."""
        self.is_open = False
        # A forked child that leaves its parent's block ends nothing.
        if os.getpid() != self._process:
            return
        try:
            nesting.leave(self._driver, self)
        except Exception:  # the context was stopped inside the step
            LOG.debug("step %r: its local property cannot be reset", self.name, exc_info=True)
        if self.is_inert:
            return
        told: dict[str, Any] | None = error_of(error, self._environ)
        if told is not None and error is not None and self._is_cut_off(error):
            told["stopped"] = True
        record = {"type": "stepEnd", "time": now_ms(), "step": self.step, "error": told}
        try:
            self._append(record)
        except Exception:
            if error is None:
                raise  # it is strict

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped the streaming query that this is the step of. Never raises."""
        return False

    def _is_cut_off(self, error: BaseException) -> bool:
        record = self.outer
        for _ in range(_DEEPEST):
            if record is None:
                break
            if record.is_stopped:
                return is_of_spark(error)
            record = record.outer
        return False

    def _around(self) -> Iterator[StepRecord]:
        record = self
        for _ in range(_DEEPEST):
            if not record._inherit or record.outer is None:
                return
            record = record.outer
            if not record.is_inert:
                yield record

    def warn(self, error: Exception) -> None:
        """Say what is wrong, unless it was said, or raise it where the step is strict. It shows no secret."""
        if self.strict:
            raise error
        if is_told(error):
            return
        sentence = f"its lineage is not complete: {warning.text_of(error)}"
        warning.warn(sentence, about=f"step {self.name!r}", environ=self._environ)

    def _datasets(self, values: Iterable[DatasetLike], known: dict[Dataset, Dataset]) -> list[dict[str, Any]]:
        found: dict[Dataset, dict[str, Any]] = {}
        for value in values:
            try:
                dataset = checked_dataset(value, self.warn)
                if dataset in found:  # such as another day of it
                    dataset = known[dataset].joined(dataset)
                record = dataset_record(dataset)
            except Exception as error:  # noqa: BLE001 - the job goes on
                self.warn(error)
            else:
                known[dataset], found[dataset] = dataset, record
        return list(found.values())

    @property
    def _alone(self) -> AbstractContextManager[object]:
        """For one thread at a time: what it adds to would else lack what another one adds meanwhile."""
        process, lock = self._lock
        if process != os.getpid():  # a forked child has none of its parent's threads, one of which may hold it
            lock = threading.RLock()
            self._lock = (os.getpid(), lock)
        return lock

    def _append(self, record: Mapping[str, Any]) -> None:
        with self._alone:
            self._tell(record)

    def _tell(self, record: Mapping[str, Any]) -> None:
        folder = self._driver.folder
        if folder is None:
            self._emit(record)
            return
        waiting, self._unwritten = [*self._unwritten, record], []
        try:
            path = RunFolder(folder).steps
            shared = folder.stat().st_mode & stat.S_ISGID and not path.exists()
            try:
                while waiting:
                    append_line(path, waiting[0])
                    del waiting[0]
            finally:
                if shared and path.exists():
                    path.chmod(_SHARED)
        except Exception as error:  # noqa: BLE001 - the job goes on
            # A step without its start is none, however much is written of it later.
            self._unwritten = waiting[:_MOST_UNWRITTEN]
            if folder not in _unwritable or self.strict:  # say it once, not at every step
                _unwritable.add(folder)
                self.warn(error)

    def _emit(self, record: Mapping[str, Any]) -> None:
        try:
            if self._emission is not None:
                self._emission.take(record, self._around())
        except Exception as error:  # noqa: BLE001 - the job goes on
            self.warn(error)


def _emission(way: Direct) -> Emission:
    from sparklineage.sdk.sending.emission import Emission  # noqa: PLC0415

    return Emission(way)


def _told(error: Exception) -> bool | None:
    """Warn of a dataset or a facet that cannot be made, as the open step does: where that is strict, it raises it."""
    record = nesting.opened()
    if record is None:
        return False
    if record.is_inert and not record.strict:
        return None
    record.warn(error)
    return True


ask(_told)
