"""Why two sets of datasets or columns differ, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Set as AbstractSet
from typing import Any

from sparklineage.testing.values import Named


def explain(op: str, left: object, right: object) -> list[str] | None:
    """The lines below a failed `assert left <op> right`; None where neither is a set of ours."""
    if op == "==":
        if isinstance(left, Named) and isinstance(right, (AbstractSet, list, tuple)):
            return [f"{_what(left)} differ", *_differences(left, right)]
        if isinstance(right, Named) and isinstance(left, (AbstractSet, list, tuple)):
            return [f"{_what(right)} differ", *_differences(right, left)]
    if op in ("in", "not in") and isinstance(right, Named):
        found = sorted(map(right.text, right.named(left)))
        if op == "not in":
            return [f"{_text(left)} is among the {_what(right).lower()}", *(f"  as {text}" for text in found)]
        return [f"{_text(left)} is not among the {_what(right).lower()}{_close(left, right)}", *_listed(right)]
    if op in ("<=", ">=") and isinstance(left, Named) and isinstance(right, AbstractSet):
        marks = "+" if op == "<=" else "-"
        lines = [
            line for line in _differences(left, right) if line.lstrip()[0] not in "+-" or line.lstrip()[0] == marks
        ]
        return [f"{_what(left)} {op} fails", *lines]
    return None


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
