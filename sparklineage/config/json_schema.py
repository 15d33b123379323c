"""The JSON Schema of sparklineage.yml, from the loader's own definition: editors check and complete by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sparklineage.config.definition import definition
from sparklineage.config.json_kinds import OPEN, value_schema
from sparklineage.config.keys import PLATFORM_KEYS, PLATFORMS

if TYPE_CHECKING:
    from sparklineage.config.keys import Key

DIALECT = "http://json-schema.org/draft-07/schema#"
"""What editors' YAML plug-ins read."""
_SCALAR = {"type": ["string", "number", "boolean"]}


def json_schema() -> dict[str, Any]:
    """The schema of a whole file, as JSON values. What the loader refuses only by looking at several keys at once
    (versions, what a type of transport reads, circles of profiles) it lets through.
    """
    section = _sections()
    transport = section["properties"]["transport"]
    transport["properties"]["transports"] = {
        "description": "of `composite`: the transports, each by a name of its own, or as a list",
        "anyOf": [
            {"type": ["object", "null"], "additionalProperties": {"$ref": "#/definitions/transport"}},
            {"type": "array", "items": {"$ref": "#/definitions/member"}},
        ],
    }
    transport["properties"]["transport"] = {
        "description": "of `transform`: where the changed events go",
        "allOf": [{"$ref": "#/definitions/transport"}],
    }
    member = {
        **transport,
        "properties": {**transport["properties"], "name": {"type": ["string", "number", "boolean", "null"]}},
    }
    section["properties"]["transport"] = {"$ref": "#/definitions/transport"}
    properties = section["properties"]
    platforms = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {name: {"$ref": "#/definitions/platform"} for name in PLATFORMS},
        "description": "settings for one platform only, over the section that they stand in",
    }
    extends = {
        "anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}],
        "description": "the profiles that this one lies over, the weakest first",
    }
    return {
        "$schema": DIALECT,
        "title": "sparklineage.yml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **properties,
            "platforms": platforms,
            "profiles": {
                "type": ["object", "null"],
                "additionalProperties": {"$ref": "#/definitions/profile"},
                "description": "settings of which `--profile` or SPARKLINEAGE_PROFILE chooses; `default` counts where "
                "none is chosen",
            },
        },
        "definitions": {
            "transport": transport,
            "member": {**member, "type": "object"},
            "open": OPEN,
            "profile": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {**properties, "platforms": platforms, "extends": extends},
            },
            "platform": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {**properties, **{key.name: _value(key) for key in PLATFORM_KEYS}},
            },
        },
    }


def _sections() -> dict[str, Any]:
    """Every key as a property of the mapping that it stands in."""
    root: dict[str, Any] = _mapping()
    for key in definition().keys.values():
        *parents, last = _steps(key.name)
        node = root
        for step in parents:
            node = _below(node, step)
        if last.startswith("<"):
            node["additionalProperties"] = _value(key)
        else:
            node["properties"][last] = _value(key)
    job = root["properties"]["job"]
    root["properties"]["job"] = {"anyOf": [job["properties"]["name"], job], "description": "the application's job"}
    root["properties"]["appName"] = job["properties"]["name"]
    root["properties"]["spark"] = {
        "type": ["object", "null"],
        "description": "properties of Spark, passed on as they are",
        "additionalProperties": {"type": ["string", "number", "boolean", "array", "object", "null"]},
    }
    return root


def _steps(name: str) -> list[str]:
    """The parts of a key's name; `<producer key>` is one."""
    return re.findall(r"<[^>]*>|[^.]+", name)


def _below(node: dict[str, Any], step: str) -> dict[str, Any]:
    if step.startswith("<"):
        inner: dict[str, Any] = node.get("additionalProperties") or _mapping()
        node["additionalProperties"] = inner
        return inner
    found: dict[str, Any] = node["properties"].setdefault(step, _mapping())
    return found


def _mapping() -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": False, "properties": {}}


def _value(key: Key) -> dict[str, Any]:
    return {"description": _description(key), **value_schema(key)}


def _description(key: Key) -> str:
    known = key.catalogue
    parts = [key.doc]
    if known is not None and known.transports:
        parts.insert(0, f"{', '.join(known.transports)}:")
    if key.default is not None:
        parts.append(f"(default: {key.default})")
    if known is not None and known.since:
        parts.append(f"[agent {known.since}]")
    if key.secret:
        parts.append("Write a reference such as env:NAME.")
    return " ".join(parts)
