"""Reading a configuration file strictly: every problem is told with its file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Nested keys by their dotted path; openlineage.yml's transport block is read as it is.
KEYS: Mapping[str, type | tuple[type, ...]] = {
    "namespace": str,
    "job": str,
    "transport.type": str,
    "transport.url": str,
    "transport.endpoint": str,
    "transport.auth.type": str,
    "transport.auth.apiKey": str,
    "transport.auth.api_key": str,
    "transport.timeoutInMillis": int,
    "transport.timeout": (int, float),
    "transport.headers": dict,
    "agent.version": str,
    "agent.jar": str,
    "agent.repository": str,
    "delivery.journal": str,
    "delivery.drainTimeout": (int, float),
    "disabled": bool,
}
"""Every key of sparklineage.yml and the type of its value."""


def read_file(path: Path, *, foreign: bool = False) -> dict[str, Any]:
    """Dotted keys and values of a YAML file. Raises ConfigError for what is unreadable, unknown or of a wrong type.

    With `foreign` (an openlineage.yml, which other tools read too) unknown keys are left alone.
    """
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(f"{path}{place}: is not YAML: {problem}.") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: holds {_named(document)}; write keys such as `namespace: dev.team.domain`.")
    found: dict[str, Any] = {}
    problems: list[str] = []
    _flatten(document, "", found, problems, foreign)
    if problems:
        raise ConfigError(f"{path}: " + " ".join(problems))
    return found


def _flatten(node: Mapping[Any, Any], prefix: str, found: dict[str, Any], problems: list[str], foreign: bool) -> None:
    for key, value in node.items():
        name = f"{prefix}{key}"
        expected = KEYS.get(name)
        if expected is not None:
            if value is None:
                continue
            if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
                problems.append(f"{name} is {_named(value)}, but {_wanted(expected)} is needed.")
            else:
                found[name] = value
        elif any(known.startswith(f"{name}.") for known in KEYS):
            if isinstance(value, dict):
                _flatten(value, f"{name}.", found, problems, foreign)
            elif value is not None:
                problems.append(f"{name} is {_named(value)}, but keys below it are needed.")
        elif not foreign:
            problems.append(f"{name} is no known key.{suggestion(name, KEYS)}")


def _named(value: object) -> str:
    kinds = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return kinds.get(type(value), type(value).__name__)


def _wanted(kind: type | tuple[type, ...]) -> str:
    first = kind[0] if isinstance(kind, tuple) else kind
    return {str: "a text", bool: "true or false", int: "a number", dict: "a mapping"}[first]
