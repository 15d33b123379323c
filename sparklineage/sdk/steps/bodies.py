"""Steps around functions whose bodies run when the call is over: coroutines and generators, and both in one.

Such a body runs in turns with other code. The step is in force in its turns alone, so that steps of many tasks of one
thread are told apart.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from sparklineage.sdk.steps.record import StepRecord
    from sparklineage.sdk.steps.step import Step


def covering(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The same kind of function with a `new` step around each of its bodies; None for an ordinary function."""
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            with new() as entered:
                step = _record(entered)
                body = function(*args, **kwargs)
                turn = body.asend(None)
                while True:
                    try:
                        item = await _awaited(step, turn)
                    except StopAsyncIteration:
                        return
                    step.suspend()
                    try:
                        sent = yield item
                    except GeneratorExit:
                        step.resume()
                        await _awaited(step, body.aclose())
                        raise
                    except BaseException as error:  # noqa: BLE001 - the body's to handle
                        turn = body.athrow(error)
                    else:
                        turn = body.asend(sent)
                    step.resume()

        return stream
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with new() as step:
                return await _awaited(_record(step), function(*args, **kwargs))

        return coroutine
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with new() as step:
                return (yield from _in_turns(_record(step), function(*args, **kwargs)))

        return generator
    return None


def _record(entered: Step) -> StepRecord:
    return cast("StepRecord", entered.latest)


def _in_turns(step: StepRecord, body: Any) -> Generator[Any, Any, Any]:
    """As `yield from body` (PEP 380 says what that does), with the step in force only while the body runs."""
    sent: Any = None
    error: BaseException | None = None
    while True:
        try:
            item = body.send(sent) if error is None else body.throw(error)
        except StopIteration as end:
            return end.value
        step.suspend()
        try:
            sent, error = (yield item), None
        except GeneratorExit:
            step.resume()
            body.close()
            raise
        except BaseException as raised:  # noqa: BLE001 - the body's to handle
            error = raised
        step.resume()


@types.coroutine
def _awaited(step: StepRecord, body: Any) -> Generator[Any, Any, Any]:
    """As `await body`."""
    return (yield from _in_turns(step, body))
