"""What a job gives where datasets and names are taken, whatever it is."""

from __future__ import annotations

import re
from typing import Any

from sparklineage.model.dataset import is_one_dataset
from sparklineage.model.uri_credentials import text_without_credentials
from sparklineage.sdk.session import is_session
from sparklineage.sdk.warning import text_of, warn

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_MOST = 100_000
"""Datasets of one list."""
_LONGEST_NAME = 10_000
"""Characters of a name that are looked at; far fewer of them count."""


def listed(datasets: Any, *, strict: bool = False) -> list[Any]:
    """What is given as `inputs` or `outputs`, as a list. Where it is not strict it never raises.

    One dataset needs no list: a URI, a path, a `Dataset`, or a tuple (namespace, name) whose namespace is a URI and
    whose name is none. What cannot be listed is left to `Dataset.of`.
    """
    if datasets is None:
        return []
    found: list[Any] = []
    try:
        if is_one_dataset(datasets) or not hasattr(type(datasets), "__iter__"):
            return [datasets]
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
    """A name as a text, `step` where it says nothing. Where it is not strict it never raises.

    Credentials in it are hidden here, before it becomes a job's name and stands in facets.
    """
    try:
        found = str(value)
    except Exception as error:
        if strict:
            raise
        warn(f"a name cannot be read: {type(error).__name__}: {text_of(error)}")
        return "step"
    wrong: Exception | None = None
    if not issubclass(type(value), str):
        wrong = TypeError(f"a name is a text, and this is a {type(value).__name__}")
    elif not found.strip():
        wrong = ValueError("a name is blank")
    found = text_without_credentials(found[:_LONGEST_NAME])
    if wrong is None:
        return found
    if strict:
        raise wrong
    warn(str(wrong))
    # An address in memory would be another job in every run.
    return "step" if value is None or not found.strip() or _ADDRESS.search(found) else found


def session_and_name(spark: Any, name: Any, *, strict: bool = False) -> tuple[Any, Any]:
    """A session, or None for the active one, and a name, which people give the other way round, too.

    Where it is not strict it never raises.
    """
    if issubclass(type(spark), str) and (name is None or is_session(name)):
        wrong = "the session comes first, and the name after it: step(spark, 'name')"
        if strict:
            raise TypeError(wrong)
        warn(wrong)
        return name, spark
    return session(spark, strict=strict), name


def session(spark: Any, *, strict: bool = False) -> Any:
    """A session, a SparkContext, or None for the active one; that, too, for anything else, with a warning."""
    if spark is None or is_session(spark):
        return spark
    wrong = f"spark is a session, or None for the active one, and this is a {type(spark).__name__}"
    if strict:
        raise TypeError(wrong)
    warn(wrong)
    return None
