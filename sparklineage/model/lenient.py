"""What becomes of a bad value in `sparklineage.facets` and `sparklineage.datasets`.

Their functions raise where they are called. Inside of a step that would be the job's end, though the step promises to
never raise: their results are arguments of its methods, and are made before those are called. So while one is open, who
opened it is asked first; it warns, and what the function returns is nothing, which is left out wherever it is declared.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sparklineage.model.dataset import Dataset
from sparklineage.model.facet import Facet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Handler = Callable[[Exception], bool]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, order=True)
class NoDataset(Dataset):
    """In place of a dataset that could not be made."""

    def with_facets(self, *_facets: Facet) -> NoDataset:
        """Still none."""
        return self


@dataclass(frozen=True)
class NoFacet(Facet):
    """In place of a facet that could not be made."""


NO_DATASET = NoDataset("", "")
NO_FACET = NoFacet("", "dataset", {})
NO_PART: Mapping[str, Any] = {}
"""In place of a part of a facet that could not be made."""
_NOTHING: tuple[object, ...] = (NO_DATASET, NO_FACET, NO_PART)

_handlers: list[Handler] = []


class _Calls(threading.local):
    inside = False


_calls = _Calls()


def ask(handler: Handler) -> None:
    """From now on ask this one whether an error is to be forgiven, which then has told of it."""
    _handlers.append(handler)


def lenient(function: Callable[Arguments, Result], nothing: Any) -> Callable[Arguments, Result]:
    """The function, which returns `nothing` where its error is forgiven, and where it is given nothing."""

    @functools.wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if _calls.inside:  # of another such function, whose error it is
            return function(*args, **kwargs)
        if any(value is item for value in (*args, *kwargs.values()) for item in _NOTHING):
            return nothing  # type: ignore[no-any-return]
        _calls.inside = True
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if not any(handler(error) for handler in _handlers):
                raise
            return nothing  # type: ignore[no-any-return]
        finally:
            _calls.inside = False

    return call
