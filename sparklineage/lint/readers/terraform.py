"""Terraform as JSON: `terraform show -json`, state files, and `.tf.json`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence, at, parse_json
from sparklineage.lint.readers import databricks_tree, dataproc, emr_cluster, emr_job_run, glue
from sparklineage.lint.readers.nodes import Source, entries, items, parsed

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Callable, Iterator

    from sparklineage.lint.settings import Sheet

KIND = "terraform"
TITLE = "Terraform as JSON: plans, states and .tf.json"
_RENDERED = re.compile(r'"(?:planned_values|terraform_version|root_module)"\s*:')
_VARIABLES = re.compile(r"[$%]\{[^{}\n]*\}")


def _instance_group(source: Source, node: Node) -> Iterator[Sheet]:
    # It adds to what its cluster sets.
    yield from emr_cluster.cluster(source, node, partial=True)


def _serverless(source: Source, node: Node) -> Iterator[Sheet]:
    yield from emr_job_run.sheets(source, node, "emr-serverless")


def _containers(source: Source, node: Node) -> Iterator[Sheet]:
    yield from emr_job_run.sheets(source, node, "emr-containers")


_RESOURCES: dict[str, Callable[[Source, Node], Iterator[Sheet]]] = {
    "aws_emr_cluster": emr_cluster.cluster,
    "aws_emr_instance_group": _instance_group,
    "aws_emrcontainers_job_template": _containers,
    "aws_emrserverless_application": _serverless,
    "aws_glue_job": glue.sheets,
    "databricks_cluster": databricks_tree.sheets,
    "databricks_cluster_policy": databricks_tree.sheets,
    "databricks_job": databricks_tree.sheets,
    "databricks_pipeline": databricks_tree.sheets,
    "google_dataproc_batch": dataproc.sheets,
    "google_dataproc_cluster": dataproc.sheets,
    "google_dataproc_job": dataproc.sheets,
    "google_dataproc_workflow_template": dataproc.sheets,
}
_NAMES = re.compile(f'"(?:{"|".join(_RESOURCES)})"')


def claims(name: str, text: str) -> bool:
    """By its ending, or as JSON that Terraform wrote, with resources that run Spark."""
    if name.endswith((".tf.json", ".tfstate")):
        return True
    return name.endswith(".json") and bool(_RENDERED.search(text) and _NAMES.search(text))


def read(text: str, file: str) -> collections.abc.Sequence[Sheet]:
    """The sheets of every resource that runs Spark, as the reader of its platform makes them.

    Values that are JSON themselves (`configurations_json`) are looked into; what they hold has the place of the text.
    """
    if not _NAMES.search(text):
        return []
    root = parsed(parse_json, text, file)
    if root is None:
        return []
    # Only what people write has references; elsewhere such a text is what the platform gets.
    is_source = at(root, "resource") is not None
    source = Source(file=file, variables=_VARIABLES if is_source else None)
    return [
        sheet
        for kind, body in (_written(root) if is_source else _rendered(root))
        for sheet in _RESOURCES[kind](source, body)
    ]


def _written(root: Node) -> Iterator[tuple[str, Node]]:
    """Type and body of each resource in a `.tf.json`, where lists may stand in for mappings."""
    for resources in items(at(root, "resource")):
        for kind, _, named in entries(resources):
            for group in items(named) if kind in _RESOURCES else ():
                for _, _, bodies in entries(group):
                    yield from ((kind, body) for body in items(bodies))


def _rendered(root: Node) -> Iterator[tuple[str, Node]]:
    """Type and values of each resource of a plan, else of a state."""
    planned = at(root, "planned_values")
    stack = [root if planned is None else planned]
    while stack:
        node = stack.pop()
        if isinstance(node, Sequence):
            stack.extend(reversed(node.items))
        elif isinstance(node, Mapping):
            kind = node.get("type")
            if isinstance(kind, Scalar) and kind.text in _RESOURCES:
                values = [node.get("values"), *(at(item, "attributes") for item in items(node.get("instances")))]
                yield from ((kind.text, value) for value in values if value is not None)
            else:
                stack.extend(value for _, _, value in reversed([*node.items()]))
