"""The layers of environment variables and of options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.layers import Found, Layer
from sparklineage.config.reading import described, read_value
from sparklineage.config.values import WrongValueError
from sparklineage.config.variables import OURS, THEIRS, held, key_of, named_after_keys, nearest, unused
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.keys import Key

_TYPE = "transport.type"
_PLAIN = "SPARKLINEAGE_"
_OTHER = ("CONFIG", "PROFILE", "CACHE", "DEBUG", "JOURNAL_RUN", "APPLICATION_RUN", "APPLICATION_ID", "RELAY",
          "REPOSITORY_USERNAME", "REPOSITORY_PASSWORD")  # fmt: skip
"""Variables of the toolkit that stand for no key."""
_OF_WORKSPACE = "_SECRET"
"""How those end by which a kit gives its relay the secrets of a workspace."""
_TESTS = (f"{_PLAIN}TEST_", f"{_PLAIN}GOLDEN", f"{_PLAIN}OPENLINEAGE_SPEC")
"""Variables of its tests."""


def environment_layers(environ: Mapping[str, str]) -> tuple[list[Layer], list[str]]:
    """What the variables say, the weakest layer first, and warnings about those that nobody knows.

    `OPENLINEAGE__A__B_C` is the agent's way to write `a.bC`, `SPARKLINEAGE__A__B_C` the same for every key of the
    file; the variables that keys name for themselves win over both. Raises ConfigError, a sentence a line, for wrong
    values.
    """
    warnings: list[str] = []
    problems: list[str] = []
    layers = [_prefixed(environ, prefix, warnings, problems) for prefix in (THEIRS, OURS)]
    layers += _by_own_names(environ, problems)
    if problems:
        raise ConfigError("\n".join(problems))
    _fill_types(layers)
    warnings += _misspelt(environ)
    return [Layer(name="environment", found=found) for found in layers if found], warnings


def _prefixed(environ: Mapping[str, str], prefix: str, warnings: list[str], problems: list[str]) -> dict[str, Found]:
    """The values of the variables with a prefix; of two with the same key the one with the longer name counts."""
    found: dict[str, Found] = {}
    for variable, words in named_after_keys(environ, prefix):
        for names, value in held(words, environ[variable]):
            key = key_of(words, names)
            try:
                if key is None:
                    warnings.append(unused(variable, prefix, words, names))
                    continue
                one = _found(key, value, variable, whole=not names)
            except ConfigError as error:
                problems.append(str(error))
                continue
            if other := found.get(one.key.name):
                warnings.append(f"{other.source} and {variable} both hold {one.key.name}; {variable} counts.")
            found[one.key.name] = one
    return found


def _by_own_names(environ: Mapping[str, str], problems: list[str]) -> list[dict[str, Found]]:
    """The values of the variables that keys name; of several for one key the last one is in the last layer."""
    layers: list[dict[str, Found]] = []
    for key in definition().keys.values():
        for at, variable in enumerate(name for name in reversed(key.variables) if environ.get(name)):
            layers += [{} for _ in range(at + 1 - len(layers))]
            try:
                layers[at][key.name] = _found(key, environ[variable], variable)
            except ConfigError as error:
                problems.append(str(error))
    return layers[::-1]


def _misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """A warning of each variable that looks like the toolkit's own."""
    variables = (variable for key in definition().keys.values() for variable in key.variables)
    known = {variable.removeprefix(_PLAIN) for variable in variables if variable.startswith(_PLAIN)} | {*_OTHER}
    for variable in sorted(environ):
        ours = variable.startswith(_PLAIN) and not variable.startswith((OURS, *_TESTS))
        ours = ours and not variable.endswith(_OF_WORKSPACE)
        if ours and variable.removeprefix(_PLAIN) not in known:
            yield f"{variable} is no variable of sparklineage and is not used.{nearest(variable, _PLAIN, known)}"


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
        what = source if whole else f"{source}: {key.name}"
        raise ConfigError(f"{what} is {described(text, key)}, but {error} is needed.{error.hint}") from None
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    if isinstance(value, Secret) and not source.startswith("--") and whole:
        # The variable is where the secret is; nothing needs to hold a copy of it.
        value = SecretReference(kind="env", name=source)
    same = definition().find(key.stands_for) if key.stands_for else None
    return Found(key=same or key, value=value, source=source)
