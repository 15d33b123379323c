"""The variables that carry secrets to a driver, in pieces: what is known, and the secrets that the platform puts in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Union

from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.model.conf_set import ConfSet

Piece = Union[str, SecretReference]  # noqa: UP007 - evaluated by Python 3.10 too


def pieces(conf: ConfSet) -> dict[str, tuple[Piece, ...]]:
    """Name of each variable and the pieces of its text; none where the conf has no secrets.

    A variable that is nothing but a secret is one in the quotes of JSON, as the agent reads JSON where it can: `0123`
    would be a number. Raises ConfigError for a secret that the agent would not find in its environment.
    """
    found: list[SecretReference] = []
    stem = _stem(conf)

    def fetch(reference: SecretReference, _: str) -> Secret:
        if reference not in found:
            found.append(reference)
        return Secret(f"<{stem}{found.index(reference)}>")

    variables = conf.resolved(fetch).environment()
    return {name: tuple(_split(text, stem, found)) for name, text in variables.items()}


def alone(parts: tuple[Piece, ...]) -> SecretReference | None:
    """The secret that a variable is, where it is nothing else."""
    if len(parts) == 3 and parts[0] == parts[2] == '"' and isinstance(parts[1], SecretReference):
        return parts[1]
    return None


def within_reach(parts: tuple[Piece, ...]) -> bool:
    """Whether a process that has the variables of the references can put the pieces together."""
    return all(isinstance(part, str) or part.kind == "env" for part in parts)


def together(parts: tuple[Piece, ...], known: Callable[[str], str], secret: Callable[[SecretReference], str]) -> str:
    """The text of a variable in some syntax: `known` writes what is known, `secret` a secret."""
    return "".join(known(part) if isinstance(part, str) else secret(part) for part in parts)


def _stem(conf: ConfSet) -> str:
    """What stands in no value, so that it is not taken for a secret's place."""
    texts = [entry.value.written for entry in conf.entries if not entry.secret]
    stem = "secret-"
    while any(stem in text for text in texts):
        stem += "-"
    return stem


def _split(text: str, stem: str, found: list[SecretReference]) -> list[Piece]:
    parts: list[Piece] = []
    for at, part in enumerate(re.split(rf"<{re.escape(stem)}([0-9]+)>", text)):
        if at % 2:
            parts.append(found[int(part)])
        elif part:
            parts.append(part)
    return parts
