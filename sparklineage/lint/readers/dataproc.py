"""Clusters, jobs and batches of Dataproc, as Google's API, its exports and Terraform have them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence, parse_json, parse_yaml
from sparklineage.lint.readers.fields import field, is_elsewhere, names, properties, squashed
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.nodes import Source, entries, items, known, parsed, scalars
from sparklineage.lint.settings import DATAPROC_SWITCH, JARS

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterator

    from sparklineage.lint.settings import Setting, Sheet

KIND = "dataproc"
TITLE = "Dataproc clusters and jobs as JSON or YAML"
_FIELDS = re.compile(
    r"^[ \t-]*[\"']?(?:softwareConfig|(?:pyspark|spark|sparkSql|sparkR)Job|spark:spark\.[\w.\-]+)[\"']?\s*:",
    re.MULTILINE,
)
_INLINE = re.compile(r'"(?:softwareConfig|(?:pyspark|spark|sparkSql|sparkR)Job|spark:spark\.[\w.\-]+)"\s*:')
_JOBS = frozenset(("sparkconfig", "pysparkconfig", "sparksqlconfig", "sparkrconfig", "runtimeconfig"))
_API_JOBS = frozenset(("sparkjob", "pysparkjob", "sparksqljob", "sparkrjob"))
_SOFTWARE = "softwareconfig"
_PREFIX = re.compile(r"spark:")


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only Dataproc has."""
    if name.endswith(".json"):
        return bool(_INLINE.search(text))
    return name.endswith((".yml", ".yaml")) and bool(_FIELDS.search(text))


def read(text: str, file: str) -> collections.abc.Sequence[Sheet]:
    """One sheet for each cluster, job and batch in it, as the API and `gcloud … export` have them."""
    as_json = file.endswith(".json") or text.lstrip("\ufeff \t\r\n").startswith("{")
    if as_json:
        root = parsed(parse_json, text, file)
        roots = [root] if root is not None else []
    else:
        roots = list(parsed(parse_yaml, text, file))
    source = Source(file=file)
    return [sheet for one in roots for sheet in sheets(source, one)]


def sheets(source: Source, node: Node) -> Iterator[Sheet]:
    """A sheet for each cluster, job and batch in a part of the document."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from sheets(source, item)
    elif isinstance(node, Mapping):
        given = names(node)
        if _SOFTWARE in given:
            yield from _cluster(source, node)
        elif given & (_JOBS | _API_JOBS):
            yield from _jobs(source, node)
        else:
            for _, _, value in entries(node):
                yield from sheets(source, value)


def _cluster(source: Source, node: Node) -> Iterator[Sheet]:
    found = Found(platform="dataproc")
    for software in items(field(node, _SOFTWARE)):
        found.release = known(source, field(software, "imageversion"))
        # Terraform tells what was asked for as `override_properties`, and everything as `properties`.
        given = field(software, "overrideproperties") or field(software, "properties")
        found.partial = is_elsewhere(source, given)
        found.settings += _unprefixed(properties(source, given))
    for action in items(field(node, "initializationaction", "initializationactions")):
        for name, key, value in entries(action):
            if squashed(name) in {"script", "executablefile"} and isinstance(value, Scalar):
                found.scripts.append(source.setting(key, value, name=f"initialization_action.{name}"))
    if found:
        yield found.sheet(source.place(node))


def _unprefixed(settings: Iterator[Setting]) -> Iterator[Setting]:
    """The properties of Spark; the word in front of the colon names the file that Dataproc writes them to. And the
    switch of its own agent, as it is.
    """
    for setting in settings:
        if setting.key == DATAPROC_SWITCH:
            yield setting
        if _PREFIX.match(setting.key):
            key = _PREFIX.sub("", setting.key)
            yield replace(setting, key=key, spelled=setting.key, key_span=None)


def _jobs(source: Source, node: Node) -> Iterator[Sheet]:
    """A job or batch. It runs on a cluster, or in an environment, that may set more."""
    found = Found(platform="dataproc", partial=True)
    for name, _, value in entries(node):
        if squashed(name) in _JOBS | _API_JOBS:
            for config in items(value):
                found.settings += properties(source, field(config, "properties"))
                jars = scalars(field(config, "jarfileuris"))
                found.settings += source.joined(jars, name=JARS, spelled="jar_file_uris")
    for config in items(field(node, "pysparkbatch", "sparkbatch", "sparksqlbatch")):
        jars = scalars(field(config, "jarfileuris"))
        found.settings += source.joined(jars, name=JARS, spelled="jar_file_uris")
    if found:
        yield found.sheet(source.place(node))
