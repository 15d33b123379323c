"""`sparklineage.reads` and `sparklineage.writes`: what a function touches that no plan of Spark's shows.

What an executor gets is the user's own function and nothing of ours: the object that stands in its place on the driver
is pickled as that function, by the standard library alone.
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
from weakref import WeakKeyDictionary

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.record import LOG, dataset_record, open_record
from sparklineage.sdk.session import Driver, in_worker
from sparklineage.sdk.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_ACTIONS = ("pyspark.rdd", "pyspark.core.rdd", "pyspark.core.context", "pyspark.context")
"""Where a function is pickled for a job that runs at once: those of an RDD, and foreach and foreachPartition."""
_FRAMES = 60
_MOST = 200
"""Characters of a function's name."""


def reads(*datasets: DatasetLike, strict: bool = False) -> Callable[[Any], Any]:
    """Declare what a function, a UDF or a class of a Python data source reads, where Spark cannot see it.

        @sparklineage.reads("https://rates.example.com/v1")
        def rate(currency): ...

    The inputs appear on the run of every query that uses the function, by whatever name it is registered in SQL: a
    UDF, a pandas UDF, a function of mapInPandas, applyInPandas and their like. A plain helper and a function of
    foreachBatch declare them when they are called; one of foreachPartition and of RDDs when it is sent to the
    executors: on the step that is open then, and without one on a step of the function's own name.

    Never raises because of lineage: a wrong dataset is one warning of the logger `sparklineage`; with `strict` it is
    raised here.
    """
    return functools.partial(_declare, inputs=_checked("reads", datasets, strict=strict), outputs={})


def writes(*datasets: DatasetLike, strict: bool = False) -> Callable[[Any], Any]:
    """Declare what a function, a UDF or a class of a Python data source writes; see `reads`."""
    return functools.partial(_declare, inputs={}, outputs=_checked("writes", datasets, strict=strict))


def publish(driver: Driver, environ: Mapping[str, str]) -> None:
    """Write every declared function into the journal of this application that is not there yet. Never raises."""
    if driver.folder is None:
        return
    told = _told.setdefault(driver.folder, set())
    for number, item in list(enumerate(_declarations)):
        if number in told:
            continue
        told.add(number)
        try:
            append_line(RunFolder(driver.folder).steps, item.record())
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("%s: its lineage is not complete: %s", item.name, mask(str(error), secrets_of(environ)))


class Declaration:
    """What is declared of one name that may stand in a plan."""

    def __init__(
        self, kind: str, name: str, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]
    ) -> None:
        self.kind, self.name = kind, name[:_MOST]
        self.inputs, self.outputs = dict(inputs), dict(outputs)

    def record(self) -> dict[str, Any]:
        """The line of steps.ndjson."""
        return {
            "type": "function",
            "format": FORMAT,
            "time": now_ms(),
            "kind": self.kind,
            "name": self.name,
            "inputs": [dataset_record(item) for item in self.inputs.values()],
            "outputs": [dataset_record(item) for item in self.outputs.values()],
        }


_declarations: list[Declaration] = []
_told: dict[Path, set[int]] = {}
"""Which of them stand in the journal of a run folder."""
_of_objects: WeakKeyDictionary[Any, Declaration] = WeakKeyDictionary()
"""The declarations of objects that stay what they are: UDFs and classes."""


class Declared:
    """Stands for the user's function on the driver: the same to call, to name, to inspect and to pickle."""

    def __init__(self, function: Any, declaration: Declaration) -> None:
        self.__wrapped__ = function
        self.declaration = declaration
        self._has_own = False
        """Whether it was sent as a step of its own; a plan may pickle it again and again."""
        functools.update_wrapper(self, function)
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

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function and nothing else; on the driver this is also the moment when it is sent."""
        try:
            self._sent()
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("%s: its lineage is not complete: %s", self.declaration.name, type(error).__name__)
        return operator.itemgetter(0), ((self.__wrapped__,),)

    def _sent(self) -> None:
        driver = Driver.of(None, os.environ)
        publish(driver, os.environ)
        # Without a journal there is no witness either, so this is the only moment at which anything shows its use.
        if driver.is_inert or (driver.direct is None and not _for_an_action()):
            return
        record = open_record(driver)
        if record is not None:
            record.declare(self.declaration.inputs.values(), self.declaration.outputs.values())
            return
        if driver.direct is not None:
            if self._has_own:
                return
            self._has_own = True
        with self._own_step():
            pass

    def _own_step(self) -> Step:
        found = self.declaration
        return Step(None, found.name, inputs=found.inputs.values(), outputs=found.outputs.values(), environ=os.environ)


def _declare(target: Any, *, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    """The target, or what stands for it. Never raises."""
    try:
        known = target.declaration if isinstance(target, Declared) else _of_objects.get(target)
    except TypeError:  # cannot be referred to weakly, or is not hashable
        known = None
    if known is not None:
        known.inputs |= inputs
        known.outputs |= outputs
        return target
    try:
        return _first(target, inputs, outputs)
    except Exception as error:  # noqa: BLE001 - the job goes on
        LOG.warning("%s: its lineage is left out: %s", type(target).__name__, error)
        return target


def _first(target: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    found: Any = target
    if isinstance(target, type):
        # The name that a Python data source is used by; a plain class is known by its own.
        named = getattr(target, "name", None)
        name = named() if callable(named) else target.__name__
        declaration = Declaration("source", str(name), inputs, outputs)
        _of_objects[target] = declaration
    elif hasattr(target, "asNondeterministic"):
        # A UDF, as udf(), pandas_udf() and spark.udf.register() return it.
        inner = getattr(target, "_unwrapped", target)
        name = getattr(inner, "_name", None) or getattr(target, "__name__", "")
        declaration = Declaration("function", str(name), inputs, outputs)
        _of_objects[target] = declaration
    elif callable(target):
        name = getattr(target, "__name__", None) or type(target).__name__
        declaration = Declaration("function", str(name), inputs, outputs)
        found = Declared(target, declaration)
    else:
        raise TypeError("reads and writes are for functions and classes")
    twins = [item for item in _declarations if (item.kind, item.name) == (declaration.kind, declaration.name)]
    if any((item.inputs, item.outputs) != (declaration.inputs, declaration.outputs) for item in twins):
        LOG.warning("%s: declared twice, and a query that uses either gets the datasets of both", declaration.name)
    _declarations.append(declaration)
    return found


def _for_an_action() -> bool:
    """Whether the function is being pickled for a job that runs now, and not for a plan."""
    frame = sys._getframe(2)  # noqa: SLF001 - the stack is all that tells
    for _ in range(_FRAMES):
        module = frame.f_globals.get("__name__", "")
        if module.startswith("pyspark.sql.") and module.rpartition(".")[2] in ("udf", "udtf"):
            return False
        if module in _ACTIONS:
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _checked(what: str, datasets: Iterable[DatasetLike], *, strict: bool) -> dict[Dataset, Dataset]:
    found: dict[Dataset, Dataset] = {}
    for value in datasets:
        try:
            dataset = Dataset.of(value)
            found[dataset] = dataset
        except Exception as error:
            if strict:
                raise
            LOG.warning("%s: a dataset is left out: %s", what, mask(str(error), secrets_of(os.environ)))
    return found
