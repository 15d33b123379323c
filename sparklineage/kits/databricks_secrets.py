"""The secrets of a relay on Databricks: references to scopes, which reach it by variables of the cluster.

The platform puts a secret where `{{secrets/scope/key}}` is the whole value of a variable. The init script finds it in
its environment and hands it on to the relay in the relay's own. Source: Databricks documentation, use a secret in a
Spark configuration property or environment variable.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.targets.databricks_conf import referring, written

if TYPE_CHECKING:
    from collections.abc import Container

    from sparklineage.model.conf_entry import ConfEntry


def by_variables(conf: ConfSet) -> tuple[ConfSet, dict[str, str]]:
    """The properties with `env:NAME` in the place of each secret, and those variables as a cluster has them.

    Raises ConfigError for a secret in plain text, which would lie readable on the driver, and for one that lies where
    no cluster looks.
    """
    variables: dict[str, str] = {}
    return ConfSet(tuple(_hidden(referring(entry), variables) for entry in conf.entries)), variables


def _hidden(entry: ConfEntry, variables: dict[str, str]) -> ConfEntry:
    value = entry.value
    if not isinstance(value, SecretValue):
        return entry
    if isinstance(value.secret, Secret):
        raise ConfigError(
            f"{entry.source}: {entry.key} is a secret in plain text, which no file of a kit may hold; put it into a "
            "secret scope (`databricks secrets put-secret SCOPE KEY`) and write databricks:SCOPE/KEY."
        )
    text = written(entry)
    names = {other: name for name, other in variables.items()}
    name = names.get(text) or _free(value.secret.name, variables)
    variables[name] = text
    return replace(entry, value=SecretValue(SecretReference(kind="env", name=name)))


def _free(key: str, taken: Container[str]) -> str:
    """A name for the variable of `scope/key`, whose end tells the witness, and others, not to show its value."""
    stem = "SPARKLINEAGE_" + re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_")
    names = (f"{stem}{number}_SECRET" for number in chain([""], (f"_{at}" for at in count(2))))
    return next(name for name in names if name not in taken)
