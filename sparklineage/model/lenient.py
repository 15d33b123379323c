"""What becomes of a bad value in `sparklineage.facets`, in `sparklineage.datasets` and in `Dataset.of`.

A job never ends because of its lineage, and their results are arguments of a step: they are made before anything of the
step could catch an error. So none of them raises. What cannot be made is a placeholder that carries the error. It has
been told by then, as a warning of the step that is open, else as one of its own; whoever takes the placeholder leaves
it out, or raises the error where it is strict. Where a strict step is open already, the function raises at once.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    Handler = Callable[[Exception], "bool | None"]
    Function = TypeVar("Function", bound=Callable[..., Any])

_TOLD = "_sparklineage_told"
_TAKES_ANY = 0x08
"""CO_VARKEYWORDS of `inspect`, which takes long to import."""
_LONGEST = 100
_handlers: list[Handler] = []


class Placeholder:
    """In place of what could not be made."""

    error: Exception
    """Why; a ValueError or a TypeError without a traceback, which would keep the job's variables alive."""


class _Calls(threading.local):
    inside = False


_calls = _Calls()


def ask(handler: Handler) -> None:
    """From now on give errors to this one first.

    It answers whether it has told of the error: None where nobody is to hear of it for now, False where it is not its
    own. Or it raises the error.
    """
    _handlers.append(handler)


def lenient(
    nothing: Callable[[Exception], object], about: str = "", instead: Mapping[str, str] | None = None
) -> Callable[[Function], Function]:
    """Makes a function that never raises, unless a handler does.

    Where it would raise, it returns what `nothing` makes of the error. Given a placeholder it does as if that had been
    made here. The function itself is its `__wrapped__`, for what relies on the error. `about` is what a warning calls
    it, other than its name; `instead` has arguments that people take for some of its own.
    """

    def around(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if _calls.inside:  # of another such function, whose error it is
                return function(*args, **kwargs)
            _calls.inside = True
            try:
                for value in (*args, *kwargs.values()):
                    if issubclass(type(value), Placeholder):
                        raise value.error
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the job goes on
                wrong = _unknown_argument(function, kwargs, instead or {}) or error
                return nothing(_told(wrong, about or function.__qualname__))
            finally:
                _calls.inside = False

        return cast("Function", call)

    return around


def leave_out(error: Exception) -> None:
    """Tell of one part that is left out while the rest is made. Raises the error where a handler does."""
    _told(error, "")


def is_told(error: Exception) -> bool:
    """Whether the job has heard of it already: it is what a placeholder carries."""
    return _TOLD in object.__getattribute__(error, "__dict__")


def _unknown_argument(function: Any, given: Iterable[str], instead: Mapping[str, str]) -> TypeError | None:
    """What to say of a call with an argument that the function has not; None where it has them all."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & _TAKES_ANY:
        return None
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    name = next((name for name in given if name not in known), None)
    if name is None:
        return None
    import difflib  # noqa: PLC0415

    close = [item for item in (instead.get(name),) if item in known] or difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known)}"
    return TypeError(f"{function.__name__} has no argument {name[:_LONGEST]!r}; {hint}")


def _told(error: Exception, about: str) -> Exception:
    """What a placeholder carries of the error, when it was told. Raises the error where a handler does."""
    from sparklineage.model.warning import text_of, warn  # noqa: PLC0415 - nothing is wrong as a rule

    answers = [handler(error) for handler in _handlers]
    is_known = is_told(error) or True in answers
    if not is_known and None not in answers:
        warn(f"left out of the lineage: {text_of(error)}", about=about)
        is_known = True
    carried = (TypeError if isinstance(error, TypeError) else ValueError)(text_of(error))
    if is_known:
        setattr(carried, _TOLD, True)
    return carried
