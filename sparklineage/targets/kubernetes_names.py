"""Names as Kubernetes takes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import Scalar, at
from sparklineage.targets.conf_map import refuse

if TYPE_CHECKING:
    from sparklineage.config.documents import Node

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 63


def object_name(name: str) -> str:
    """A name for an object, and for the pods and services that are called after it, out of any text.

    Kubeflow's operator wants a label of DNS (RFC 1035): its webhook refuses anything else.
    """
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not words or not words[0].isalpha():
        words = f"spark-{words}".rstrip("-")
    return words[:_LONGEST].rstrip("-")


def check_name(document: Node, file: str) -> None:
    """Raises ConfigError with the place where an object's name would be refused; it may have none yet."""
    node = at(document, "metadata", "name")
    if isinstance(node, Scalar) and (len(node.text) > _LONGEST or not _LABEL.fullmatch(node.text)):
        refuse(
            node, file,
            f"metadata.name is {node.text[:100]!r}, but the operator takes lower-case letters, digits and `-` alone, a "
            f"letter first, {_LONGEST} at most; write {object_name(node.text)}.",
        )  # fmt: skip
