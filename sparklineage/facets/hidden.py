"""No facet tells a credential, whichever of its texts it stands in."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sparklineage.model.facet import Facet
from sparklineage.model.uri_credentials import text_without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

_NAMES = {
    "columnLineage": ("namespace", "name"),
    "lineage": ("namespace", "name"),
    "symlinks": ("namespace", "name"),
    "lifecycleStateChange": ("namespace", "name"),
}
"""What stays as it is: the names of datasets, which have lost their credentials where these were made. In one of them
`token=5` may be a folder, and it is to be the same name everywhere."""


def hiding(function: Function) -> Function:
    """A function whose facet, or part of one, has no credentials in its texts, as `text_without_credentials` cuts them.

    Texts that hold none stay as they are.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if isinstance(found, Facet):
            return replace(found, value=_hidden(dict(found.value), _NAMES.get(found.name, ())))
        return _hidden(found, ())

    return cast("Function", call)


def _hidden(value: Any, kept: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return text_without_credentials(value)
    if isinstance(value, list):
        return [_hidden(item, kept) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        text_without_credentials(key): item if key in kept and isinstance(item, str) else _hidden(item, kept)
        for key, item in value.items()
    }
