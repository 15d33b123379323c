"""`sparklineage.reads` and `sparklineage.writes`: what a function touches that no plan of Spark's shows."""

from __future__ import annotations

import functools
import inspect
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sparklineage.model.dataset import Dataset, DatasetLike
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.declared import Declaration, Declared, NameOfSource
from sparklineage.sdk.record import LOG
from sparklineage.sdk.session import Driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_of_classes: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


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


def _declare(target: Any, *, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    """The target, or what stands for it. Never raises."""
    try:
        known = _known(target)
        if known is None:
            return _first(target, inputs, outputs)
        known.inputs |= inputs
        known.outputs |= outputs
        _publish_what_is_in_use(target, known)
    except Exception as error:  # noqa: BLE001 - the job goes on
        LOG.warning("%s: its lineage is left out: %s", type(target).__name__, error)
    return target


def _known(target: Any) -> Declaration | None:
    if isinstance(target, type):
        return _of_classes.get(target)
    found = _udf(target).func if _udf(target) is not None else target
    return found.declaration if isinstance(found, Declared) else None


def _first(target: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    found: Any = target
    udf = _udf(target)
    if isinstance(target, type):
        declaration = _of_class(target, inputs, outputs)
    elif udf is not None:
        # The object stays what it is; PySpark pickles the function in it.
        declaration = Declaration("function", str(udf._name), inputs, outputs)  # noqa: SLF001 - PySpark's name of it
        udf.func = Declared(udf.func, declaration)
        if target is not udf:
            target.func = udf.func
    elif callable(target):
        name = getattr(target, "__name__", None) or type(target).__name__
        declaration = Declaration("function", str(name), inputs, outputs)
        found = Declared(target, declaration)
    else:
        raise TypeError("reads and writes are for functions and classes")
    _publish_what_is_in_use(target, declaration)
    return found


def _udf(target: Any) -> Any:
    """The UDF behind what udf(), pandas_udf(), udtf() and spark.udf.register() return; None for anything else."""
    inner = getattr(target, "_unwrapped", target)
    return inner if all(hasattr(inner, name) for name in ("func", "evalType", "returnType", "_name")) else None


def _of_class(target: type, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Declaration:
    named = inspect.getattr_static(target, "name", None)
    if isinstance(named, (classmethod, staticmethod)):
        declaration = Declaration("source", str(target.name()), inputs, outputs)  # type: ignore[attr-defined]
        target.name = type(named)(NameOfSource(named.__func__, declaration))  # type: ignore[attr-defined]
    else:
        # The handler of a table function.
        declaration = Declaration("function", target.__name__, inputs, outputs)
    _of_classes[target] = declaration
    return declaration


def _publish_what_is_in_use(target: Any, declaration: Declaration) -> None:
    """What was pickled before it was declared, or is never pickled through anything of ours."""
    udf = _udf(target)
    made = any(getattr(udf, name, None) is not None for name in ("_judf_placeholder", "_judtf_placeholder"))
    if made or (isinstance(target, type) and declaration.kind == "function"):
        declaration.publish(Driver.of(None, os.environ))


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
