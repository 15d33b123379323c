"""Every rule by its code. A family is a module here and its name in this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules import (
    address,
    groups,
    habits,
    keys,
    listener,
    nested,
    secrets,
    transport,
    values,
    versions,
)
from sparklineage.lint.rules.interface import Rule, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Rule", "Target"]

_FAMILIES = (keys, transport, address, nested, values, groups, listener, versions, secrets, habits)
_ALL = [rule for family in _FAMILIES for rule in vars(family).values() if isinstance(rule, Rule)]
RULES: Mapping[str, Rule] = {rule.code: rule for rule in sorted(_ALL, key=lambda rule: rule.code)}
