"""Facets and events read with the classes that openlineage-python generates from the specification's JSON Schemas.

They are on every machine, which the schemas themselves are not, and they take no field that they do not know.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from typing import Any

import attr
import jsonschema
from openlineage.client import event_v2, generated
from openlineage.client.generated.base import BaseFacet

from tests.support.specification import facets_of, misplaced

_CLASSES = {
    found._get_schema(): (found, vars(module))
    for item in iter_modules(generated.__path__)
    for module in [import_module(f"openlineage.client.generated.{item.name}")]
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, BaseFacet) and found.__module__ == module.__name__
}


OWN = {
    schema["$id"]: jsonschema.Draft202012Validator(schema)
    for found in files("sparklineage.model").iterdir()
    if found.name.endswith(".json")
    for schema in [json.loads(found.read_text(encoding="utf-8"))]
}
"""Of this package's own facets, by the address of their schema."""


class Classes:
    """Says what is wrong with facets and events, as `Specification` does."""

    def of_facet(self, name: str, _place: str, value: Mapping[str, Any]) -> list[str]:
        url = str(value.get("_schemaURL"))
        try:
            if url.startswith("https://our-solution.io/"):
                OWN[url].validate(dict(value))
            elif url.startswith("https://openlineage.io/"):
                read(dict(value))
        except Exception as error:  # noqa: BLE001 - collected
            return [f"{name}: {type(error).__name__}: {error}"[:500]]
        return []

    def of_event(self, event: Mapping[str, Any]) -> list[str]:
        found = [problem for facet in facets_of(event) for problem in self.of_facet(*facet)] + misplaced(event)
        try:
            event_v2.RunEvent(
                eventTime=event["eventTime"],
                producer=event["producer"],
                eventType=event_v2.RunState(event["eventType"]),
                run=event_v2.Run(event["run"]["runId"]),
                job=event_v2.Job(event["job"]["namespace"], event["job"]["name"]),
                inputs=[event_v2.InputDataset(item["namespace"], item["name"]) for item in event["inputs"]],
                outputs=[event_v2.OutputDataset(item["namespace"], item["name"]) for item in event["outputs"]],
            )
        except Exception as error:  # noqa: BLE001 - collected
            found.append(f"{type(error).__name__}: {error}")
        return found


def read(value: dict[str, Any]) -> BaseFacet:
    """The facet as its own class; raises TypeError for a field that the class has not, lacks, or has otherwise."""
    kind, names = _CLASSES[value["_schemaURL"]]
    fields = {key: item for key, item in value.items() if key not in ("_producer", "_schemaURL")}
    return typing.cast("BaseFacet", _structured(fields, kind, names, kind.__name__))


def _structured(value: Any, kind: Any, names: dict[str, Any], where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or _is_one(value, kind, origin, arguments):
        return value
    if origin in (typing.Union, types.UnionType):
        reasons = []
        for one in arguments:
            try:
                return _structured(value, one, names, where)
            except TypeError as error:
                reasons.append(str(error))
        raise TypeError("; ".join(reasons))
    if origin is list and isinstance(value, list):
        return [_structured(item, arguments[0], names, f"{where}[]") for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: _structured(item, arguments[1], names, f"{where}.{key}") for key, item in value.items()}
    if attr.has(kind) and isinstance(value, dict):
        return _instance(value, kind, names, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    raise TypeError(f"{where} is a {type(value).__name__}, no {kind}")


def _instance(value: dict[str, Any], kind: Any, names: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind, {**vars(typing), **names})
    known = {field.name for field in attr.fields(kind) if field.init}
    if unknown := set(value) - known:
        raise TypeError(f"{where} has no {unknown}")
    return kind(**{key: _structured(item, hints[key], names, f"{where}.{key}") for key, item in value.items()})


def _is_one(value: Any, kind: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is typing.Literal:
        return value in arguments
    if not isinstance(kind, type) or attr.has(kind) or (isinstance(value, bool) and kind is not bool):
        return False
    return isinstance(value, kind) or (kind is float and isinstance(value, int))
