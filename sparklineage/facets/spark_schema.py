"""The `schema` facet as the agent writes it, from what Spark calls a schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.facets.check import key, pairs, text, unreadable
from sparklineage.model.facet import Facet, standard

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPEST = 50


def schema(of: Any) -> Facet:
    """`schema` of a DataFrame, a StructType, or a mapping of column names to types.

    Nested types become fields as the agent's own do (PlanUtils of openlineage-spark 1.53): those of a struct by their
    names, an array's element as `_element`, a map's as `key` and `value`; a type of a user's own, such as a vector, is
    its name alone. Raises TypeError for anything else.
    """
    found = of if hasattr(of, "jsonValue") else _schema_of(of)
    if hasattr(found, "jsonValue") and not isinstance(found, type):
        fields = _fields(_json(found))
    elif hasattr(found, "items"):
        fields = [{"name": key("schema", name), "type": _type(name, kind)} for name, kind in pairs("schema", found)]
    else:
        raise TypeError(f"a schema is a DataFrame, a StructType or a mapping, which {type(of).__name__} is not")
    return standard("schema", "dataset", "1-2-0/SchemaDatasetFacet", fields=fields)


def _type(column: str, kind: Any) -> str:
    return text(f"schema.{column}", kind, "the name of a type, such as 'long' (a StructType has nested ones)")


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
    found = []
    for item in fields:
        metadata = item.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        collations = metadata.get("__COLLATIONS")
        place = _Place(str(item.get("name")), collations if isinstance(collations, dict) else {}, depth)
        field = _field(item.get("name"), item.get("type"), place)
        if isinstance(metadata.get("comment"), str):
            field["description"] = metadata["comment"]
        found.append(field)
    return found


@dataclass(frozen=True)
class _Place:
    """Where in a column of a struct a type stands."""

    path: str
    collations: Mapping[str, Any]
    """The collations within the column, by path: Spark keeps them beside the types."""
    depth: int

    def below(self, part: str) -> _Place:
        return _Place(f"{self.path}.{part}", self.collations, self.depth + 1)


def _field(name: Any, kind: Any, place: _Place) -> dict[str, Any]:
    if place.depth > _DEEPEST:
        raise ValueError(f"the schema is nested more than {_DEEPEST} levels deep")
    called = kind.get("type") if isinstance(kind, dict) else kind
    if not isinstance(name, str) or not isinstance(called, str):
        raise TypeError("each field of a schema has a name and a type")
    found: dict[str, Any] = {"name": name, "type": called}
    collation = place.collations.get(place.path)
    if called == "string" and isinstance(collation, str):
        found["type"] = f"string collate {collation.partition('.')[2]}"  # spark.UTF8_LCASE
    if isinstance(kind, dict):
        match called:
            case "struct":
                found["fields"] = _fields(kind, place.depth + 1)
            case "array":
                found["fields"] = [_field("_element", kind.get("elementType"), place.below("element"))]
            case "map":
                found["fields"] = [
                    _field("key", kind.get("keyType"), place.below("key")),
                    _field("value", kind.get("valueType"), place.below("value")),
                ]
            case "udt":
                found["type"] = _user_defined(kind)
    return found


def _user_defined(kind: Mapping[str, Any]) -> str:
    """As Scala's DataType.typeName: org.apache.spark.ml.linalg.VectorUDT is `vector`."""
    owner = kind.get("class")
    # A type that Python alone knows is a PythonUserDefinedType in the JVM.
    simple = re.split(r"[.$]", owner)[-1] if isinstance(owner, str) else "PythonUserDefinedType"
    return simple.removesuffix("Type").removesuffix("UDT").lower()
