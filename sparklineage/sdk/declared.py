"""What stands for a user's function on the driver, and tells the journal when the function comes into use.

What an executor gets is the user's own function and nothing of ours: everything here is pickled as that function, by
the standard library alone.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
import sys
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.record import LOG, dataset_record, open_record
from sparklineage.sdk.session import Driver, in_worker
from sparklineage.sdk.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.model.dataset import Dataset

_ACTIONS = ("pyspark.rdd", "pyspark.core.rdd", "pyspark.core.context", "pyspark.context")
"""Where a function is pickled for a job that runs at once: those of an RDD, and foreach and foreachPartition."""
_NAMELESS = ("<lambda>", "partial")
"""What a plan calls functions without a name of their own; it may be anybody's."""
_FRAMES = 60
_MOST = 200
"""Characters of a function's name."""

_unwritable: set[Path] = set()
_published: dict[tuple[Path, str, str], Declaration] = {}
"""The first of each kind and name in a journal."""


class Declaration:
    """What is declared of a function or a data source."""

    def __init__(
        self, kind: str, name: str, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]
    ) -> None:
        self.kind, self.name = kind, name[:_MOST]
        self.inputs, self.outputs = dict(inputs), dict(outputs)
        self._told: set[tuple[Path, str, int]] = set()

    def publish(self, driver: Driver, name: str | None = None) -> None:
        """Write it into the journal, by the name that plans show; once, and again when it has grown. Never raises."""
        if driver.folder is None:
            return
        shown = (name or self.name)[:_MOST]
        key = driver.folder, shown, len(self.inputs) + len(self.outputs)
        if key in self._told:
            return
        self._told.add(key)
        other = _published.setdefault((driver.folder, self.kind, shown), self)
        if other is not self and (other.inputs, other.outputs) != (self.inputs, self.outputs):
            LOG.warning("%s: declared twice, and a query that uses either gets the datasets of both", shown)
        record = {
            "type": "function",
            "format": FORMAT,
            "time": now_ms(),
            "kind": self.kind,
            "name": shown,
            "inputs": [dataset_record(item) for item in self.inputs.values()],
            "outputs": [dataset_record(item) for item in self.outputs.values()],
        }
        try:
            append_line(RunFolder(driver.folder).steps, record)
        except Exception as error:  # noqa: BLE001 - the job goes on
            if driver.folder not in _unwritable:
                _unwritable.add(driver.folder)
                LOG.warning("%s: its lineage is not complete: %s", shown, mask(str(error), secrets_of(os.environ)))


class Declared:
    """Stands for the user's function on the driver: the same to call, to name, to inspect and to pickle."""

    def __init__(self, function: Any, declaration: Declaration) -> None:
        self.__wrapped__ = function
        self.declaration = declaration
        self._has_own = False
        """Whether it was sent as a step of its own; a plan may pickle it again and again."""
        # The dictionary of a class, which a table function has, is no instance's.
        functools.update_wrapper(self, function, updated=() if isinstance(function, type) else ("__dict__",))
        # PySpark asks for it by inspect.getfullargspec, which takes an object with `__get__` for a builtin.
        with suppress(ValueError, TypeError):
            self.__signature__ = inspect.signature(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Called on the driver: as the user's function, with its datasets on the step that is open."""
        if in_worker():
            return self.__wrapped__(*args, **kwargs)
        record = open_record(Driver.of(None, os.environ))
        if record is not None:
            record.declare(self.declaration.inputs.values(), self.declaration.outputs.values())
            return self.__wrapped__(*args, **kwargs)
        with self._own_step():
            return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method of a class."""
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function and nothing else; on the driver this is also the moment when it is sent."""
        try:
            self._sent()
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("%s: its lineage is not complete: %s", self.declaration.name, type(error).__name__)
        return operator.itemgetter(0), ((self.__wrapped__,),)

    def _sent(self) -> None:
        driver = Driver.of(None, os.environ)
        if driver.is_inert:
            return
        is_action, name = _use()
        # Without a journal there is no witness either, so this is the only moment at which anything shows its use.
        if not is_action and driver.folder is not None and (name or self.declaration.name) not in _NAMELESS:
            self.declaration.publish(driver, name)
            return
        record = open_record(driver)
        if record is not None:
            record.declare(self.declaration.inputs.values(), self.declaration.outputs.values())
            return
        if driver.direct is not None or not is_action:
            if self._has_own:
                return
            self._has_own = True
        with self._own_step():
            pass

    def _own_step(self) -> Step:
        found = self.declaration
        return Step(None, found.name, inputs=found.inputs.values(), outputs=found.outputs.values(), environ=os.environ)


class NameOfSource:
    """Stands for `name` of a class of a Python data source: PySpark asks for it when the source is registered."""

    def __init__(self, function: Any, declaration: Declaration) -> None:
        self.__wrapped__ = function
        self.declaration = declaration
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        name = self.__wrapped__(*args)
        if not in_worker():
            self.declaration.publish(Driver.of(None, os.environ), str(name))
        return name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method of a class."""
        return self if instance is None else types.MethodType(self, instance)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function and nothing else."""
        return operator.itemgetter(0), ((self.__wrapped__,),)


def _use() -> tuple[bool, str | None]:
    """Whether the function is being pickled for a job that runs now; if for a plan, the name that it has there."""
    frame = sys._getframe(2)  # noqa: SLF001 - the stack is all that tells
    is_action = in_plan = False
    for _ in range(_FRAMES):
        module = frame.f_globals.get("__name__", "")
        # A UDF is pickled by code of the RDD's, too.
        is_action = is_action or module in _ACTIONS
        if module.startswith("pyspark.sql.") and module.rpartition(".")[2] in ("udf", "udtf", "datasource"):
            in_plan = True
            # It may be registered by another name than the function's.
            name = getattr(frame.f_locals.get("self"), "_name", None)
            if isinstance(name, str):
                return False, name
        if frame.f_back is None:
            break
        frame = frame.f_back
    return is_action and not in_plan, None
