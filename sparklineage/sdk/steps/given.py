"""What a job gives where datasets and names are taken, whatever it is."""

from __future__ import annotations

from typing import Any

from sparklineage.model.dataset import is_one_dataset
from sparklineage.sdk.warning import text_of, warn

_MOST = 100_000
"""Datasets of one list."""


def listed(datasets: Any, *, strict: bool = False) -> list[Any]:
    """What is given as `inputs` or `outputs`, as a list. Where it is not strict it never raises.

    One dataset needs no list: a URI, a path, a `Dataset`, or a tuple (namespace, name) whose namespace is a URI and
    whose name is none. What cannot be listed is left to `Dataset.of`.
    """
    if datasets is None:
        return []
    if is_one_dataset(datasets) or not hasattr(type(datasets), "__iter__"):
        return [datasets]
    found: list[Any] = []
    try:
        # One by one, so that what comes before an error counts.
        for item in datasets:
            if len(found) == _MOST:
                raise ValueError(f"there are more than {_MOST:,}")
            found.append(item)
    except Exception as error:
        if strict:
            raise
        warn(f"a list of datasets cannot be read to its end: {type(error).__name__}: {text_of(error)}")
    return found


def text(value: Any, *, strict: bool = False) -> str:
    """A name as a text. Where it is not strict it never raises."""
    try:
        return str(value)
    except Exception as error:
        if strict:
            raise
        warn(f"a name cannot be read: {type(error).__name__}: {text_of(error)}")
        return "step"
