"""Facets of somebody else's: a mapping, or an instance of an attrs class such as those of openlineage-python."""

from __future__ import annotations

import re
from typing import Any

from sparklineage.facets.check import attributes, known_place, pairs, plain, short, text, uri
from sparklineage.model.facet import Facet, Place
from sparklineage.version import PRODUCER

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\Z")
_BROUGHT = ("_producer", "_schemaURL")


def custom(name: str, fields: Any, *, place: Place = "dataset", schema_url: str | None = None) -> Facet:
    """A facet under a name with your organisation's prefix, such as `acme_costCenter`.

    `fields` is a mapping, a dataclass or an attrs instance (one that openlineage-python defines brings `_producer` and
    `_schemaURL` along; for all others `schema_url` is where the JSON Schema lies). Raises ValueError for a name
    without a prefix, which the specification reserves for its own facets. The texts of a key such as `password` are
    hidden, at any depth.
    """
    if not _NAME.match(text("name", name)):
        raise ValueError(
            f"{short(name)!r} has no prefix; a custom facet's name is prefix_name, such as acme_costCenter"
        )
    said = attributes(fields)
    if said is None:
        if isinstance(fields, type) or not hasattr(fields, "items"):
            raise TypeError(
                f"fields is a mapping, a dataclass or an attrs instance, which {type(fields).__name__} is not"
            )
        said = dict(pairs("fields", fields))
    found = plain(name, said)
    url = schema_url if schema_url is not None else found.get("_schemaURL")
    producer = found.get("_producer") or PRODUCER
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ValueError(f"{short(name)} needs schema_url, the http(s) address of its JSON Schema")
    ours = {"_producer": uri("_producer", producer), "_schemaURL": uri("schema_url", url)}
    theirs = {key: value for key, value in found.items() if key not in _BROUGHT}
    return Facet(name, known_place(place), ours | theirs)
