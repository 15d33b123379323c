"""Lists of `{Classification, Properties, Configurations}`, the way in which every kind of EMR is configured.

EMR on EC2 and SageMaker write the fields with capitals, EMR Serverless and EMR on EKS without (their service models).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.config.conf_values import typed
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.masking import SECRET_KEY
from sparklineage.model.secret import Secret
from sparklineage.targets.two_transports import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.conf_value import ConfValue

DEFAULTS = "spark-defaults"


@dataclass(frozen=True, kw_only=True)
class Names:
    """How one service spells the fields."""

    classification: str
    properties: str
    configurations: str


UPPER = Names(classification="Classification", properties="Properties", configurations="Configurations")
LOWER = Names(classification="classification", properties="properties", configurations="configurations")


def is_list(value: object, names: Names) -> bool:
    """Whether it is such a list; an empty one is."""
    return isinstance(value, list) and all(isinstance(item, dict) and names.classification in item for item in value)


def written(name: str, properties: Mapping[str, str], names: Names) -> dict[str, Any]:
    """One item; of a classification that ends in `-env` the properties go below `export`, as EMR wants them."""
    if name.endswith("-env"):
        return {
            names.classification: name,
            names.properties: {},
            names.configurations: [{names.classification: "export", names.properties: dict(properties)}],
        }
    return {names.classification: name, names.properties: dict(properties)}


def properties_of(value: object, name: str, names: Names, where: str) -> dict[str, str]:
    """The properties of a classification in a list of the user's; of one that is there twice the later ones count.

    Raises ConfigError, which begins with `where`, for what is no map of texts.
    """
    found: dict[str, str] = {}
    for holder in _holders(value, name, names, where):
        given = holder.get(names.properties)
        if given is None:
            continue
        if not isinstance(given, dict):
            raise ConfigError(f"{where}: {names.properties} of {name} is no object of texts.")
        for key, text in given.items():
            if not isinstance(text, str):
                raise ConfigError(f"{where}: {key} of {name} is no text; put its value into quotes.")
            found[key] = text
    return found


def with_properties(value: list[Any], name: str, added: Mapping[str, str], names: Names, where: str) -> list[Any]:
    """The list with properties added to a classification, which is made where there is none."""
    if not added:
        return value
    merged = deepcopy(value)
    holders = _holders(merged, name, names, where)
    if holders:
        holder = holders[-1]
        holder[names.properties] = {**(holder.get(names.properties) or {}), **added}
        return merged
    outer = next((item for item in merged if item.get(names.classification) == name), None)
    fresh = written(name, added, names)
    if outer is None:
        return [*merged, fresh]
    # An env classification without its export.
    outer[names.configurations] = [*(outer.get(names.configurations) or []), *fresh[names.configurations]]
    return merged


def conf_of(properties: Mapping[str, str], source: str) -> ConfSet:
    """The user's own properties; what cannot be read stays a text, and what looks like a secret never shows."""
    return ConfSet(
        tuple(ConfEntry(key=key, value=_value(key, text), source=source) for key, text in properties.items())
    )


def merged_properties(ours: ConfSet, value: list[Any], names: Names, where: str) -> tuple[list[Any], ConfSet]:
    """The user's list with our properties in its `spark-defaults`, and the whole that this comes to."""
    users = conf_of(properties_of(value, DEFAULTS, names, where), f"{where}: {DEFAULTS}")
    ours, theirs = side_by_side(ours, users)
    whole = ours.merged_with(theirs)
    added = whole.beyond(theirs).as_dict(reveal=False)
    return with_properties(value, DEFAULTS, added, names, where), whole


def _holders(value: object, name: str, names: Names, where: str) -> list[dict[str, Any]]:
    """The objects that hold the properties of a classification: itself, or its `export`."""
    if not isinstance(value, list) or not is_list(value, names):
        raise ConfigError(f"{where}: is no list of objects with {names.classification}.")
    items = [item for item in value if item.get(names.classification) == name]
    if not name.endswith("-env"):
        return items
    inner: list[dict[str, Any]] = []
    for item in items:
        below = item.get(names.configurations) or []
        if not is_list(below, names):
            raise ConfigError(f"{where}: {names.configurations} of {name} is no list of classifications.")
        inner += [one for one in below if one.get(names.classification) == "export"]
    return inner


def _value(key: str, text: str) -> ConfValue:
    try:
        value = typed(key, text)
    except ConfigError:
        value = Text(text)
    # Whatever looks like a reference of ours is none here: nobody resolves it.
    return SecretValue(Secret(text)) if isinstance(value, SecretValue) or SECRET_KEY.search(key) else value
