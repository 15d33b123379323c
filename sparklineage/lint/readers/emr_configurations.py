"""Lists of `{Classification, Properties, Configurations}`, the way of EMR in all its forms to write configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Node, Scalar, parse_json
from sparklineage.config.platforms import platforms
from sparklineage.lint.readers.fields import field, is_elsewhere, properties
from sparklineage.lint.readers.nodes import Source, items, text_of

if TYPE_CHECKING:
    from sparklineage.lint.readers.found import Found

_ENVIRONMENTS = frozenset(("spark-env", "yarn-env", "hadoop-env", "livy-env"))


def spark_of(release: str | None) -> str | None:
    """The version of Spark in a release such as `emr-7.12.0` or `emr-spark-8.0.0`, as far as it is known."""
    return platforms().hint("emr", release).spark


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
