"""Whether the agent that is asked for knows what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.layers import Resolved

_VERSION = "agent.version"


def gated(resolved: Mapping[str, Resolved]) -> Iterator[str]:
    """A sentence for each key and each choice that `agent.version` is too old for."""
    asked = resolved.get(_VERSION)
    if asked is None:
        return
    version = str(asked.value)
    where = f"and {_VERSION} is {version} ({asked.source})"
    for item in resolved.values():
        known, name = item.key.catalogue, item.key.name
        if known is None or known.reader != "agent":
            continue
        if not known.known_in(version):
            yield f"{item.source}: {name} is known since agent {known.since}, {where}. Take {known.since} or later."
        elif needed := known.agent_for(str(item.value), version):
            yield f"{item.source}: {name} {item.value} works since agent {needed}, {where}. Take {needed} or later."
