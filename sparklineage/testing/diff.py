"""Why two sets of datasets or columns differ, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Set as AbstractSet
from typing import Any

from sparklineage.testing.values import Named

_MIRRORED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}


def explain(op: str, left: object, right: object) -> list[str] | None:
    """The lines below a failed `assert left <op> right`; None where neither is a set of ours."""
    if isinstance(left, Named) and isinstance(right, (AbstractSet, list, tuple)):
        return _compared(op, left, right)
    if isinstance(right, Named):
        if isinstance(left, (AbstractSet, list, tuple)) and (lines := _compared(_MIRRORED.get(op, op), right, left)):
            return lines
        return _member(op, left, right)
    return None


def _compared(op: str, ours: Named[Any], other: Any) -> list[str] | None:
    if op == "==":
        return [f"{_what(ours)} differ", *_differences(ours, other)]
    return _part(op, ours, other) if op in _MIRRORED and isinstance(other, AbstractSet) else None


def _member(op: str, item: object, ours: Named[Any]) -> list[str] | None:
    if op == "in":
        return [f"{_text(item)} is not among the {_what(ours).lower()}{_close(item, ours)}", *_listed(ours)]
    if op == "not in":
        found = sorted(map(ours.text, ours.named(item)))
        return [f"{_text(item)} is among the {_what(ours).lower()}", *(f"  as {text}" for text in found)]
    return None


def _part(op: str, ours: Named[Any], other: AbstractSet[Any]) -> list[str]:
    """Why one is no part of the other, `op` seen from ours: only what is too much, or what is missing."""
    marks = "+" if op in ("<=", "<") else "-"
    lines = [line for line in _differences(ours, other) if line.lstrip()[0] not in "+-" or line.lstrip()[0] == marks]
    if op in ("<", ">") and not any(line.lstrip()[0] in "+-?" for line in lines):
        lines[-1] = "  they are equal"
    return [f"{_what(ours)} {op} fails", *lines]


def _differences(ours: Named[Any], expected: Any) -> list[str]:
    """`-` is expected and missing, `+` is there and not expected, `?` means several."""
    lines, matched = [], set()
    for item in sorted(expected, key=_text):
        found = ours.named(item)
        matched |= found
        if not found:
            lines.append(f"  - {_text(item)}{_close(item, ours)}")
        elif len(found) > 1:
            lines += [f"  ? {_text(item)} may be", *(f"      {ours.text(one)}" for one in sorted(found, key=ours.text))]
        else:
            lines.append(f"    {ours.text(*found)}")
    for member in ours:
        if member not in matched:
            lines.append(f"  + {ours.text(member)}")
    twice = len(list(expected)) > len(matched) and not any(line.lstrip()[0] in "-+?" for line in lines)
    return [*lines, "  two of the expected are the same"] if twice else [*lines, "  (- expected, + found)"]


def _listed(ours: Named[Any]) -> list[str]:
    return [f"    {ours.text(member)}" for member in ours] or ["    there are none"]


def _close(item: object, ours: Named[Any]) -> str:
    # The last parts are what people write, and where they mistype.
    text = _text(item)
    size = text.count("/") + 1
    tails = ["/".join(ours.text(member).split("/")[-size:]) for member in ours]
    close = difflib.get_close_matches(text, tails, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _what(ours: Named[Any]) -> str:
    return type(ours).__name__


def _text(item: object) -> str:
    if isinstance(item, str):
        return item
    return str(getattr(item, "uri", None) or item)
