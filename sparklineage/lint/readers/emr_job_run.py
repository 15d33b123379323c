"""What starts a job on EMR Serverless or EMR on EKS, and the applications of EMR Serverless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence
from sparklineage.lint.readers import arguments
from sparklineage.lint.readers.command_line import option_settings
from sparklineage.lint.readers.emr_configurations import add, spark_of
from sparklineage.lint.readers.fields import field, names
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.nodes import Source, entries, items, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Platform, Sheet

_PARTS = frozenset(("jobdriver", "configurationoverrides", "runtimeconfiguration"))


def sheets(source: Source, node: Node, platform: Platform) -> Iterator[Sheet]:
    """A sheet for each job or application in a part of the document, however it spells its fields."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from sheets(source, item, platform)
    elif isinstance(node, Mapping):
        if _PARTS & names(node):
            yield from job(source, node, platform)
            return
        for _, _, value in entries(node):
            yield from sheets(source, value, platform)


def job(source: Source, node: Node, platform: Platform) -> Iterator[Sheet]:
    """The sheet of one job: what it is configured with, and above that its spark-submit parameters."""
    release = known(source, field(node, "releaselabel"))
    found = Found(platform=platform, release=release, spark=spark_of(release))
    # What the jobs of an application add stands elsewhere.
    found.partial = field(node, "jobdriver") is None
    add(found, source, field(node, "runtimeconfiguration"))
    for overrides in items(field(node, "configurationoverrides")):
        add(found, source, field(overrides, "applicationconfiguration"))
    for driver in items(field(node, "jobdriver")):
        for submit in items(field(driver, "sparksubmit", "sparksubmitjobdriver")):
            parameters = field(submit, "sparksubmitparameters")
            if isinstance(parameters, Scalar):
                settings, partial = option_settings(arguments.split(source, parameters), source.file)
                found.settings += settings
                found.partial = found.partial or partial
                found.arguments = len(parameters.text)
            elif parameters is not None:
                found.partial = True
    if found:
        yield found.sheet(source.place(node))
