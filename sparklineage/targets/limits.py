"""What platforms would refuse, found before they are asked: one sentence each, with what to do instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_XML = re.compile(r"[^\t\r\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What the patterns of EMR, Glue and others leave out (`XmlString` of their service models)."""


def longest(what: str, text: Sized, most: int, fix: str) -> None:
    """Raises ConfigError where a text has more characters than a platform takes. `fix` says what to do."""
    if len(text) > most:
        raise ConfigError(f"{what} has {len(text):,} characters, and {most:,} are allowed; {fix}.")


def at_most(what: str, things: Sized, most: int, fix: str) -> None:
    """Raises ConfigError where there are more things than a platform takes."""
    if len(things) > most:
        raise ConfigError(f"there are {len(things):,} {what}, and {most:,} are allowed; {fix}.")


def one_line(what: str, text: str, fix: str = "leave line ends and other control characters out") -> None:
    """Raises ConfigError for control characters and halves of characters, which no file of properties carries on."""
    if found := _CONTROL.search(text):
        raise ConfigError(f"{what} holds {_named(found[0])}, which does not get there; {fix}.")


def xml(what: str, text: str) -> None:
    """Raises ConfigError for a character that a service of AWS refuses everywhere."""
    if found := _XML.search(text):
        raise ConfigError(f"{what} holds {_named(found[0])}, which AWS refuses; leave it out.")


def not_blank(what: str, text: str) -> None:
    """Raises ConfigError for a text of blanks alone, where a platform wants something."""
    if not text.strip():
        raise ConfigError(f"{what} is blank, which is refused there; give it a value or leave it out.")


def form(what: str, text: str, pattern: str, says: str) -> None:
    """Raises ConfigError where the whole text is not of the pattern; `says` tells what it may be."""
    if not re.fullmatch(pattern, text):
        raise ConfigError(f"{what} is {text[:100]!r}, but takes {says} alone.")


def in_one_word(what: str, text: str, fix: str) -> None:
    """Raises ConfigError for blanks of any kind, where a platform splits at them and knows no quotes."""
    if not text or re.search(r"\s", text):
        raise ConfigError(f"{what} {'holds a blank' if text else 'is empty'}, where it would be split; {fix}.")


def together(texts: Iterable[str]) -> int:
    """Characters of all of them."""
    return sum(map(len, texts))


def _named(character: str) -> str:
    return {"\n": "a line end", "\r": "a line end", "\t": "a tab"}.get(
        character, f"the character U+{ord(character):04X}"
    )
