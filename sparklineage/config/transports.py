"""What the keys of a transport say together: its type, what that type reads, what it cannot do without."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import PREFIX, catalogue
from sparklineage.config.definition import definition
from sparklineage.config.layers import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLOCK = re.compile(r"(transport(?:\.transports\.[^.]+|\.transport)*)\.(.+)", re.DOTALL)
_DOTTED = re.compile(r".+\.(?:properties|urlParams|headers)\.[^.]+\..+", re.DOTALL)
_BY_HTTP = frozenset(("transport.timeout", "transport.auth.api_key"))
_RELAYED = frozenset(
    ("type", "url", "endpoint", "auth.type", "auth.apiKey", "auth.api_key", "timeoutInMillis", "timeout", "compression")
)
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
    """A transport with an address and no type is an http one."""
    for block, keys in blocks(resolved).items():
        if "type" not in keys and "url" in keys:
            key = definition().find(f"{block}.type")
            if key is not None:
                source = f"the url in {keys['url'].source}"
                resolved[key.name] = Resolved(key=key, value="http", source=source, layer=keys["url"].layer)


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
            if f"transport.{name}" in _BY_HTTP:
                readers = ("http",)
            if readers and kind in _types() and kind not in readers:
                yield (f"{item.source}: {block}.{name} is read by {' and '.join(readers)}, "
                       f"but {block}.type is {kind} ({keys['type'].source}).")  # fmt: skip
            if block != "transport" and _DOTTED.fullmatch(name):
                yield (f"{item.source}: {block}.{name} has a dot in its last name, which the agent splits inside of "
                       "another transport; write the kafka transport at the top, or give this block in an "
                       "openlineage.yml.")  # fmt: skip
        yield from _missing(block, kind, keys, found)
    for name, item in resolved.items():
        if name.endswith("auth.type") and item.value == "api_key":
            stem = name.removesuffix("type")
            if f"{stem}apiKey" not in resolved and f"{stem}api_key" not in resolved:
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


def as_the_agent_spells(resolved: dict[str, Resolved]) -> None:
    """The Python client's spellings become the agent's, so that one name stands for one thing."""
    for theirs, ours in (("transport.auth.api_key", "transport.auth.apiKey"),
                         ("transport.timeout", "transport.timeoutInMillis")):  # fmt: skip
        item, key = resolved.get(theirs), definition().find(ours)
        if item is not None and key is not None:
            del resolved[theirs]
            if ours not in resolved:
                resolved[ours] = replace(item, key=key)
    key = definition().find("transport.auth.type")
    secret = resolved.get("transport.auth.apiKey")
    if secret is not None and key is not None and "transport.auth.type" not in resolved:
        resolved[key.name] = Resolved(
            key=key, value="api_key", source=f"the key in {secret.source}", layer=secret.layer
        )


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
