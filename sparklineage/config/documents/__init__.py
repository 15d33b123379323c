"""YAML, JSON and TOML as trees of nodes that know where they stand in their text."""

from __future__ import annotations

from sparklineage.config.documents.json_text import parse_json
from sparklineage.config.documents.nodes import (
    DocumentError,
    Entry,
    Mapping,
    Mark,
    Node,
    Scalar,
    Sequence,
    at,
    plain,
)
from sparklineage.config.documents.toml_text import parse_toml
from sparklineage.config.documents.yaml_text import parse_yaml

__all__ = [
    "DocumentError",
    "Entry",
    "Mapping",
    "Mark",
    "Node",
    "Scalar",
    "Sequence",
    "at",
    "parse_json",
    "parse_toml",
    "parse_yaml",
    "plain",
]
