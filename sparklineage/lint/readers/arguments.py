"""Arguments of `spark-submit` that stand in a document: each a text of its own, or all of them in one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import Node, Scalar
from sparklineage.lint.finding import Place
from sparklineage.lint.readers.shell import Word
from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.lint.readers.nodes import Source

_WORD = re.compile(r"""(?:[^\s"']+|"(?:[^"\\]|\\.)*"?|'[^']*'?)+""", re.DOTALL)
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"?|'([^']*)'?|([^"']+)""", re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\])')


def words(source: Source, nodes: Iterable[Node]) -> list[Word]:
    """One word for each item of a list; what is computed there is not known."""
    return [
        _word(source.value(node), node.text, source.place(node))
        if isinstance(node, Scalar)
        else _word(UNKNOWN, "$", source.place(node))
        for node in nodes
    ]


def split(source: Source, scalar: Scalar) -> list[Word]:
    """The words of one text, which blanks part and quotes keep together."""
    return [
        _word(_unquoted(source, match[0]), match[0], place_within(source, scalar, match.start()))
        for match in _WORD.finditer(scalar.text)
    ]


def place_within(source: Source, scalar: Scalar, at: int) -> Place:
    """Where the character of that index stands; the beginning of the text where escapes make that unclear."""
    place = source.place(scalar)
    quotes = 1 if scalar.style in {'"', "'"} else 0
    plain = scalar.end.offset - scalar.start.offset - 2 * quotes == len(scalar.text)
    if source.within is not None or not plain or "\n" in scalar.text:
        return place
    return Place(place.file, place.line, place.column + quotes + at)


def _word(value: str, text: str, place: Place) -> Word:
    return Word(value, text, place.line, place.column)


def _unquoted(source: Source, text: str) -> str:
    value = "".join(
        _ESCAPE.sub(r"\1", match[1] or "") + (match[2] or "") + (match[3] or "") for match in _QUOTED.finditer(text)
    )
    return source.variables.sub(UNKNOWN, value) if source.variables else value
