"""Keys that say something only together, whatever layers they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.layers import Resolved

_BREAKER = "circuitBreaker."
_TYPE, _LIMIT = f"{_BREAKER}type", f"{_BREAKER}timeoutInSeconds"
_NEED_LIMIT = frozenset(("timeout", "simpleMemory", "javaRuntime"))


def combined(resolved: Mapping[str, Resolved]) -> Iterator[str]:
    """A sentence for each key that the agent could do nothing with, because another one is missing."""
    kind = resolved.get(_TYPE)
    if kind is None:
        # A time alone is one for the type `timeout`, which needs nothing else.
        others = [item for name, item in resolved.items() if name.startswith(_BREAKER) and name != _LIMIT]
        if others:
            yield (f"{others[0].source}: {others[0].key.name} has no {_TYPE} beside it, and with that the agent could "
                   "not read its configuration; write one, such as simpleMemory.")  # fmt: skip
    elif kind.value in _NEED_LIMIT and _LIMIT not in resolved and _fails_without(kind, resolved):
        yield (f"{kind.source}: {_TYPE} is {kind.value}, but there is no {_LIMIT}, and with that the agent would send "
               "nothing; write `timeoutInSeconds: 60s` beside it.")  # fmt: skip


def _fails_without(kind: Resolved, resolved: Mapping[str, Resolved]) -> bool:
    """`timeout` fails at the start, the others at every event since 1.35.0 (executed, agents 1.53.0 and 1.36.0)."""
    version = resolved.get("agent.version")
    return kind.value == "timeout" or version is None or numbers(str(version.value)) >= (1, 35)
