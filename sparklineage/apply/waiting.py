"""Waiting for what a service has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.apply.interface import Result
from sparklineage.errors import JobFailedError, SparklineageError, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.apply.interface import Started

_FIRST, _GROWTH, _LONGEST = 2.0, 1.5, 20.0
"""Seconds between two questions, and how they grow."""
_PATIENCE = 15
"""Questions in a row that may stay without an answer."""


def wait(started: Started, *, sleep: Callable[[float], None], tell: Callable[[str], None]) -> Result:
    """The end of it; `tell` gets every other state on the way.

    Raises JobFailedError where it failed, and what asking raises, once the network has been away for minutes; both say
    where to look. What was started goes on in any case.
    """
    if started.state is None:
        return Result(started=started, state=None)
    pause, last, silent = _FIRST, "", 0
    while True:
        try:
            state = started.state()
        except TransferError as error:
            silent += 1
            if silent >= _PATIENCE:
                raise _lost(error, started) from None
        except SparklineageError as error:
            raise _lost(error, started) from None
        else:
            silent = 0
            if state.text != last:
                tell(state.text)
                last = state.text
            if state.failed:
                why = f": {state.reason.rstrip('.')}" if state.reason else ""
                raise JobFailedError(f"{started.what} ended with {state.text}{why}. See {started.look}.")
            if state.done:
                return Result(started=started, state=state)
        sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST)


def _lost(error: SparklineageError, started: Started) -> SparklineageError:
    return type(error)(f"{error} What has become of {started.what} is not known: see {started.look}.")
