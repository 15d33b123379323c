"""What Stackable's operator makes of the `openLineage` block of its SparkApplication."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import Node, Scalar, at
from sparklineage.lint.readers.nodes import Source, entries
from sparklineage.lint.settings import AGENT_PREFIX, JARS, LISTENERS, UNKNOWN, Setting
from sparklineage.model.lists import comma_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
_NAMES = ("namespace", "appName")


def injected(source: Source, root: Node, settings: Sequence[Setting]) -> list[Setting]:
    """The settings of an application after the operator has put its own in; unchanged without the block.

    Its values are defaults, which those of the application replace; to listeners and JARs it appends its own. Source:
    documentation of stackabletech/spark-k8s-operator, usage-guide/openlineage.
    """
    block = next(((key, node) for name, key, node in entries(at(root, "spec")) if name == "openLineage"), None)
    if block is None:
        return list(settings)
    key, node = block
    given = {setting.key for setting in settings}
    defaults = [setting for setting in _defaults(source, key, node) if setting.key not in given]
    kept = [setting for setting in settings if setting.key not in (LISTENERS, JARS)]
    return [*defaults, *kept, *(_appended(source, key, name, settings) for name in (LISTENERS, JARS))]


def _defaults(source: Source, key: Scalar, node: Node) -> Iterator[Setting]:
    place = source.place(key)
    yield Setting(
        key=f"{AGENT_PREFIX}transport.type", value="http", place=place, origin="properties", spelled="openLineage"
    )
    host, port = at(node, "host"), at(node, "port")
    if isinstance(host, Scalar) and isinstance(port, Scalar):
        scheme = "https" if at(node, "tls", "verification", "server") is not None else "http"
        url = f"{scheme}://{source.value(host)}:{source.value(port)}"
        yield Setting(
            key=f"{AGENT_PREFIX}transport.url",
            value=url,
            place=source.place(host),
            origin="properties",
            spelled="openLineage.host",
        )
    for name, inner, value in entries(node):
        if name in _NAMES and isinstance(value, Scalar):
            yield source.setting(inner, value, name=AGENT_PREFIX + name, spelled=f"openLineage.{name}")


def _appended(source: Source, key: Scalar, name: str, settings: Sequence[Setting]) -> Setting:
    own = next((setting for setting in reversed(settings) if setting.key == name), None)
    # The image knows where its JAR lies.
    added = _LISTENER if name == LISTENERS else UNKNOWN
    if own is None:
        return Setting(key=name, value=added, place=source.place(key), origin="properties", spelled="openLineage")
    entries_ = comma_list(own.value)
    joined = entries_ if added in entries_ else (*entries_, added)
    return replace(own, value=",".join(joined), key_span=None, value_span=None)
