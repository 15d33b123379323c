"""The records of steps in the journal, and the local property that ties Spark's jobs to them."""

from __future__ import annotations

import logging
import traceback
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.model.ids import is_run_id, new_run_id
from sparklineage.model.masking import mask, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sparklineage.sdk.session import Driver

LOG = logging.getLogger("sparklineage")
_MOST = 16_384
"""Characters of an error's message and of its stack trace."""
_FRAMES = 20
"""The innermost frames of a stack trace."""

# The enclosing step where no local property tells it: Spark Connect and plain Python.
_current: ContextVar[str | None] = ContextVar("sparklineage_step", default=None)
_unwritable: set[Path] = set()


class StepRecord:
    """One entered step. Without a journal folder nothing of it has any effect; no method raises."""

    def __init__(self, driver: Driver, name: str, environ: Mapping[str, str]) -> None:
        self.step = new_run_id()
        self.name = name
        self._driver = driver
        self._environ = environ
        self._outer_property: str | None = None
        self._outer: str | None = None

    def start(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record the start, then set the property, so that no job of the step is older than it."""
        if self._driver.folder is None:
            return
        try:
            self._outer_property = self._driver.swap_step(self.step)
            self._outer = _current.get()
            _current.set(self.step)
        except Exception as error:  # noqa: BLE001 - the job goes on
            self._warn(error)
        outer = self._outer_property or self._outer
        self._append(
            {
                "type": "stepStart",
                "format": FORMAT,
                "time": now_ms(),
                "step": self.step,
                "name": self.name,
                "parentStep": outer if outer and is_run_id(outer) else None,
                "inputs": self._datasets(inputs),
                "outputs": self._datasets(outputs),
            }
        )

    def declare(self, inputs: Iterable[DatasetLike], outputs: Iterable[DatasetLike]) -> None:
        """Record datasets that became known inside the step."""
        if self._driver.folder is None:
            return
        read, written = self._datasets(inputs), self._datasets(outputs)
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

    def end(self, error: BaseException | None) -> None:
        """Give the thread its old property back and record how the step ended."""
        if self._driver.folder is None:
            return
        try:
            _current.set(self._outer)
            self._driver.swap_step(self._outer_property)
        except Exception:  # the context was stopped inside the step
            LOG.debug("step %r: its local property cannot be reset", self.name, exc_info=True)
        self._append({"type": "stepEnd", "time": now_ms(), "step": self.step, "error": _error(error, self._environ)})

    def _datasets(self, values: Iterable[DatasetLike]) -> list[dict[str, Any]]:
        found: dict[Dataset, dict[str, Any]] = {}
        for value in values:
            try:
                dataset = Dataset.of(value)
                record: dict[str, Any] = {"namespace": dataset.namespace, "name": dataset.name}
                if dataset.facets:
                    record["facets"] = dict(dataset.facets)
                found[dataset] = record
            except Exception as error:  # noqa: BLE001 - the job goes on
                self._warn(error)
        return list(found.values())

    def _append(self, record: dict[str, Any]) -> None:
        folder = self._driver.folder
        if folder is None:
            return
        try:
            append_line(RunFolder(folder).steps, record)
        except Exception as error:  # noqa: BLE001 - the job goes on
            if folder not in _unwritable:  # say it once, not at every step
                _unwritable.add(folder)
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        LOG.warning("step %r: its lineage is not complete: %s", self.name, mask(str(error), secrets_of(self._environ)))


def _error(error: BaseException | None, environ: Mapping[str, str]) -> dict[str, str] | None:
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
