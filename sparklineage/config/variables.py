"""Variables that are named after keys: `OPENLINEAGE__TRANSPORT__AUTH__API_KEY` is `transport.auth.apiKey`."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.documents.nodes import DEEPEST
from sparklineage.config.reading import told
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sparklineage.config.keys import Key

THEIRS, OURS = "OPENLINEAGE__", "SPARKLINEAGE__"
"""The agent's own prefix, and the one for every key of the file."""
Names = tuple[str, ...]


def named_after_keys(environ: Mapping[str, str], prefix: str) -> Iterator[tuple[str, list[str]]]:
    """The variables with a prefix that say anything, in order, each with its words."""
    for variable in sorted(environ):
        words = variable.removeprefix(prefix).split("__")
        if variable.startswith(prefix) and environ[variable] and all(words):
            yield variable, words


def held(words: list[str], text: str) -> Iterator[tuple[Names, object]]:
    """What a variable holds, as the agent takes it: each value inside of a JSON object with the names on the way to
    it, of a list of transports their numbers; of anything else the text.
    """
    stack: list[tuple[Names, object]] = [((), _json(text))]
    while stack:
        names, inner = stack.pop()
        if isinstance(inner, dict) and len(names) < DEEPEST and not _takes_mappings(key_of(words, names)):
            stack += [((*names, str(name)), below) for name, below in reversed(inner.items())]
        elif isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            stack += [((*names, str(at)), item) for at, item in reversed(list(enumerate(inner, 1)))]
        elif inner is not None:
            yield names, inner


def key_of(words: list[str], names: Names) -> Key | None:
    """The key whose words these are: those of the variable in capitals, and the names inside its value as they are."""
    name = _name(words, names)
    folded = _folded(".".join((*words, *names)))
    return definition().keys.get(name) or _by_folded().get(folded) or definition().find(name)


def unused(variable: str, prefix: str, words: list[str], names: Names) -> str:
    """A warning of a variable without a key. Raises ConfigError where the agent, which reads it too, would fail."""
    name = _name(words, names)
    if definition().has_below(name):
        example = definition().example(name)
        such = f", or a variable for each key such as {prefix}{_variable(example)}" if example else ""
        where = f"{told('.'.join(names))} in {variable}" if names else variable
        raise ConfigError(f"{where} is a single value, but a JSON object is needed{such}.")
    what = f"A part of {variable}" if names else variable
    refusal = definition().refusal(name, near=False)
    known = (_variable(name) for name in definition().keys if "<" not in name)
    hint = nearest(variable, prefix, known) if refusal.endswith("known key.") and not names else ""
    return f"{what} is not used: {told(name)} {refusal}{hint}"


def nearest(variable: str, prefix: str, known: Iterable[str]) -> str:
    """` Did you mean X?` or nothing, compared without the prefix, which makes all of them alike."""
    near = get_close_matches(variable.removeprefix(prefix), list(known), n=1, cutoff=0.7)
    return f" Did you mean {prefix}{near[0]}?" if near else ""


def _json(text: str) -> object:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _takes_mappings(key: Key | None) -> bool:
    return key is not None and key.kind == "tags"


def _name(words: list[str], names: Names) -> str:
    return ".".join((*map(_camel, words), *names))


@cache
def _by_folded() -> dict[str, Key]:
    return {_folded(key.name): key for key in definition().keys.values() if not key.any_name and not key.stands_for}


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _camel(word: str) -> str:
    """`API_KEY` is apiKey, as the agent reads it."""
    first, *rest = word.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def _variable(name: str) -> str:
    """The words of a key as variables have them: `TRANSPORT__API_KEY`."""
    return "__".join(_snake(part) for part in name.split("."))


def _snake(word: str) -> str:
    return "".join(f"_{char}" if char.isupper() else char for char in word).upper().lstrip("_")
