"""Puts what is declared in the place of what it is declared of."""

from __future__ import annotations

import functools
import inspect
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sparklineage.model.lenient import NoDataset
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.functions.declaration import Declaration
from sparklineage.sdk.functions.declared import Declared, NameOfSource, declaration_of, stand_for
from sparklineage.sdk.functions.holders import inside, udf_of
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.record import LOG, checked_dataset, dataset_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.model.dataset import Dataset, DatasetLike

_of_classes: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


def declare(
    target: Any, *, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset], strict: bool = False
) -> Any:
    """The target, or what stands for it. Never raises, unless `strict`."""
    try:
        exchange = inside(target)
        if exchange is not None:
            return exchange(functools.partial(_declare, inputs=inputs, outputs=outputs))
        return _declare(target, inputs, outputs)
    except Exception as error:
        if strict:
            raise
        LOG.warning("%s: its lineage is left out: %s", type(target).__name__, error)
    return target


def checked(what: str, datasets: Iterable[DatasetLike], *, strict: bool) -> dict[Dataset, Dataset]:
    """The datasets by namespace and name; a wrong one is left out with a warning, or raised."""
    found: dict[Dataset, Dataset] = {}
    for value in datasets:
        if isinstance(value, NoDataset):
            continue  # what was wrong with it has been said
        try:
            dataset = checked_dataset(value)
            dataset_record(dataset)
            found[dataset] = found.get(dataset, dataset).joined(dataset)
        except Exception as error:
            if strict:
                raise
            LOG.warning("%s: a dataset is left out: %s", what, mask(str(error), secrets_of(os.environ)))
    return found


def _declare(target: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    known = _known(target)
    if known is None:
        return _first(target, inputs, outputs)
    known.inputs |= inputs
    known.outputs |= outputs
    _publish_what_is_in_use(target, known)
    return target


def _known(target: Any) -> Declaration | None:
    if not isinstance(target, Declared) and isinstance(target, type):
        return _of_classes.get(target)
    udf = udf_of(target)
    found = udf.func if udf is not None else target
    return declaration_of(found) if isinstance(found, Declared) else None


def _first(target: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    found: Any = target
    udf = udf_of(target)
    if isinstance(target, type):
        declaration = _of_class(target, inputs, outputs)
    elif udf is not None:
        # The object stays what it is; PySpark pickles the function in it.
        declaration = Declaration("function", str(udf._name), inputs, outputs)  # noqa: SLF001 - PySpark's name of it
        udf.func = stand_for(udf.func, declaration)
        if target is not udf:
            target.func = udf.func
    elif callable(target):
        name = getattr(target, "__name__", None) or type(target).__name__
        declaration = Declaration("function", str(name), inputs, outputs)
        found = stand_for(target, declaration)
    else:
        raise TypeError("reads and writes are for functions and classes")
    _publish_what_is_in_use(target, declaration)
    return found


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
    udf = udf_of(target)
    if getattr(udf, "_judf_placeholder", None) is not None and declaration.name == "<lambda>":
        # It is pickled anew, with what tells it from other lambdas.
        udf._judf_placeholder = None  # noqa: SLF001 - PySpark keeps it there
        return
    made = any(getattr(udf, name, None) is not None for name in ("_judf_placeholder", "_judtf_placeholder"))
    if made or (isinstance(target, type) and declaration.kind == "function"):
        declaration.publish(Driver.of(None, os.environ))
