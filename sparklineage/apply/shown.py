"""Requests as people may see them: without secrets."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.model.masking import MASK, SECRET_KEY, mask, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.apply.interface import Plan

_WORD = re.compile(r"\S+")
_REFERENCE = re.compile(r"\{\{secrets/[^{}/\s]+/[^{}/\s]+\}\}|EMR\.secret@\S+|true|false")
"""What Databricks or EMR put a secret in the place of: none itself."""
_HARMLESS = re.compile(r"(?i)\.secretKeyRef\.|(?:provider|type|class|enabled)$")
"""Keys with a secret's word in them whose values are names: of a Secret of Kubernetes, of a class."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
"""What would steer a terminal."""
_LONGEST = 500


def masked(value: Any, key: str = "") -> Any:
    """The same JSON without secrets: by the names of keys and properties, and by the look of what is in texts."""
    if isinstance(value, dict):
        return {name: masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, key) for inner in value]
    return _masked_text(value, key) if isinstance(value, str) else value


def secrets_in(value: Any) -> tuple[str, ...]:
    """The texts of a request that no answer to it may show, in every spelling."""
    return spellings(dict.fromkeys(_secrets(value, "")))


def reason(text: object, secrets: tuple[str, ...]) -> str:
    """A service's own words, on one line, not too long, and without secrets."""
    line = mask(" ".join(_CONTROL.sub(" ", str(text)).split()), secrets)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def harmless(text: str) -> str:
    """The text without what would steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def lines(plan: Plan) -> Iterator[str]:
    """The request of a plan, or what it changes, as lines."""
    after = json.dumps(masked(plan.request), indent=2, ensure_ascii=False).splitlines()
    if plan.before is None:
        yield from after
        return
    before = json.dumps(masked(plan.before), indent=2, ensure_ascii=False).splitlines()
    # A comma more is no change.
    old, new = ([line.removesuffix(",") for line in part] for part in (before, after))
    yield from difflib.unified_diff(old, new, "now", "then", lineterm="")


def plain_secrets(value: Any) -> tuple[str, ...]:
    """The names under which secrets stand in plain text."""
    return tuple(dict.fromkeys(name for name, _ in _named(value, "")))


def _masked_text(text: str, key: str) -> str:
    if _REFERENCE.fullmatch(text):
        return text
    if _is_secret(key, text):
        return MASK
    name, equals, inner = text.partition("=")
    if equals and not re.search(r"\s", name):
        if _is_secret(name, inner):
            return f"{name}={MASK}"
        if _REFERENCE.fullmatch(inner):
            return text
    # Several options in one text, as sparkSubmitParameters has them.
    return mask(_WORD.sub(lambda word: _masked_word(word[0]), text) if "=" in text else text)


def _masked_word(word: str) -> str:
    name, _, inner = word.partition("=")
    return f"{name}={MASK}" if _is_secret(name, inner) else word


def _is_secret(key: str, text: str) -> bool:
    return bool(text and SECRET_KEY.search(key) and not _HARMLESS.search(key) and not _REFERENCE.fullmatch(text))


def _secrets(value: Any, key: str) -> Iterator[str]:
    for _, text in _named(value, key):
        yield text


def _named(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Name and text of every secret in a request."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif isinstance(value, str) and value:
        if _is_secret(key, value):
            yield key, value
        for word in [value, *value.split()] if "=" in value else ():
            name, _, inner = word.partition("=")
            if not re.search(r"\s", name) and _is_secret(name, inner):
                yield name, inner
