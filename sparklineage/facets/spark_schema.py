"""The `schema` facet as the agent writes it, from what Spark calls a schema."""

from __future__ import annotations

from typing import Any

from sparklineage.facets.check import pairs, text, unreadable
from sparklineage.model.facet import Facet, standard

_DEEPEST = 50


def schema(of: Any) -> Facet:
    """`schema` of a DataFrame, a StructType, or a mapping of column names to types.

    Nested types become fields as the agent's own do (PlanUtils of openlineage-spark 1.53): those of a struct by their
    names, an array's element as `_element`, a map's as `key` and `value`. Raises TypeError for anything else.
    """
    found = of if hasattr(of, "jsonValue") else _schema_of(of)
    if hasattr(found, "jsonValue") and not isinstance(found, type):
        fields = _fields(_json(found))
    elif hasattr(found, "items"):
        fields = [{"name": text("column", name), "type": text(name, kind)} for name, kind in pairs("a schema", found)]
    else:
        raise TypeError(f"a schema is a DataFrame, a StructType or a mapping, which {type(of).__name__} is not")
    return standard("schema", "dataset", "1-2-0/SchemaDatasetFacet", fields=fields)


def _schema_of(frame: Any) -> Any:
    try:
        return getattr(frame, "schema", frame)
    except Exception as error:  # a DataFrame of a session that has been stopped
        raise unreadable("the schema", frame, error) from error


def _json(schema: Any) -> Any:
    try:
        return schema.jsonValue()
    except Exception as error:
        raise unreadable("the schema", schema, error) from error


def _fields(struct: Any, depth: int = 0) -> list[dict[str, Any]]:
    fields = struct.get("fields") if isinstance(struct, dict) and struct.get("type") == "struct" else None
    if not isinstance(fields, list) or not all(isinstance(item, dict) for item in fields):
        raise TypeError("a schema is a struct")
    return [_field(item.get("name"), item.get("type"), item.get("metadata"), depth) for item in fields]


def _field(name: Any, kind: Any, metadata: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise ValueError(f"the schema is nested more than {_DEEPEST} levels deep")
    called = kind.get("type") if isinstance(kind, dict) else kind
    if not isinstance(name, str) or not isinstance(called, str):
        raise TypeError("each field of a schema has a name and a type")
    found: dict[str, Any] = {"name": name, "type": called}
    if isinstance(metadata, dict) and isinstance(metadata.get("comment"), str):
        found["description"] = metadata["comment"]
    if isinstance(kind, dict):
        match kind.get("type"):
            case "struct":
                found["fields"] = _fields(kind, depth + 1)
            case "array":
                found["fields"] = [_field("_element", kind.get("elementType"), None, depth + 1)]
            case "map":
                found["fields"] = [
                    _field("key", kind.get("keyType"), None, depth + 1),
                    _field("value", kind.get("valueType"), None, depth + 1),
                ]
    return found
