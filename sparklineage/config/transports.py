"""What the keys of a transport say together: its type, what that type reads, what it cannot do without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import PREFIX, catalogue
from sparklineage.config.definition import definition
from sparklineage.config.layers import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLOCK = re.compile(r"(transport(?:\.transports\.[^.]+|\.transport)*)\.(.+)", re.DOTALL)
_RELAYED = frozenset(("type", "url", "endpoint", "auth.type", "auth.apiKey", "timeoutInMillis", "compression"))
"""What the relay does as the agent's own http would."""
_RELAYED_BELOW = ("headers.", "urlParams.")


def blocks(resolved: Mapping[str, Resolved]) -> dict[str, dict[str, Resolved]]:
    """The transports by where they stand (`transport`, `transport.transports.NAME`), each with its keys."""
    found: dict[str, dict[str, Resolved]] = {}
    for name, item in resolved.items():
        if match := _BLOCK.fullmatch(name):
            found.setdefault(match[1], {})[match[2]] = item
    return found


def fill_types(resolved: dict[str, Resolved]) -> None:
    """A transport with an address and no type is an http one, and one with a key and no other type sends that key."""
    for block, keys in blocks(resolved).items():
        if "type" not in keys and "url" in keys:
            _fill(resolved, f"{block}.type", "http", "the url", keys["url"])
        kind = resolved.get(f"{block}.type")
        if "auth.apiKey" in keys and "auth.type" not in keys and kind is not None and kind.value == "http":
            _fill(resolved, f"{block}.auth.type", "api_key", "the key", keys["auth.apiKey"])


def _fill(resolved: dict[str, Resolved], name: str, value: str, what: str, because: Resolved) -> None:
    key = definition().find(name)
    if key is not None:
        resolved[name] = Resolved(key=key, value=value, source=f"{what} in {because.source}", layer=because.layer)


def unread(resolved: dict[str, Resolved]) -> Iterator[str]:
    """Takes out the values of variables that the type of transport does not read, each with a warning.

    Python's client and Airflow read `OPENLINEAGE_API_KEY` too, so it may be there for another transport than ours.
    """
    kind = resolved.get("transport.type")
    for name, item in list(resolved.items()):
        readers = item.key.catalogue.transports if item.key.catalogue else ()
        if not readers or item.source not in item.key.variables:
            continue
        if kind is not None and kind.value not in readers:
            yield (f"{item.source} is not used: {name} is read by {' and '.join(readers)}, "
                   f"but transport.type is {kind.value} ({kind.source}).")  # fmt: skip
            del resolved[name]
        elif kind is None and "transport.url" not in resolved:
            yield f"{item.source} is not used: there is no transport.url that it belongs to."
            del resolved[name]


def problems(resolved: Mapping[str, Resolved]) -> Iterator[str]:
    """A sentence for each key that its transport does not read, and each that it misses."""
    found = blocks(resolved)
    for block, keys in found.items():
        first = next(iter(keys.values()))
        if "type" not in keys:
            inner = [other for other in found if other.startswith(f"{block}.")]
            at = first if not inner else next(iter(found[inner[0]].values()))
            yield f"{at.source}: {block} has no `type`; write one, such as http with the `url` of the backend."
            continue
        kind = str(keys["type"].value)
        for name, item in keys.items():
            readers = item.key.catalogue.transports if item.key.catalogue else ()
            if readers and kind in _types() and kind not in readers:
                yield (f"{item.source}: {block}.{name} is read by {' and '.join(readers)}, "
                       f"but {block}.type is {kind} ({keys['type'].source}).")  # fmt: skip
        yield from _missing(block, kind, keys, found)
    for name, item in resolved.items():
        if name.endswith("auth.type") and item.value == "api_key":
            stem = name.removesuffix("type")
            if f"{stem}apiKey" not in resolved:
                yield f"{item.source}: {name} is api_key, but there is no {stem}apiKey; write env:NAME there."


def undeliverable(resolved: Mapping[str, Resolved]) -> str | None:
    """Why the relay cannot deliver to the transport as the agent would; None where it can, or there is none."""
    keys = blocks(resolved).get("transport", {})
    if "type" not in keys:
        return None
    if keys["type"].value != "http":
        return f"the relay does not deliver to {keys['type'].value}"
    if "auth.type" in keys and keys["auth.type"].value != "api_key":
        return f"the relay does not authenticate with {keys['auth.type'].value}"
    left = [name for name in keys if name not in _RELAYED and not name.startswith(_RELAYED_BELOW)]
    left = [name for name in left if not name.startswith("auth.")]
    return f"the relay does not read transport.{left[0]}" if left else None


def _types() -> tuple[str, ...]:
    known = catalogue().find(f"{PREFIX}transport.type")
    return known.values if known else ()


def _missing(
    block: str, kind: str, keys: Mapping[str, Resolved], found: Mapping[str, Mapping[str, Resolved]]
) -> Iterator[str]:
    at = keys["type"].source
    for known in catalogue().keys:
        if kind not in known.required:
            continue
        name = known.key.removeprefix(f"{PREFIX}transport.")
        if "<" in name:
            stem = name.partition(".<")[0]
            inner = f"{block}.{stem}"
            inside = any(other == inner or other.startswith(f"{inner}.") for other in found)
            if not inside and not any(other.startswith(f"{stem}.") for other in keys):
                yield f"{at}: {block} of type {kind} has no `{stem}`; write what it is made of."
        elif name not in keys:
            yield f"{at}: {block} of type {kind} has no `{name}` ({known.doc.partition(';')[2].strip() or known.doc})."
