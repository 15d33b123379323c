"""The agent's secrets as environment variables, which no command line, Spark page or event log shows.

By the same way goes a transport with a dotted name that the agent would split among Spark's properties: one of the
headers or properties of a transport inside of others, or of a transformer. Reading its configuration would fail then,
and no event be sent (executed, agent 1.53.0).

The agent lays Spark's properties over its variables, and its variables are read as a whole or not at all. So a secret
takes along what the agent needs to see beside it, or would else replace (MergeConfig and OpenLineageEnvParser in its
source, and seen with 1.53.0): a transport's type, all of its `auth` or `sslContext`, and all of a transport that holds
others.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import BracketList
from sparklineage.model.conf_merge import AGENT, TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.model.conf_value import ConfValue

_AUTH = f"{TRANSPORT}auth."
# The empty passwords that an sslContext of Spark's properties begins with would replace the real ones.
_WHOLE = (_AUTH, f"{TRANSPORT}sslContext.")
_NESTED = (f"{TRANSPORT}transports.", f"{TRANSPORT}transport.")
_TRANSFORMER = f"{TRANSPORT}transformerProperties."
_MAPS = frozenset(("properties", "headers", "urlParams", "transformerProperties"))
"""What stands behind one of these names is one name, dots and all."""
_PREFIX = "OPENLINEAGE__"


def carried(entries: Iterable[ConfEntry]) -> frozenset[str]:
    """The properties that go by the environment, and must not stand in Spark's configuration too."""
    every = tuple(entries)
    secret = {entry.key for entry in every if entry.secret and entry.key.startswith(AGENT)}
    blocks = [block for block in _WHOLE if any(key.startswith(block) for key in secret)]
    if any(key.startswith(_NESTED) for key in secret) or any(split_name(entry.key) for entry in every):
        blocks.append(TRANSPORT)
    return frozenset(entry.key for entry in every if entry.key in secret or entry.key.startswith(tuple(blocks)))


def variables(entries: Iterable[ConfEntry]) -> dict[str, str]:
    """Name and value of each variable, secrets revealed; none where nothing has to go that way.

    Raises ConfigError for a secret that the agent would not find there.
    """
    return {f"{_PREFIX}{'__'.join(path)}": value for path, value in _flat(tree(entries), ())}


def tree(entries: Iterable[ConfEntry]) -> dict[str, Any]:
    """The same as the agent's own file, `openlineage.yml`, has it: it is laid below Spark's properties likewise.

    Raises ConfigError for a secret that the agent would not find there.
    """
    found = {entry.key: entry for entry in entries}
    keys = carried(found.values())
    if other := next((key for key, entry in found.items() if entry.secret and key not in keys), None):
        raise ConfigError(
            f"{other} ({found[other].source}) is a secret, but Spark reads no properties from the environment; put it "
            "into a spark-defaults.conf that nobody else can read."
        )
    needed = {f"{TRANSPORT}type"} if any(key.startswith(TRANSPORT) for key in keys) else set()
    if any(key.startswith(_AUTH) for key in keys):
        needed.add(f"{_AUTH}type")
    for key in sorted(needed - set(found)):
        raise ConfigError(f"{min(keys)} ({found[min(keys)].source}) needs {key} beside it; set that too.")
    planted: dict[str, Any] = {}
    for key, entry in found.items():
        if key in keys or key in needed:
            _plant(planted, _path(key.removeprefix(AGENT)), _plain(entry.value))
    return planted


def split_name(key: str) -> str | None:
    """The dotted name in a property that the agent would take apart there; None where it takes it whole."""
    name = _path(key.removeprefix(AGENT))[-1] if key.startswith((*_NESTED, _TRANSFORMER)) else ""
    return name if "." in name else None


def _path(key: str) -> list[str]:
    names = key.split(".")
    at = next((at for at, name in enumerate(names) if name in _MAPS), len(names))
    return names[: at + 1] + [".".join(names[at + 1 :])] * (at + 1 < len(names))


def _plant(tree: dict[str, Any], path: Sequence[str], value: object) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise _both(path)
    if path[-1] in tree:
        raise _both(path)
    tree[path[-1]] = value


def _both(path: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"{AGENT}{'.'.join(path)} cannot be beside a property that is the beginning of another one's name; remove one."
    )


def _plain(value: ConfValue) -> object:
    return list(value.entries) if isinstance(value, BracketList) else value.reveal()


def _flat(node: dict[str, Any], path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str]]:
    for name, child in node.items():
        here = (*path, _snake(name))
        if isinstance(child, dict) and all(_camel(_snake(below)) == below for below in child):
            yield from _flat(child, here)
        else:
            yield here, child if isinstance(child, str) and _is_plain(child) else json.dumps(child)


def _is_plain(text: str) -> bool:
    """Whether the agent takes this for a text: it reads as JSON what begins like JSON, and drops the rest."""
    return re.match(r"[A-Za-z]", text) is not None and not text.startswith(("true", "false", "null"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=.)(?=[A-Z])", "_", name).upper()


def _camel(name: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]+(_[A-Z0-9]+)*", name):
        return ""
    first, *others = name.lower().split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)
