"""The sentences that every target says about its artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Order


def about(order: Order) -> Iterator[str]:
    """Agent and Scala and why, delivery and why, and what the order has to say."""
    yield f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}."
    yield f"Delivery is {order.mode}: {order.why_mode}."
    yield from order.notes


def refuse_literal_secrets(order: Order) -> None:
    """Raises ConfigError where a secret stands in the configuration itself, unless that is allowed."""
    if order.allow_literal_secrets:
        return
    for entry in order.secrets:
        if isinstance(entry.value, SecretValue) and isinstance(entry.value.secret, Secret):
            raise ConfigError(
                f"{entry.source}: {entry.key} is a secret in plain text; write a reference such as env:NAME, or give "
                "--allow-literal-secrets."
            )


def variables(order: Order) -> dict[str, str]:
    """The variables that carry the secrets into a driver; each value says where the secret lies, and never what it is.

    Raises ConfigError for a secret that the agent would not find there.
    """
    shown = order.conf.resolved(lambda reference, _: Secret(f"<{reference.written}>"))
    return shown.environment()


def needed_variables(order: Order) -> Iterator[str]:
    """A sentence for the variables that the driver needs; none without secrets."""
    if names := list(variables(order)):
        hidden = ", ".join(entry.key.removeprefix("spark.openlineage.") for entry in order.secrets)
        yield f"Set {' and '.join(names)} in the driver's environment ({hidden}): others can see a property of Spark."


def lost(conf: ConfSet) -> Iterator[str]:
    """What of ours gave way to the user's own, a sentence each."""
    for entry in conf.entries:
        for other in entry.lost:
            yield f"{entry.key} stays as {entry.source} has it, not {other.value} ({other.source}): {other.reason}."
