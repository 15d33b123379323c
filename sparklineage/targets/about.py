"""The sentences that every target says about its artefacts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_value import SecretValue, Unseen
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.targets.pieces import pieces, together, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Order


_TYPE = f"{TRANSPORT}type"
_SPOOL = "spark.sparklineage.spool"


def about(order: Order) -> Iterator[str]:
    """Agent and Scala and why, delivery and why, and what the order has to say."""
    yield f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}."
    yield f"Delivery is {order.mode}: {order.why_mode}."
    yield from order.notes


def comments(notes: Iterable[str]) -> Iterator[str]:
    """Each note as a line behind `#`, which nothing in it can end."""
    for note in notes:
        line = " ".join(note.split())
        yield f"# {''.join(char if char.isprintable() else '?' for char in line)}"


def refuse_literal_secrets(order: Order) -> None:
    """Raises ConfigError where a secret stands in the configuration itself, unless that is allowed."""
    if order.allow_literal_secrets:
        return
    for entry in order.secrets:
        value = entry.value
        if isinstance(value, SecretValue) and isinstance(value.secret, Secret) and not isinstance(value, Unseen):
            raise ConfigError(
                f"{entry.source}: {entry.key} is a secret in plain text; write a reference such as env:NAME, or give "
                "--allow-literal-secrets."
            )


def needed_variables(conf: ConfSet) -> Iterator[str]:
    """A sentence for the variables that carry secrets into a driver, with the place of each instead; none without.

    `conf` is one that `opened` gave. Raises ConfigError for a secret that the agent would not find there.
    """
    texts = {
        name: together(parts, str, lambda reference: f"<{reference.written}>") for name, parts in pieces(conf).items()
    }
    if texts:
        listed = [f"{name}={shlex.quote(text)}" for name, text in texts.items()]
        found = any(isinstance(part, SecretReference) for parts in pieces(conf).values() for part in parts)
        instead = ", with the secret itself in the place of each <…>" if found else ""
        yield f"The driver's environment needs {', '.join(listed)}{instead}: others can see a property of Spark."


def handed_on(conf: ConfSet) -> Iterator[str]:
    """The same for what takes the secrets from variables of its own environment and hands them on itself."""
    found = pieces(conf)
    names = [part.name for parts in found.values() for part in parts if isinstance(part, SecretReference)]
    if all(map(within_reach, found.values())):
        if names:
            listed = " and ".join(dict.fromkeys(names))
            yield f"It hands {listed} on from its environment: others can see a property of Spark."
    else:
        yield from needed_variables(conf)


def lost(conf: ConfSet) -> Iterator[str]:
    """What of ours gave way to the user's own, a sentence each."""
    kind = conf.entry(_TYPE)
    # In the outbox nothing of ours names a transport.
    if kind is not None and not kind.value.blank and _SPOOL in conf:
        yield f"The outbox is off: {_TYPE} is set ({kind.source}), so the agent sends its events itself."
    for entry in conf.entries:
        for other in entry.lost:
            why = "" if other.reason == f"{entry.source} stays" else f": {other.reason}"
            yield f"{entry.key} stays as {entry.source} has it, not {other.value} ({other.source}){why}."
