"""A command line as people and files may see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.model.masking import MASK, SECRET_KEY, mask, mask_property

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONF = frozenset({"--conf", "-c"})
# What a header or a query parameter is called does not tell whether it is a secret: all of them are hidden.
_HIDDEN = re.compile(r"(?i)^\s*spark\..*(?:\.headers\.|\.urlparams\.|\.transport\..*\bauth\.)")


def masked_command(argv: Sequence[str]) -> list[str]:
    """The arguments with every value hidden whose option or key says that it is secret.

    Application arguments are looked at in the same way: `--password x`, `--token=x`, URLs with a password.
    """
    shown: list[str] = []
    before = ""
    for word in argv:
        shown.append(_shown(before, word))
        before = word
    return shown


def masked_value(key: str, text: str) -> str:
    """The value of a property as the same command line would show it."""
    return MASK if text and _HIDDEN.search(key) else mask_property(key, text)


def _shown(before: str, word: str) -> str:
    if before in _CONF or word.startswith("--conf="):
        option, value = ("--conf=", word.removeprefix("--conf=")) if word.startswith("--conf=") else ("", word)
        key, equals, secret = value.partition("=")
        return f"{option}{key}{equals}{masked_value(key, secret)}"
    if before.startswith("-") and "=" not in before and SECRET_KEY.search(before) and not word.startswith("-"):
        return MASK
    if word.startswith("-") and "=" in word:
        key, equals, secret = word.partition("=")
        return f"{key}{equals}{mask_property(key, secret)}"
    return mask(word)
