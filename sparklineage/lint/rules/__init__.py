"""Every rule by its code. A family is a module here and its name in this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules import (
    address,
    class_path,
    complete,
    databricks,
    environment,
    groups,
    habits,
    keys,
    listener,
    nested,
    platforms,
    secrets,
    texts,
    transport,
    values,
    versions,
)  # fmt: skip
from sparklineage.lint.rules.interface import Rule, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Rule", "Target"]

_FAMILIES = (
    address, class_path, complete, databricks, environment, groups, habits, keys, listener, nested, platforms, secrets,
    texts, transport, values, versions,
)  # fmt: skip
_ALL = [rule for family in _FAMILIES for rule in vars(family).values() if isinstance(rule, Rule)]
RULES: Mapping[str, Rule] = {rule.code: rule for rule in sorted(_ALL, key=lambda rule: rule.code)}
