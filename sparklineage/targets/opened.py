"""A configuration whose plain secrets may be written, because the user has said so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text, Unseen
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.targets.about import refuse_literal_secrets

if TYPE_CHECKING:
    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.targets.interface import Order


def opened(order: Order, conf: ConfSet) -> ConfSet:
    """The properties with plain secrets as ordinary texts; what is left of secrets are references, and texts that go
    the way of secrets because they may be some.

    Raises ConfigError for a plain one that has not been allowed.
    """
    refuse_literal_secrets(order)
    return ConfSet(tuple(_opened(entry) for entry in conf.entries))


def references(conf: ConfSet) -> dict[str, SecretReference]:
    """Property and reference of each secret that lies elsewhere."""
    return {
        entry.key: entry.value.secret
        for entry in conf.entries
        if isinstance(entry.value, SecretValue) and isinstance(entry.value.secret, SecretReference)
    }


def without_plain(conf: ConfSet) -> ConfSet:
    """Without the plain secrets, which after `opened` are the user's own: they stay where they are."""
    return ConfSet(tuple(entry for entry in conf.entries if not _plain(entry)))


def refuse_references(conf: ConfSet, why: str) -> None:
    """Raises ConfigError for the first secret that lies elsewhere; `why` says what to do instead."""
    for key, reference in references(conf).items():
        entry = conf.entry(key)
        source = entry.source if entry is not None else key
        raise ConfigError(f"{source}: {key} is {reference.written}, {why}.")


def _opened(entry: ConfEntry) -> ConfEntry:
    return replace(entry, value=Text(entry.value.reveal())) if _plain(entry) else entry


def _plain(entry: ConfEntry) -> bool:
    value = entry.value
    return isinstance(value, SecretValue) and not isinstance(value, Unseen) and isinstance(value.secret, Secret)
