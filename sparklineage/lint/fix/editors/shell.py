"""Changes in a shell script: words with their quotes, options with their flags, and lines that a `\\` joins."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.fix.changes import Add, Change, Edit, Rename, SetValue
from sparklineage.lint.fix.lines import continues, ends, indent, newline, without
from sparklineage.lint.readers.shell import Word, commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Setting

_PLAIN = re.compile(r"[\w.-]+")
_GAP = re.compile(r"(?:\s|\\\r?\n)*")
_CONF = frozenset(("--conf", "-c"))


class _Option(NamedTuple):
    """An option of a command."""

    flag: str
    joined: bool
    """Whether flag and value are one word: `--conf=key=value`."""
    word: Word
    """The one with the value."""
    start: int
    """Where the option begins, with its flag."""


def edits(text: str, change: Change) -> Sequence[Edit] | None:
    """The change in the text, or None where it cannot be made."""
    setting = change.setting
    if isinstance(change, Rename):
        if setting.key_span is None or not _PLAIN.fullmatch(change.key):
            return None
        return [Edit(*setting.key_span, change.key)]
    if isinstance(change, SetValue):
        return _set(text, setting, change.value)
    option = _option(text, setting)
    if option is None:
        return None
    if isinstance(change, Add):
        return [_added(text, option, f"{change.key}={change.value}")]
    return [without(text, option.start, option.word.end)]


def _set(text: str, setting: Setting, value: str) -> Sequence[Edit] | None:
    word = _word(text, setting)
    if setting.value_span is None or word is None:
        return None
    start, end = setting.value_span
    # A quote that ends the word but not the value began before the key.
    shared = text[end : word.end]
    now = text[start:end]
    own = now[:1] if not shared and now[:1] in {'"', "'"} and now[:1] == now[-1:] else ""
    quoted = _quoted(value, shared or own)
    if quoted is None:
        return None
    return [Edit(start, end, quoted[1:-1] if shared else quoted)]


def _added(text: str, option: _Option, pair: str) -> Edit:
    """The option `--conf pair` behind another one: in a line of its own where that one has its own."""
    quote = option.word.text[:1] if option.word.text[:1] in {'"', "'"} else ""
    word = _quoted(pair, quote) or shlex.quote(pair)
    flag = option.flag if option.flag in _CONF else "--conf"
    new = f"{flag}={word}" if option.joined and flag == "--conf" else f"{flag} {word}"
    end = option.word.end
    lead = indent(text, option.start)
    if lead is not None and continues(text, option.start, end):
        new = f" \\{newline(text, end)}{lead}{new}"
    elif lead is not None and ends(text, end) is not None:
        new = f"{newline(text, end)}{lead}{new}"  # in an array a line end separates words
    else:
        new = f" {new}"
    return Edit(end, end, new)


def _quoted(text: str, quote: str) -> str | None:
    """A word in the quotes that were there; without any where none are needed. None where they cannot hold it."""
    if quote == '"':
        return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'
    if quote == "'":
        return None if "'" in text else f"'{text}'"
    return shlex.quote(text)


def _option(text: str, setting: Setting) -> _Option | None:
    word = _word(text, setting)
    if word is None:
        return None
    span = setting.value_span
    if word.value.startswith("--") and (span is None or span[0] > word.start):
        return _Option(word.value.partition("=")[0], True, word, word.start)
    flag = _words(text).get(word.start, (word, None))[1]
    if flag is None or not flag.value.startswith("-") or not _GAP.fullmatch(text, flag.end, word.start):
        return None
    return _Option(flag.value, False, word, flag.start)


def _word(text: str, setting: Setting) -> Word | None:
    """The word that a setting stands in."""
    span = setting.value_span or setting.key_span
    at = span[0] if span else -1
    return next((word for word, _ in _words(text).values() if word.start <= at <= word.end), None)


@lru_cache(maxsize=2)
def _words(text: str) -> dict[int, tuple[Word, Word | None]]:
    """Every word by where it begins, with the word before it in the same command."""
    found: dict[int, tuple[Word, Word | None]] = {}
    for words in commands(text):
        for before, word in zip((None, *words), words, strict=False):
            # An array is spread into commands whose other words lie elsewhere.
            if word.start not in found or (before and before.end <= word.start):
                found[word.start] = (word, before)
    return found
