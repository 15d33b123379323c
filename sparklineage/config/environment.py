"""The layers of environment variables and of options."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.documents.nodes import DEEPEST
from sparklineage.config.layers import Found, Layer
from sparklineage.config.reading import described, read_value, told
from sparklineage.config.values import WrongValueError
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.keys import Key

_THEIRS, _OURS = "OPENLINEAGE__", "SPARKLINEAGE__"
_TYPE = "transport.type"
_OTHER = ("SPARKLINEAGE_CONFIG", "SPARKLINEAGE_PROFILE", "SPARKLINEAGE_CACHE", "SPARKLINEAGE_DEBUG",
          "SPARKLINEAGE_JOURNAL_RUN", "SPARKLINEAGE_REPOSITORY_USERNAME",
          "SPARKLINEAGE_REPOSITORY_PASSWORD")  # fmt: skip
"""Variables of the toolkit that stand for no key."""
_TESTS = ("SPARKLINEAGE_TEST_", "SPARKLINEAGE_GOLDEN")
"""Variables of its tests."""


def environment_layers(environ: Mapping[str, str]) -> tuple[list[Layer], list[str]]:
    """What the variables say, the weakest layer first, and warnings about those that nobody knows.

    `OPENLINEAGE__A__B_C` is the agent's way to write `a.bC`, `SPARKLINEAGE__A__B_C` the same for every key of the
    file; the variables that keys name for themselves win over both. Raises ConfigError for a wrong value.
    """
    warnings: list[str] = []
    layers = [_prefixed(environ, prefix, warnings) for prefix in (_THEIRS, _OURS)]
    layers += _by_own_names(environ)
    _fill_types(layers)
    known = {variable for key in definition().keys.values() for variable in key.variables} | set(_OTHER)
    ours = {variable for variable in known if variable.startswith("SPARKLINEAGE_")}
    for variable in sorted(environ):
        if variable.startswith("SPARKLINEAGE_") and not variable.startswith((_OURS, *_TESTS)) and variable not in ours:
            near = get_close_matches(variable[13:], [name[13:] for name in ours], n=1, cutoff=0.6)
            hint = f" Did you mean SPARKLINEAGE_{near[0]}?" if near else ""
            warnings.append(f"{variable} is no variable of sparklineage and is not used.{hint}")
    return [Layer(name="environment", found=found) for found in layers if found], warnings


def _prefixed(environ: Mapping[str, str], prefix: str, warnings: list[str]) -> dict[str, Found]:
    """The values of the variables with a prefix; of two with the same key the one with the longer name counts."""
    found: dict[str, Found] = {}
    for variable in sorted(environ):
        words = variable.removeprefix(prefix).split("__")
        if not variable.startswith(prefix) or not environ[variable] or not all(words):
            continue
        for names, value in _flat(words, _value(environ[variable])):
            key = _by_words(words, names)
            if key is None:
                warnings.append(_unused(variable, prefix, words, names))
                continue
            one = _found(key, value, variable, whole=not names)
            if other := found.get(one.key.name):
                warnings.append(f"{other.source} and {variable} both hold {one.key.name}; {variable} counts.")
            found[one.key.name] = one
    return found


def _by_own_names(environ: Mapping[str, str]) -> list[dict[str, Found]]:
    """The values of the variables that keys name; of several for one key the last one is in the last layer."""
    layers: list[dict[str, Found]] = []
    for key in definition().keys.values():
        for at, variable in enumerate(name for name in reversed(key.variables) if environ.get(name)):
            layers += [{} for _ in range(at + 1 - len(layers))]
            layers[at][key.name] = _found(key, environ[variable], variable)
    return layers[::-1]


def _fill_types(layers: list[dict[str, Found]]) -> None:
    """An address from outside is one of an HTTP receiver; what else is said of a transport belongs to the same one."""
    kind: Found | None = None
    for found in reversed(layers):
        if _TYPE in found:
            kind = found[_TYPE]
        elif "transport.url" in found:
            kind = _found(definition().keys[_TYPE], "http", found["transport.url"].source)
        if kind is not None and any(name.startswith("transport.") for name in found):
            found[_TYPE] = kind


def flag_layer(flags: Mapping[str, str | None]) -> Layer:
    """What the options say; `flags` maps `--namespace` to its value or None. Raises ConfigError for a wrong value."""
    found: dict[str, Found] = {}
    for key in definition().keys.values():
        if key.flag and (value := flags.get(key.flag)) is not None:
            found[key.name] = _found(key, value, key.flag)
    if "transport.url" in found:
        found[_TYPE] = _found(definition().keys[_TYPE], "http", found["transport.url"].source)
    return Layer(name="options", found=found)


def default_layer() -> Layer:
    """The toolkit's own defaults; the agent's are the agent's business."""
    found = {
        key.name: _found(key, key.default, "default")
        for key in definition().keys.values()
        if key.default is not None and key.catalogue is None
    }
    return Layer(name="defaults", found=found)


