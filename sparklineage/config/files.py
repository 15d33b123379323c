"""Reading a configuration file strictly: every problem is told with its file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.config.keys import KEYS, TYPES
from sparklineage.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ARTICLES = {"text": "a text", "number": "a number", "true or false": "true or false", "mapping": "a mapping"}


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
        known = KEYS.get(name)
        if known is not None:
            if value is None:
                continue
            # To Python true is a number, to a person it is not.
            if not isinstance(value, TYPES[known.kind]) or (isinstance(value, bool) and known.kind == "number"):
                problems.append(f"{name} is {_named(value)}, but {_ARTICLES[known.kind]} is needed.")
            else:
                found[name] = value
        elif any(other.startswith(f"{name}.") for other in KEYS):
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
