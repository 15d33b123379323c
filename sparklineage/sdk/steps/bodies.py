"""Steps around functions, also those whose bodies run when the call is over: coroutines, generators, both in one.

Such a body runs in turns with other code. The step is in force in its turns alone, so that steps of many tasks of one
thread are told apart. What `contextlib.contextmanager` has made is for a `with`, and the step is in force in its block.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import types
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator

    from sparklineage.sdk.steps.record import StepRecord
    from sparklineage.sdk.steps.step import Step


def covering(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    """The same kind of function with a `new` step around each of its bodies."""
    kind = next((kind for is_one, kind in _KINDS if is_one(function)), None)
    if kind is None:
        plain = _call(_Entering(new), function)
        return functools.wraps(function)(plain) if _binds(function) else _Inside(function, plain)
    call = _Inside(function, kind.body(new, function))
    if kind.shell is _plain and not _binds(function):
        return call
    return functools.wraps(function)(kind.shell(call))


class _Inside:
    """The function with its steps. Pickled it is the function alone: steps belong to the driver.

    It is all that the shells below hold. So of a decorated function executors get the user's own code and nothing of
    ours, neither the session nor the environment of the driver.
    """

    def __init__(self, function: Callable[..., Any], body: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        # Below names that no object of the user's has among those that it now has, too.
        self.__function, self.__body = function, body

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self.__body(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_Inside__function"), name)

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.itemgetter(0), ((self.__function,),)


def _binds(function: Callable[..., Any]) -> bool:
    """Whether it becomes a method where it stands in a class; a method that is bound already does not."""
    return hasattr(type(function), "__get__") and type(function) is not types.MethodType


class _Entering:
    """Enters a `new` step. What it is pickled as gives None."""

    def __init__(self, new: Callable[[], Step]) -> None:
        self._new = new

    def __call__(self) -> tuple[Step, StepRecord] | None:
        step = self._new().__enter__()
        return step, _record(step)

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.itemgetter(0), ((type(None),),)


def _call(enter: _Entering, function: Callable[..., Any]) -> Callable[..., Any]:
    # Of a recursion's depth it takes one call of two. Where that ends inside of a step, the function goes on without
    # one. It is pickled by value, as the shells below are, and names nothing but what it holds.
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            entered = enter()
        except RecursionError:
            entered = None
        if entered is None:
            return function(*args, **kwargs)
        step, record = entered
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            try:
                step.__exit__(type(error), error, error.__traceback__)
            except RecursionError:
                record.is_open = False
            raise
        try:
            step.__exit__(None, None, None)
        except RecursionError:
            record.is_open = False
        return result

    return call


def _generator(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    def body(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with new() as step:
            return (yield from _in_turns(_record(step), function(*args, **kwargs)))

    return body


def _coroutine(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    async def body(*args: Any, **kwargs: Any) -> Any:
        with new() as step:
            return await _awaited(_record(step), function(*args, **kwargs))

    return body


def _async_generator(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    async def body(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with new() as entered:
            step = _record(entered)
            inner = function(*args, **kwargs)
            turn = inner.asend(None)
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
                    await _awaited(step, inner.aclose())
                    raise
                except BaseException as error:  # noqa: BLE001 - the body's to handle
                    turn = inner.athrow(error)
                else:
                    turn = inner.asend(sent)
                step.resume()

    return body


def _manager(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    @contextlib.contextmanager
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with new(), function(*args, **kwargs) as value:
            yield value

    return body


def _async_manager(new: Callable[[], Step], function: Callable[..., Any]) -> Callable[..., Any]:
    @contextlib.asynccontextmanager
    async def body(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with new():
            async with function(*args, **kwargs) as value:
                yield value

    return body


# The shells are pickled by value, so they name nothing but what they hold.


def _plain(call: _Inside) -> Callable[..., Any]:
    def shell(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    return shell


def _plain_generator(call: _Inside) -> Callable[..., Any]:
    def shell(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return (yield from call(*args, **kwargs))

    return shell


def _plain_coroutine(call: _Inside) -> Callable[..., Any]:
    async def shell(*args: Any, **kwargs: Any) -> Any:
        return await call(*args, **kwargs)

    return shell


def _plain_async_generator(call: _Inside) -> Callable[..., Any]:
    async def shell(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = call(*args, **kwargs)
        turn = inner.asend(None)
        while True:
            try:
                item = await turn
            except StopAsyncIteration:
                return
            try:
                sent = yield item
            except GeneratorExit:
                await inner.aclose()
                raise
            except BaseException as error:  # noqa: BLE001 - the body's to handle
                turn = inner.athrow(error)
            else:
                turn = inner.asend(sent)

    return shell


class _Kind(NamedTuple):
    body: Callable[[Callable[[], Step], Callable[..., Any]], Callable[..., Any]]
    """With the steps."""
    shell: Callable[[_Inside], Callable[..., Any]]
    """What stands for the function, of the same kind as that."""


def _made_by(maker: Callable[[Any], Any]) -> Callable[[object], bool]:
    """Whether a function is what this function of contextlib returns. It has no mark, but always the same code."""
    code = maker(iter).__code__

    def is_one(function: Any) -> bool:
        while isinstance(function, functools.partial):
            function = function.func
        return getattr(function, "__code__", None) is code

    return is_one


_KINDS: tuple[tuple[Callable[[object], bool], _Kind], ...] = (
    (_made_by(contextlib.contextmanager), _Kind(_manager, _plain)),
    (_made_by(contextlib.asynccontextmanager), _Kind(_async_manager, _plain)),
    (inspect.isasyncgenfunction, _Kind(_async_generator, _plain_async_generator)),
    (inspect.iscoroutinefunction, _Kind(_coroutine, _plain_coroutine)),
    (inspect.isgeneratorfunction, _Kind(_generator, _plain_generator)),
)


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