def _found(key: Key, text: object, source: str, *, whole: bool = True) -> Found:
    """`whole`: the variable holds this value and nothing else."""
    try:
        value = read_value(text, key)
    except WrongValueError as error:
        raise ConfigError(f"{source} is {described(text, key)}, but {error} is needed.{error.hint}") from None
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    if isinstance(value, Secret) and not source.startswith("--") and whole:
        # The variable is where the secret is; nothing needs to hold a copy of it.
        value = SecretReference(kind="env", name=source)
    same = definition().find(key.stands_for) if key.stands_for else None
    return Found(key=same or key, value=value, source=source)


def _value(text: str) -> object:
    """As the agent takes it: JSON where it is an object or a list, else the text."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _flat(words: list[str], value: object) -> Iterator[tuple[tuple[str, ...], object]]:
    """What stands in a value, each with the names on the way to it; of a list of transports their numbers."""
    stack: list[tuple[tuple[str, ...], object]] = [((), value)]
    while stack:
        names, inner = stack.pop()
        if isinstance(inner, dict) and len(names) < DEEPEST and not _takes_mappings(_by_words(words, names)):
            stack += [((*names, str(name)), below) for name, below in reversed(inner.items())]
        elif isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            stack += [((*names, str(at)), item) for at, item in reversed(list(enumerate(inner, 1)))]
        elif inner is not None:
            yield names, inner


def _takes_mappings(key: Key | None) -> bool:
    return key is not None and key.kind == "tags"


def _by_words(words: list[str], names: tuple[str, ...]) -> Key | None:
    """The key whose words these are: those of the variable in capitals, and the names inside its value as they are."""
    name = _name(words, names)
    folded = _folded(".".join((*words, *names)))
    return definition().keys.get(name) or _by_folded().get(folded) or definition().find(name)


def _name(words: list[str], names: tuple[str, ...]) -> str:
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


def _unused(variable: str, prefix: str, words: list[str], names: tuple[str, ...]) -> str:
    """A warning. Raises ConfigError where the agent, which reads these variables too, would fail."""
    name = _name(words, names)
    if definition().has_below(name):
        example = definition().example(name)
        such = f", or a variable for each key such as {prefix}{_variable(example)}" if example else ""
        where = f"{told('.'.join(names))} in {variable}" if names else variable
        raise ConfigError(f"{where} is a single value, but a JSON object is needed{such}.")
    what = f"A part of {variable}" if names else variable
    refusal = definition().refusal(name, near=False)
    near = _near(variable, prefix) if refusal.endswith("known key.") and not names else ""
    return f"{what} is not used: {told(name)} {refusal}{near}"


def _near(variable: str, prefix: str) -> str:
    """Compared without the prefix, which makes all of them alike."""
    known = {_variable(name): name for name in definition().keys if "<" not in name}
    near = get_close_matches(variable.removeprefix(prefix), known, n=1, cutoff=0.7)
    return f" Did you mean {prefix}{near[0]}?" if near else ""


def _variable(name: str) -> str:
    """The words of a key as variables have them: `TRANSPORT__API_KEY`."""
    return "__".join(_snake(part) for part in name.split("."))


def _snake(word: str) -> str:
    return "".join(f"_{char}" if char.isupper() else char for char in word).upper().lstrip("_")
