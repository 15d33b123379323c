"""Comma lists as Spark reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


def comma_list(value: str | None) -> tuple[str, ...]:
    """The entries of a comma list, blanks around them and empty ones dropped."""
    return tuple(entry for part in (value or "").split(",") if (entry := part.strip()))


def joined(*groups: Iterable[T]) -> tuple[T, ...]:
    """The entries of all groups in order, each once."""
    return tuple(dict.fromkeys(entry for group in groups for entry in group))
