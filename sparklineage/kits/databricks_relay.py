"""The relay of a kit for Databricks: what it is told, and the variables by which its secrets reach it.

The platform puts a secret where `{{secrets/scope/key}}` is the whole value of a variable. The init script finds it in
its environment and hands it on to the relay in the relay's own. Source: Databricks documentation, use a secret in a
Spark configuration property or environment variable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from sparklineage.kits.relay_config import Node, relay_config
from sparklineage.kits.spool import spool_of
from sparklineage.kits.zipapp import content

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from sparklineage.config.spec import Spec
    from sparklineage.targets.interface import Order

RELAY = "relay.pyz"
_KIND = "databricks:"


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A relay that runs on the driver."""

    config: Mapping[str, Any]
    """What relay.json holds, with the names of variables for secrets."""
    data: bytes
    """The relay itself."""
    names: Mapping[str, str]
    """The variable of each secret `scope/key`."""

    @property
    def variables(self) -> dict[str, str]:
        """Those of the cluster's environment, as the platform fills them."""
        return _filled(self.names)


def relay_of(spec: Spec, order: Order, *, proxy: str | None, ca_file: str | None) -> Relay:
    """The relay for an order. Raises ConfigError for a backend, or a secret of it, that no driver could reach."""
    node = Node(platform="databricks", kinds=("databricks",), spool=spool_of(order), proxy=proxy, ca_file=ca_file)
    names: dict[str, str] = {}
    config = by_variables(relay_config(spec, node), names)
    return Relay(config=config, data=content(), names=names)


def variables_of(spec: Spec) -> dict[str, str]:
    """The variables of a cluster by which its relay gets its secrets, as the platform fills them.

    Raises ConfigError as `relay_of` does.
    """
    names: dict[str, str] = {}
    by_variables(relay_config(spec, Node(platform="databricks", kinds=("databricks",))), names)
    return _filled(names)


def by_variables(config: Any, names: dict[str, str]) -> Any:
    """A relay.json with `env:NAME` in the place of each `databricks:scope/key`; `names` gets the variable of each."""
    backend = config["backend"]
    key = backend["apiKey"]
    done: dict[str, Any] = {"apiKey": _variable(key, names) if key is not None else None}
    for kind in ("headers", "params"):
        done[kind] = {
            name: {"secret": _variable(value["secret"], names)} if isinstance(value, dict) else value
            for name, value in backend[kind].items()
        }
    return {**config, "backend": {**backend, **done}}


def _filled(names: Mapping[str, str]) -> dict[str, str]:
    return {name: f"{{{{secrets/{secret}}}}}" for secret, name in names.items()}


def _variable(reference: str, names: dict[str, str]) -> str:
    if not reference.startswith(_KIND):
        return reference
    secret = reference.removeprefix(_KIND)
    if secret not in names:
        names[secret] = _free(secret, names.values())
    return f"env:{names[secret]}"


def _free(secret: str, taken: Container[str]) -> str:
    """A name for the variable, whose end tells the witness, and others, not to show its value."""
    stem = "SPARKLINEAGE_" + re.sub(r"[^A-Z0-9]+", "_", secret.upper()).strip("_")
    names = (f"{stem}{number}_SECRET" for number in chain([""], (f"_{at}" for at in count(2))))
    return next(name for name in names if name not in taken)
