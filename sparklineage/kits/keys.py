"""The keys of a backend that a script puts into files of the relay's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.kits.script import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "env:"


def in_files(config: Mapping[str, Any], folder: str) -> tuple[dict[str, Any], list[str]]:
    """A relay.json with `file:FOLDER/NAME` in the place of each `env:NAME`, and the names, each once.

    Raises ConfigError for a name that the script has for something else.
    """
    names: list[str] = []

    def file(reference: str) -> str:
        if not reference.startswith(_KIND):
            return reference
        name = reference.removeprefix(_KIND)
        if name.islower() or name in _TAKEN:
            raise ConfigError(f"{reference}: the script uses this name itself; take another one, such as {name}_KEY.")
        if name not in names:
            names.append(name)
        return f"file:{folder}/{name}"

    return with_references(config, file), names


def with_references(config: Mapping[str, Any], changed: Any) -> dict[str, Any]:
    """A relay.json in which each reference is what `changed` makes of it."""
    backend = config["backend"]
    done: dict[str, Any] = {"apiKey": changed(backend["apiKey"]) if backend["apiKey"] is not None else None}
    for kind in ("headers", "params"):
        done[kind] = {
            name: {"secret": changed(value["secret"])} if isinstance(value, dict) else value
            for name, value in backend[kind].items()
        }
    return {**config, "backend": {**backend, **done}}


_TAKEN = frozenset(LAYOUT) | {
    "ABSENT", "AGENT", "BASH", "CONF_BEGIN", "CONF_END", "EUID", "HOME", "IFS", "KEYS", "LANG", "OLDEST", "ONE_S_OWN",
    "PATH", "PWD", "PYTHONS", "RANDOM", "RECORD", "SCALA", "SECONDS", "SPARK_HOME", "TZ", "UID", "USER", "WITNESS",
}  # fmt: skip
