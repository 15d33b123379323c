"""What a reader is: one module for each format, which turns a text into sheets of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.finding import Place
    from sparklineage.lint.settings import Sheet


class UnreadableError(Exception):
    """A text that its own format does not allow; says where and what in one sentence."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(f"{place}: {sentence}")


class Reader(Protocol):
    """A whole module satisfies this. Neither function reads a file or executes anything."""

    KIND: str
    """What `--as` calls the format."""
    TITLE: str
    """What a person calls it."""

    def claims(self, name: str, text: str) -> bool:
        """Whether a file of this name and content is of this format."""

    def read(self, text: str, file: str) -> Sequence[Sheet]:
        """The sheets in a text, in order; `file` is for the places. Raises UnreadableError."""
