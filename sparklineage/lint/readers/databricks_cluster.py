"""The description of one Databricks cluster, which clusters, jobs, pipelines and bundles all write in the same way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, at
from sparklineage.config.platforms import platforms
from sparklineage.lint.readers.command_line import option_settings
from sparklineage.lint.readers.nodes import Source, entries, items, known, scalars, text_of
from sparklineage.lint.readers.shell import Word
from sparklineage.lint.settings import JARS, PACKAGES, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BESIDES = 1
"""The group of the libraries, which come on top of what `spark.jars` says."""


def cluster(
    source: Source,
    node: Mapping,
    *,
    libraries: Sequence[Node | None] = (),
    parameters: Node | None = None,
    partial: bool = False,
) -> Sheet:
    """The sheet of a cluster, with the libraries and the spark-submit parameters of the tasks that run on it.

    A cluster under a policy is partial, for the policy can set more.
    """
    conf, release = node.get("spark_conf"), known(source, node.get("spark_version"))
    mode = [entry for entry in node.entries if entry.key.text == "data_security_mode"]
    return Sheet(
        place=source.place(node),
        settings=(
            *source.settings(conf),
            *(source.setting(entry.key, entry.value) for entry in mode if isinstance(entry.value, Scalar)),
            *_libraries(source, [node.get("libraries"), node.get("library"), *libraries]),
            *_parameters(source, parameters),
        ),
        environment=tuple(source.settings(node.get("spark_env_vars"), origin="environment")),
        scripts=tuple(_scripts(source, node.get("init_scripts"))),
        partial=partial or source.is_partial(conf) or bool(text_of(node.get("policy_id"))),
        platform="databricks",
        release=release,
        spark=spark_of(release),
    )


def elsewhere(source: Source, task: Mapping, parameters: Node | None) -> Sheet:
    """What a task brings to a cluster that is described elsewhere."""
    settings = (*_libraries(source, [task.get("libraries")]), *_parameters(source, parameters))
    return Sheet(place=source.place(task), settings=settings, partial=True, platform="databricks")


def is_cluster(node: Mapping) -> bool:
    """Whether a mapping says how Spark is configured there."""
    conf = node.get("spark_conf")
    return (
        (conf is not None and (isinstance(conf, Mapping) or text_of(conf) is not None))
        or isinstance(node.get("spark_env_vars"), Mapping)
        or bool(items(node.get("init_scripts")))
        or (text_of(node.get("spark_version")) is not None and node.get("libraries") is not None)
    )


def spark_of(release: str | None) -> str | None:
    """The version of Spark in a `spark_version` such as `16.4.x-scala2.12`; None where it does not tell."""
    return platforms().hint("databricks", release).spark


def _scripts(source: Source, node: Node | None) -> Iterator[Setting]:
    for script in items(node):
        for kind, key, block in entries(script):
            for place in items(block):
                path = at(place, "destination")
                if isinstance(path, Scalar):
                    yield source.setting(key, path, name=f"init_scripts.{kind}")


def _libraries(source: Source, lists: Iterable[Node | None]) -> Iterator[Setting]:
    libraries = [library for node in lists for library in items(node)]
    jars = [at(library, "jar") for library in libraries]
    coordinates = [at(maven, "coordinates") for library in libraries for maven in items(at(library, "maven"))]
    for nodes, name, spelled in (
        (jars, JARS, "libraries.jar"),
        (coordinates, PACKAGES, "libraries.maven.coordinates"),
    ):
        for joined in source.joined((node for node in nodes if isinstance(node, Scalar)), name=name, spelled=spelled):
            yield replace(joined, group=_BESIDES)


def _parameters(source: Source, node: Node | None) -> list[Setting]:
    """The settings of a spark-submit task."""
    words = []
    for item in scalars(node):
        place = source.place(item)
        words.append(Word(source.value(item), item.text, place.line, place.column))
    return option_settings(words, source.file)[0]
