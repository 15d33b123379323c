"""Puts what is declared in the place of what it is declared of."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from sparklineage.model.lenient import is_told
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.functions.classes import declare_class, of_class, publish_class
from sparklineage.sdk.functions.declaration import Declaration
from sparklineage.sdk.functions.declared import declaration_of, is_declared
from sparklineage.sdk.functions.holders import inside, udf_of
from sparklineage.sdk.functions.objects import declared
from sparklineage.sdk.functions.pickled import is_importable
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.datasets import checked_dataset, dataset_record
from sparklineage.sdk.steps.record import LOG
from sparklineage.sdk.warning import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.model.dataset import Dataset, DatasetLike


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
        kind = target if issubclass(type(target), type) else type(target)
        told = mask(text_of(error), secrets_of(os.environ))
        LOG.warning("%s: its lineage is left out: %s", kind.__name__, told)
    return target


def checked(what: str, datasets: Iterable[DatasetLike], *, strict: bool) -> dict[Dataset, Dataset]:
    """The datasets by namespace and name; a wrong one is left out with a warning, or raised."""

    def refuse(error: Exception, trouble: str = "a facet is left out") -> None:
        if strict:
            raise error
        if not is_told(error):
            LOG.warning("%s: %s: %s", what, trouble, mask(text_of(error), secrets_of(os.environ)))

    found: dict[Dataset, Dataset] = {}
    for value in datasets:
        try:
            dataset = checked_dataset(value, refuse)
            dataset_record(dataset)
            found[dataset] = found.get(dataset, dataset).joined(dataset)
        except Exception as error:
            if strict:
                raise
            refuse(error, "a dataset is left out")
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
    udf = udf_of(target)
    found = udf.func if udf is not None else target
    if is_declared(found):
        return declaration_of(found)
    return of_class(found) if isinstance(found, type) else None


def _first(target: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Any:
    found: Any = target
    udf = udf_of(target)
    if isinstance(target, type):
        declaration = declare_class(target, inputs, outputs)
    elif udf is not None and isinstance(udf.func, type):
        # A table function, of which PySpark makes another one where it is registered: its class takes nothing else.
        declaration = declare_class(udf.func, inputs, outputs)
    elif udf is not None:
        # The object stays what it is; PySpark pickles the function in it.
        declaration = Declaration("function", str(udf._name), inputs, outputs)  # noqa: SLF001 - PySpark's name of it
        udf.func = declared(udf.func, declaration)
        if target is not udf:
            target.func = udf.func
    elif callable(target):
        name = getattr(target, "__name__", None) or type(target).__name__
        declaration = Declaration("function", str(name), inputs, outputs)
        found = declared(target, declaration)
    else:
        raise TypeError("reads and writes are for functions and classes")
    _publish_what_is_in_use(target, declaration)
    return found


def _publish_what_is_in_use(target: Any, declaration: Declaration) -> None:
    """What was pickled before it was declared, or is never pickled through anything of ours."""
    if isinstance(target, type):
        publish_class(target, declaration)
        return
    udf = udf_of(target)
    if udf is None:
        return
    name = str(udf._name)  # noqa: SLF001 - PySpark's name of it
    made = any(getattr(udf, place, None) is not None for place in ("_judf_placeholder", "_judtf_placeholder"))
    if made and name == "<lambda>":
        # It is pickled anew, with what tells it from other lambdas.
        udf._judf_placeholder = None  # noqa: SLF001 - PySpark keeps it there
    elif made or (isinstance(udf.func, type) and is_importable(udf.func)):
        declaration.publish(Driver.of(None, os.environ), name)
