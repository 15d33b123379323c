"""The `schema` facet as the agent writes it, from what Spark calls a schema."""

from __future__ import annotations

from typing import Any

from sparklineage.facets.check import text
from sparklineage.model.facet import Facet, standard

_DEEPEST = 50


def schema(of: Any) -> Facet:
    """`schema` of a DataFrame, a StructType, or a mapping of column names to types.

    Nested types become fields as the agent's own do (PlanUtils of openlineage-spark 1.53): those of a struct by their
    names, an array's element as `_element`, a map's as `key` and `value`. Raises TypeError for anything else.
    """
    found = of if hasattr(of, "jsonValue") else getattr(of, "schema", of)
    if hasattr(found, "jsonValue"):
        fields = _fields(found.jsonValue())
    elif hasattr(found, "items"):
        fields = [{"name": text("column", name), "type": text(name, kind)} for name, kind in found.items()]
    else:
        raise TypeError(f"a schema is a DataFrame, a StructType or a mapping, which {type(of).__name__} is not")
    return standard("schema", "dataset", "1-2-0/SchemaDatasetFacet", fields=fields)


def _fields(struct: Any, depth: int = 0) -> list[dict[str, Any]]:
    if not isinstance(struct, dict) or struct.get("type") != "struct":
        raise TypeError("a schema is a struct")
    return [_field(item["name"], item["type"], item.get("metadata"), depth) for item in struct["fields"]]


def _field(name: str, kind: Any, metadata: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise ValueError(f"the schema is nested more than {_DEEPEST} levels deep")
    found: dict[str, Any] = {"name": name, "type": kind if isinstance(kind, str) else str(kind.get("type"))}
    if isinstance(metadata, dict) and isinstance(metadata.get("comment"), str):
        found["description"] = metadata["comment"]
    if isinstance(kind, dict):
        match kind.get("type"):
            case "struct":
                found["fields"] = _fields(kind, depth + 1)
            case "array":
                found["fields"] = [_field("_element", kind["elementType"], None, depth + 1)]
            case "map":
                found["fields"] = [
                    _field("key", kind["keyType"], None, depth + 1),
                    _field("value", kind["valueType"], None, depth + 1),
                ]
    return found
