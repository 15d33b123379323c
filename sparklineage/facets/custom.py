"""Facets of somebody else's: a mapping, or an instance of an attrs class such as those of openlineage-python."""

from __future__ import annotations

import re
from typing import Any

from sparklineage.facets.check import plain, text
from sparklineage.model.facet import Facet, Place
from sparklineage.version import PRODUCER

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\Z")
_PLACES = ("dataset", "input", "output", "run", "job")


def custom(name: str, fields: Any, *, place: Place = "dataset", schema_url: str | None = None) -> Facet:
    """A facet under a name with your organisation's prefix, such as `acme_costCenter`.

    `fields` is a mapping, a dataclass or an attrs instance (one that openlineage-python defines brings `_producer` and
    `_schemaURL` along; for all others `schema_url` is where the JSON Schema lies). Raises ValueError for a name
    without a prefix, which the specification reserves for its own facets.
    """
    if not _NAME.match(text("name", name)):
        raise ValueError(f"{name!r} has no prefix; a custom facet's name is prefix_name, such as acme_costCenter")
    if place not in _PLACES:
        raise ValueError(f"place is none of {', '.join(_PLACES)}")
    found = plain(name, _mapping(fields))
    url = schema_url or found.get("_schemaURL")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ValueError(f"{name} needs schema_url, the http(s) address of its JSON Schema")
    said = {key: value for key, value in found.items() if key not in ("_producer", "_schemaURL")}
    return Facet(name, place, {"_producer": found.get("_producer") or PRODUCER, "_schemaURL": url, **said})


def _mapping(fields: Any) -> dict[str, Any]:
    if isinstance(fields, dict) or hasattr(fields, "items"):
        return dict(fields.items())
    # attrs and dataclasses list their fields in the class, without their modules being imported here.
    listed = getattr(type(fields), "__attrs_attrs__", None)
    names = [item.name for item in listed] if listed is not None else list(getattr(fields, "__dataclass_fields__", ()))
    if not names:
        raise TypeError(f"fields is a mapping, a dataclass or an attrs instance, which {type(fields).__name__} is not")
    found = {name: _value(getattr(fields, name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _value(value: Any) -> Any:
    if hasattr(type(value), "__attrs_attrs__") or hasattr(value, "__dataclass_fields__"):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return value
