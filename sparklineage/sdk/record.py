"""The records of steps in the journal, and the local property that ties Spark's jobs to them."""

from __future__ import annotations

import logging
import stat
import traceback
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.model.ids import is_run_id, new_run_id
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.direct import Emission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sparklineage.model.facet import Facet
    from sparklineage.sdk.session import Driver

LOG = logging.getLogger("sparklineage")
_MOST = 16_384
"""Characters of an error's message and of its stack trace."""
_LONGEST = 4_096
"""Characters of a dataset's namespace or name; a longer one is a mistake, and no backend takes it."""
_LONGEST_STEP = 500
"""Characters of a step's name that count."""
_SHARED = 0o660
"""Mode of the file in a folder with the setgid bit: the relay of a cluster's node reads it by its group."""
_FRAMES = 20
"""The innermost frames of a stack trace."""

# The enclosing step where no local property tells it: Spark Connect and plain Python.
_current: ContextVar[StepRecord | None] = ContextVar("sparklineage_step", default=None)
_open: WeakValueDictionary[str, StepRecord] = WeakValueDictionary()
"""Every step that may be open, by its id, which the local property of a thread may name."""
_unwritable: set[Path] = set()


class StepRecord:
    """One entered step. Without a journal folder it is sent as a run of its own, where anything can be sent.

    No method raises, unless the step is `strict`: then what would be a warning is raised.
    """

    def __init__(
        self, driver: Driver, name: str, environ: Mapping[str, str], *, inherit: bool = True, strict: bool = False
    ) -> None:
        self.step = new_run_id()
        self.name = name[:_LONGEST_STEP]
        self.inputs: dict[Dataset, Dataset] = {}
        self.outputs: dict[Dataset, Dataset] = {}
        """What was declared so far, by namespace and name."""
        self._driver = driver
        self._environ = environ
        self._inherit, self._strict = inherit, strict
        self._outer_property: str | None = None
        self._outer: StepRecord | None = None
        self._is_tagged = False
        self._emission = Emission(driver.direct) if driver.direct is not None else None

    def start(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record the start, then set the property, so that no job of the step is older than it."""
        if self._driver.is_inert:
            if self._strict:
                self._datasets(inputs, self.inputs)
                self._datasets(outputs, self.outputs)
            return
        try:
            self._outer_property = self._driver.swap_step(self.step)
            self._outer = _current.get()
            _current.set(self)
            _open[self.step] = self
        except Exception as error:  # noqa: BLE001 - the job goes on
            self.warn(error)
        outer = self._outer_property or (self._outer.step if self._outer is not None else None)
        self._append(
            {
                "type": "stepStart",
                "format": FORMAT,
                "time": now_ms(),
                "step": self.step,
                "name": self.name,
                "parentStep": outer if outer and is_run_id(outer) else None,
                "inherits": self._inherit,
                "inputs": self._datasets(inputs, self.inputs),
                "outputs": self._datasets(outputs, self.outputs),
            }
        )

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record datasets that became known inside the step."""
        if self._driver.is_inert and not self._strict:
            return
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
        found: dict[str, dict[str, Any]] = {"run": {}, "job": {}}
        for facet in facets:
            try:
                if facet.place not in found:
                    raise ValueError(f"{facet.name} describes a dataset; give it with Dataset.with_facets")
                found[facet.place][facet.name] = dict(facet.value)
            except Exception as error:  # noqa: BLE001 - the job goes on
                self.warn(error)
        if found["run"] or found["job"]:
            self._append({"type": "stepFacets", "time": now_ms(), "step": self.step, **found})

    def end(self, error: BaseException | None) -> None:
        """Give the thread its old property back and record how the step ended."""
        if self._driver.is_inert:
            return
        try:
            _current.set(self._outer)
            _open.pop(self.step, None)
            self._driver.set_step(self._outer_property)
        except Exception:  # the context was stopped inside the step
            LOG.debug("step %r: its local property cannot be reset", self.name, exc_info=True)
        self._append({"type": "stepEnd", "time": now_ms(), "step": self.step, "error": error_of(error, self._environ)})

    def warn(self, error: Exception) -> None:
        """Say what is wrong, or raise it where the step is strict. No secret of the environment is shown."""
        if self._strict:
            raise error
        secrets = secrets_of(self._environ)
        LOG.warning("step %r: its lineage is not complete: %s", mask(self.name, secrets), mask(str(error), secrets))

    def _datasets(self, values: Iterable[DatasetLike], known: dict[Dataset, Dataset]) -> list[dict[str, Any]]:
        found: dict[Dataset, dict[str, Any]] = {}
        for value in values:
            try:
                dataset = Dataset.of(value)
                if max(len(dataset.namespace), len(dataset.name)) > _LONGEST:
                    raise ValueError(f"a dataset's name has more than {_LONGEST} characters")
                known[dataset] = dataset
                found[dataset] = dataset_record(dataset)
            except Exception as error:  # noqa: BLE001 - the job goes on
                self.warn(error)
        return list(found.values())

    def _append(self, record: Mapping[str, Any]) -> None:
        folder = self._driver.folder
        if folder is None:
            self._emit(record)
            return
        try:
            path = RunFolder(folder).steps
            shared = folder.stat().st_mode & stat.S_ISGID and not path.exists()
            append_line(path, record)
            if shared:
                path.chmod(_SHARED)
        except Exception as error:  # noqa: BLE001 - the job goes on
            if folder not in _unwritable or self._strict:  # say it once, not at every step
                _unwritable.add(folder)
                self.warn(error)

    def _emit(self, record: Mapping[str, Any]) -> None:
        try:
            if self._emission is not None:
                self._emission.take(record)
        except Exception as error:  # noqa: BLE001 - the job goes on
            self.warn(error)


def dataset_record(dataset: Dataset) -> dict[str, Any]:
    """The dataset as the journal keeps it."""
    record: dict[str, Any] = {"namespace": dataset.namespace, "name": dataset.name}
    named = (("facets", dataset.facets), ("inputFacets", dataset.input_facets), ("outputFacets", dataset.output_facets))
    return record | {name: dict(facets) for name, facets in named if facets}


def open_record(driver: Driver) -> StepRecord | None:
    """The innermost step that is open in this thread, also in one that has inherited its local properties."""
    found = _current.get()
    if found is not None:
        return found
    step = driver.step()
    return _open.get(step) if step else None


def error_of(error: BaseException | None, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Type, message and innermost frames of what ended a block, without secrets; None for a good end."""
    if error is None or isinstance(error, GeneratorExit):
        return None
    if isinstance(error, SystemExit) and error.code in {None, 0}:
        return None
    secrets = secrets_of(environ)
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES))
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": mask(str(error), secrets)[:_MOST],
        "stackTrace": mask(trace, secrets)[-_MOST:],
    }
