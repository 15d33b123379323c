"""What a job imports: `step`, which declares the lineage that the agent cannot see.

It runs inside other people's jobs, so it has one rule above all others: trouble with lineage is a
warning of the logger `sparklineage`, never an exception, and never noticeable time.
"""

from __future__ import annotations

import functools

TYPE_CHECKING = False  # executors load this, too, where a module of the job's uses `reads` and `writes`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Function = TypeVar("Function", bound="Callable[..., Any]")

_VARIADIC = 0x04
"""The flag of code that takes any number of arguments by position (`inspect.CO_VARARGS`)."""


def forgiving(function: Function) -> Function:
    """The function, whose calls never fail for their arguments' number or names.

    What it does not take is left out, and what it lacks is None. TypeError where `strict` is given, or the object whose
    method it is has been made so.
    """
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    named = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    needed = len(positional) - len(function.__defaults__ or ())
    takes_more = bool(code.co_flags & _VARIADIC)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = len(args)
        if (
            kwargs.keys() <= named
            and (given <= len(positional) or takes_more)
            and (not kwargs or kwargs.keys().isdisjoint(positional[:given]))
            and (given >= needed or kwargs.keys() >= set(positional[given:needed]))
        ):
            return function(*args, **kwargs)
        from sparklineage.sdk.arguments import complain  # noqa: PLC0415 - nothing is wrong as a rule

        kept = args if takes_more else args[: len(positional)]
        fitting = {name: kwargs[name] for name in kwargs if name in named and name not in positional[:given]}
        complain(function.__qualname__, positional, named, args, kwargs)
        missing = dict.fromkeys(name for name in positional[len(kept) : needed] if name not in fitting)
        return function(*kept, **fitting, **missing)

    return call  # type: ignore[return-value]
