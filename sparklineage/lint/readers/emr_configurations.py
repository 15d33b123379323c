"""Lists of `{Classification, Properties, Configurations}`, the way of EMR in all its forms to write configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Node, Scalar, parse_json
from sparklineage.lint.readers.fields import field, is_elsewhere, properties
from sparklineage.lint.readers.nodes import Source, items, text_of

if TYPE_CHECKING:
    from sparklineage.lint.readers.found import Found

_ENVIRONMENTS = frozenset(("spark-env", "yarn-env", "hadoop-env", "livy-env"))
_RELEASE = re.compile(r"emr-(?:spark-)?(\d+)\.(\d+)")
_SPARKS = {(7, 8): "3.5.4", (7, 9): "3.5.5", (7, 10): "3.5.5", (7, 11): "3.5.6", (7, 12): "3.5.6", (7, 13): "3.5.6"}
_LINES = {7: "3.5", 8: "4.0"}
"""Of other releases only the line of Spark is known. Source: AWS, Spark release history and release notes."""


def spark_of(release: str | None) -> str | None:
    """The version of Spark in a release such as `emr-7.12.0` or `emr-spark-8.0.0`, as far as it is known."""
    match = _RELEASE.match(release or "")
    if match is None or len(match[1]) > 3 or len(match[2]) > 3:
        return None
    major, minor = int(match[1]), int(match[2])
    return _SPARKS.get((major, minor)) or _LINES.get(major)


def is_configuration(node: Node) -> bool:
    """Whether this is one item of such a list."""
    return text_of(field(node, "classification")) is not None


def add(found: Found, source: Source, node: Node | None) -> None:
    """Add what a list of configurations sets; a list in a text, as Terraform has it, is looked into."""
    if isinstance(node, Scalar) and node.text.lstrip()[:1] in {"[", "{"}:
        inner = within(source, node)
        if inner is not None:
            add(found, *inner)
            return
    found.partial = found.partial or is_elsewhere(source, node)
    for configuration in items(node):
        name = text_of(field(configuration, "classification"))
        given = field(configuration, "properties", "configurationproperties")
        if name == "spark-defaults":
            found.settings += properties(source, given)
            found.partial = found.partial or is_elsewhere(source, given)
        elif name in _ENVIRONMENTS:
            for export in items(field(configuration, "configurations")):
                variables = field(export, "properties", "configurationproperties")
                found.environment += properties(source, variables, origin="environment")


def within(source: Source, node: Scalar) -> tuple[Source, Node] | None:
    """The document inside a text; None where it is none, or nothing, or the text is inside another one already."""
    if source.within is not None:
        return None
    try:
        root = parse_json(node.text)
    except DocumentError:
        return None
    if root is None:
        return None
    return Source(file=source.file, variables=source.variables, within=node), root
