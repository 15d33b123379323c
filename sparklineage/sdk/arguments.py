"""What a call is told whose arguments do not fit: see `sparklineage.sdk.forgiving`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sparklineage.sdk.functions.worker import in_worker

if TYPE_CHECKING:
    from collections.abc import Mapping


def complain(
    function: str, positional: tuple[str, ...], named: frozenset[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Warn of what is wrong; raises TypeError where that is wanted."""
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
