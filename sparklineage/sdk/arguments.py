"""Arguments that a function of the SDK does not take: the job goes on, with one warning.

Imported by executors, too, where a module of the job's uses `reads` and `writes`: nothing else is imported before
something is wrong.
"""

from __future__ import annotations

import functools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
        kept = args if takes_more else args[: len(positional)]
        fitting = {name: kwargs[name] for name in kwargs if name in named and name not in positional[:given]}
        _complain(function.__qualname__, positional, named, args, kwargs)
        missing = dict.fromkeys(name for name in positional[len(kept) : needed] if name not in fitting)
        return function(*kept, **fitting, **missing)

    return call  # type: ignore[return-value]


def _complain(
    function: str, positional: tuple[str, ...], named: frozenset[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Warn of what is wrong; raises TypeError where that is wanted."""
    from sparklineage.sdk.functions.worker import in_worker  # noqa: PLC0415

    if in_worker():
        return
    is_method = positional[:1] == ("self",)
    about = f"step.{function.rpartition('.')[2]}" if is_method else function
    sentence = f"{about}() {_wrong(positional[is_method:], named - {'self'}, args[is_method:], kwargs)}"
    if kwargs.get("strict") or (is_method and getattr(args[0], "_strict", False)):
        raise TypeError(sentence)
    from sparklineage.sdk.warning import warn  # noqa: PLC0415

    warn(f"{sentence}{'' if sentence.endswith('?') else '.'} The rest is taken.")


def _wrong(positional: tuple[str, ...], named: frozenset[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415

    for name in kwargs:
        if name not in named:
            close = get_close_matches(name, sorted(named), n=1)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else f"it takes {', '.join(sorted(named)) or 'values without a name'}"
            )
            return f"takes no {name!r}; {hint}"
        if name in positional[: len(args)]:
            return f"got {name!r} twice, by its place and by its name"
    if len(args) > len(positional):
        return f"takes {len(positional)} values without a name, and here are {len(args)}; name those that follow"
    missing = [name for name in positional[len(args) :] if name not in kwargs]
    return f"needs {missing[0]!r}, and nothing is given for it"
