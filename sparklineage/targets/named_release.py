"""The release that a user's own file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, Scalar, Sequence, parse_json, parse_yaml
from sparklineage.config.platforms import platforms
from sparklineage.errors import SparklineageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.documents import Node
    from sparklineage.targets.interface import Existing

_FIELDS = {
    "glue": "GlueVersion",
    "emr": "ReleaseLabel",
    "emr-containers": "releaseLabel",
    "emr-serverless": "releaseLabel",
    "dataproc": "imageVersion",
    "databricks": "spark_version",
}
"""What each platform's API calls it."""


def named_release(platform: str, into: Existing) -> tuple[str, str] | None:
    """The release in a file of the user's, and where it stands: `cluster.json:3:20`.

    None where there is none, where there are several, and where it is none that can be known; what is wrong with the
    file is for whoever merges into it.
    """
    name = _FIELDS.get(platform)
    if name is None:
        return None
    try:
        yaml = into.name.lower().endswith((".yml", ".yaml"))
        nodes = parse_yaml(into.text) if yaml else [parse_json(into.text)]
    except DocumentError:
        return None
    found = [scalar for node in nodes if node is not None for scalar in _values(node, name)]
    if len({scalar.text for scalar in found}) != 1:
        return None
    mark, text = found[0].start, found[0].text
    try:
        platforms().find(platform, text)
    except SparklineageError:
        return None
    return text, f"{into.name}:{mark.line}:{mark.column}"


def _values(node: Node, name: str) -> Iterator[Scalar]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _values(item, name)
    elif isinstance(node, Mapping):
        for entry in node.entries:
            value = entry.value
            if entry.key.text == name and isinstance(value, Mapping):
                # A policy of Databricks: {"type": "fixed", "value": …}.
                value = value.get("value") or value
            if entry.key.text == name and isinstance(value, Scalar) and isinstance(value.value, str):
                yield value
            else:
                yield from _values(value, name)
