"""What a decorator is put on that is no plain function: what holds a method's function, and UDFs."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = object()


def inside(target: Any) -> Callable[[Callable[[Any], Any]], Any] | None:
    """For what holds the function of a method: gives the like of it with the function exchanged. None for others."""
    kind = type(target)  # what stands for a function may call itself of another class
    if issubclass(kind, (staticmethod, classmethod)):
        return lambda change: kind(change(target.__func__))
    if issubclass(kind, property):
        # Setters and deleters are other functions.
        return lambda change: target.getter(change(target.fget))
    if issubclass(kind, (functools.cached_property, functools.partialmethod)):
        return lambda change: _exchanged(target, change)
    # What `foreach_batch` returns; streams build upon functions, and are not known here.
    return target._sparklineage_exchange if hasattr(kind, "_sparklineage_exchange") else None  # noqa: SLF001


def udf_of(target: Any) -> Any:
    """The UDF behind what udf(), pandas_udf(), udtf() and spark.udf.register() return; None for anything else."""
    try:
        inner = getattr(target, "_unwrapped", target)
    except Exception:  # noqa: BLE001 - what stands for something else may raise whatever it is asked
        inner = target
    # Looked up without asking for them: PySpark asks the JVM for the type of what it returns.
    names = ("func", "evalType", "returnType", "_name")
    return inner if all(inspect.getattr_static(inner, name, _NONE) is not _NONE for name in names) else None


def _exchanged(target: Any, change: Callable[[Any], Any]) -> Any:
    target.func = change(target.func)
    return target
