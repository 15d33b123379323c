"""Transports inside a composite or transform transport, which the agent reads more strictly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.rules.destinations import TRANSPORT, destinations, known, split
from sparklineage.lint.rules.interface import GREEN, Hit, rule, unreadable
from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_MAPS = re.compile(r"(properties|urlParams|headers)\.(.+)", re.DOTALL)


@rule("SL015", "dotted-nested-name", "error", "A dotted name inside a nested transport")
def dotted_name(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Names with dots below `properties`, `headers` or `urlParams` stay whole only in the top transport. Inside a
    composite or transform transport they are split at the dots (`bootstrap` → `servers`), and reading fails:
    `MismatchedInputException: Cannot deserialize value of type String from Object`. The example in the
    documentation for composite with kafka is of this kind.

    Source: executed, agent 1.53.0.
    """
    for transport in destinations(sheet):
        for setting in transport.settings if transport.nested else ():
            name = _MAPS.fullmatch(split(setting.key)[1]) if setting.origin != "yaml" else None
            if name and "." in name[2]:
                yield Hit(
                    at=setting,
                    found=f"{name[2]} has dots, inside a nested transport.",
                    reality=f"The agent splits the name at the dots and then fails: {GREEN}",
                    fix="Give this transport alone at the top, or the whole composite transport in an openlineage.yml.",
                )


@rule("SL016", "unknown-nested-key", "error", "An unknown key inside a nested transport")
def nested_key(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """At the top an unknown key is ignored; inside a composite or transform transport it is not. One of them, also
    one that only another type of transport has, and reading fails: `RuntimeException: Error creating transport
    config`.

    Source: executed, agent 1.53.0, 1.37.0 and 1.32.0.
    """
    for transport in destinations(sheet):
        for setting in transport.settings if transport.nested else ():
            key, name = known(setting.key), split(setting.key)[1]
            if UNKNOWN in setting.key:
                continue
            near = None
            if key is None or key.status != "active":
                near = catalogue().nearest(TRANSPORT + name)
                what = f"{name} is no key of a transport."
            elif transport.type and key.transports and transport.type not in key.transports:
                what = f"{name} is no key of the type {transport.type}."
            else:
                continue
            yield Hit(
                at=setting,
                found=what,
                reality=unreadable(setting, "Inside a nested transport an unknown key is an error"),
                fix=f"Did you mean {near.removeprefix(TRANSPORT)}?" if near else "Remove it.",
            )
