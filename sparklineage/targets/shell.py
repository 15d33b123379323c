"""Scripts for bash that start Spark: notes, the variables that carry secrets, and one command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.model.secret import SecretReference
from sparklineage.targets.about import comments
from sparklineage.targets.arguments import lines
from sparklineage.targets.pieces import alone, pieces, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.pieces import Piece

_JSON = r"""in_json() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}"""
"""A secret may hold quotes; the agent reads its variables as JSON."""


def script(command: str, argv: Sequence[str], conf: ConfSet, notes: Iterable[str], *, open_end: bool) -> str:
    """The text of a script that runs `command`, which stands there as it is, with these arguments.

    Secrets that `conf` has by reference go into the environment. With an open end the script's own arguments follow.
    """
    words = [command, *(" ".join(map(shlex.quote, group)) for group in lines(argv)), *(['"$@"'] if open_end else [])]
    return "\n".join(["#!/usr/bin/env bash", *comments(notes), *_exports(conf), " \\\n  ".join(words), ""])


def _exports(conf: ConfSet) -> Iterator[str]:
    """What is in a variable is taken from there; for a secret that lies elsewhere the agent's own has to be set."""
    found = pieces(conf)
    here = {name: parts for name, parts in found.items() if within_reach(parts)}
    secrets = [part for parts in here.values() for part in parts if isinstance(part, SecretReference)]
    for variable in dict.fromkeys(reference.name for reference in secrets):
        yield f': "${{{variable}:?a secret of the backend, which this script hands on}}"'
    if secrets:
        yield _JSON
    for name, parts in found.items():
        if all(isinstance(part, str) for part in parts):
            yield f"{name}={''.join(map(_word, parts))}"
        elif name not in here:
            place = " and ".join(part.written for part in parts if isinstance(part, SecretReference))
            yield f"# what lies in {' '.join(place.split())} has to be fetched before"
            yield f': "${{{name}:?the notes tell what belongs into it}}"'
        elif (reference := alone(parts)) is not None:
            yield f"{name}=$(printf '\"%s\"' {_word(reference)})"
        else:
            yield "# shellcheck disable=SC2089,SC2090 # these quotes are those of JSON"
            yield f"{name}={''.join(map(_word, parts))}"
    if found:
        yield f"export {' '.join(found)}"


def _word(part: Piece) -> str:
    return shlex.quote(part) if isinstance(part, str) else f'"$(in_json "${part.name}")"'
