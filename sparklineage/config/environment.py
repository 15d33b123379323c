"""The layers of environment variables and of options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.layers import Found, Layer
from sparklineage.config.reading import described, read_value
from sparklineage.config.values import WrongValueError
from sparklineage.errors import ConfigError, suggestion
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.keys import Key

_THEIRS, _OURS = "OPENLINEAGE__", "SPARKLINEAGE__"
_OTHER = ("SPARKLINEAGE_CONFIG", "SPARKLINEAGE_PROFILE", "SPARKLINEAGE_CACHE", "SPARKLINEAGE_DEBUG",
          "SPARKLINEAGE_JOURNAL_RUN", "SPARKLINEAGE_GOLDEN")  # fmt: skip
"""Variables of the toolkit that stand for no key."""


def environment_layer(environ: Mapping[str, str]) -> tuple[Layer, list[str]]:
    """What the variables say, and warnings about those that nobody knows.

    `OPENLINEAGE__A__B_C` is the agent's way to write `a.bC`, `SPARKLINEAGE__A__B_C` the same for every key of the
    file; the variables that keys name for themselves win over both. Raises ConfigError for a wrong value.
    """
    found: dict[str, Found] = {}
    warnings: list[str] = []
    for prefix in (_THEIRS, _OURS):
        for variable, words, value in _double_underscored(environ, prefix):
            for name, text in _flat(".".join(words), value):
                key = _by_words(name)
                if key is not None:
                    found[key.name] = _found(key, text, variable, whole=text is value)
                else:
                    warnings.append(f"{variable} stands for no known key and is not used.{_near(variable, prefix)}")
    for key in definition().keys.values():
        for variable in key.variables:
            if value := environ.get(variable):
                found[key.name] = _found(key, value, variable)
    # An address from outside is one of an HTTP receiver.
    url = found.get("transport.url")
    if url is not None and ("transport.type" not in found or not url.source.startswith((_THEIRS, _OURS))):
        found["transport.type"] = _found(definition().keys["transport.type"], "http", url.source)
    known = {variable for key in definition().keys.values() for variable in key.variables} | set(_OTHER)
    warnings += [
        f"{variable} is no variable of sparklineage and is not used.{suggestion(variable, known)}"
        for variable in environ
        if variable.startswith("SPARKLINEAGE_") and not variable.startswith(_OURS) and variable not in known
    ]
    return Layer(name="environment", found=found), warnings


def flag_layer(flags: Mapping[str, str | None]) -> Layer:
    """What the options say; `flags` maps `--namespace` to its value or None. Raises ConfigError for a wrong value."""
    found: dict[str, Found] = {}
    for key in definition().keys.values():
        if key.flag and (value := flags.get(key.flag)) is not None:
            found[key.name] = _found(key, value, key.flag)
    if "transport.url" in found:
        found["transport.type"] = _found(definition().keys["transport.type"], "http", found["transport.url"].source)
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
        raise ConfigError(f"{source} is {described(text, key)}, but {error} is needed.") from None
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    if isinstance(value, Secret) and not source.startswith("--") and whole:
        # The variable is where the secret is; nothing needs to hold a copy of it.
        value = SecretReference(kind="env", name=source)
    return Found(key=key, value=value, source=source)


def _double_underscored(environ: Mapping[str, str], prefix: str) -> Iterator[tuple[str, list[str], object]]:
    for variable in sorted(environ):
        words = variable.removeprefix(prefix).split("__")
        if variable.startswith(prefix) and environ[variable] and all(words):
            yield variable, words, _value(environ[variable])


def _value(text: str) -> object:
    """As the agent takes it: JSON where it is an object or a list, else the text."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for below, inner in value.items():
            yield from _flat(f"{name}.{below}", inner)
    else:
        yield name, value


def _by_words(name: str) -> Key | None:
    """The key whose words these are, whatever their case: the names of variables are in capitals."""
    folded = _folded(name)
    for known in definition().keys.values():
        if not known.any_name and _folded(known.name) == folded:
            return known
    camel = ".".join(_camel(word) for word in name.split("."))
    return definition().find(camel)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _camel(word: str) -> str:
    """`API_KEY` is apiKey, as the agent reads it; what came out of JSON keeps its letters."""
    if word != word.upper():
        return word
    first, *rest = word.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def _near(variable: str, prefix: str) -> str:
    names = {prefix + "__".join(_snake(part) for part in name.split(".")) for name in definition().keys}
    return suggestion(variable, names)


def _snake(word: str) -> str:
    return "".join(f"_{char}" if char.isupper() else char for char in word).upper().lstrip("_")
