"""A conf of Spark as a mapping: in Airflow's variables and connections, in batches of Livy, or in a file of its own."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence, parse_json, parse_yaml
from sparklineage.lint.readers.emr_configurations import within
from sparklineage.lint.readers.fields import field, is_elsewhere, names, properties, squashed
from sparklineage.lint.readers.fields_of_spark import FIELDS
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.nodes import Source, entries, parsed, scalars
from sparklineage.lint.readers.template import VARIABLES, untemplated

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterator

    from sparklineage.lint.settings import Platform, Setting, Sheet

KIND = "airflow"
TITLE = "a Spark conf as JSON or YAML: Airflow, Livy, or alone"
_IN_JSON = re.compile(r'"(?:spark\.[\w.\-]+|spark_conf)\\?"\s*:')
_IN_YAML = re.compile(r"^[ \t-]*[\"']?spark\.[\w.\-]+[\"']?[ \t]*:(?:[ \t]|\r?$)", re.MULTILINE)
_OPENS_JSON = re.compile(r"\ufeff?\s*(?:\{(?!\{|%)|\[)")
_REFERENCE = re.compile(r"\{\{.{0,4000}?\}\}|\$\{[^{}\n]*\}", re.DOTALL)
_CONFS = frozenset(("conf", "sparkconf"))
_LIVY = frozenset(("file", "classname", "proxyuser", "drivermemory", "numexecutors"))


def claims(name: str, text: str) -> bool:
    """By its ending and properties of Spark as keys."""
    if name.startswith("sparklineage."):
        return False  # the toolkit's own file
    if name.endswith(".json"):
        return bool(_IN_JSON.search(text))
    return name.endswith((".yml", ".yaml")) and bool(_IN_YAML.search(text))


def read(text: str, file: str) -> collections.abc.Sequence[Sheet]:
    """One sheet for each conf in it, together with the JARs and packages that stand beside it."""
    if file.endswith(".json") or _OPENS_JSON.match(text):
        root = parsed(parse_json, text, file)
        source = Source(file=file, variables=_REFERENCE)
        return list(_sheets(source, root)) if root is not None else []
    source = Source(file=file, variables=VARIABLES)
    roots = parsed(partial(parse_yaml, local_tags=True), untemplated(text).text, file)
    return [sheet for root in roots for sheet in _sheets(source, root)]


def _sheets(source: Source, node: Node, platform: Platform | None = None) -> Iterator[Sheet]:
    if isinstance(node, Scalar):
        # Airflow exports the extra of a connection, and a variable, as a text.
        if node.text.lstrip().startswith("{") and (inner := within(source, node)):
            yield from _sheets(*inner, "airflow")
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _sheets(source, item, platform)
    elif _has_properties(node):
        found = Found(platform=platform)
        found.settings += _properties(source, node)
        if found.settings:
            yield found.sheet(source.place(node))
    elif _CONFS & names(node):
        yield from _application(source, node)
    else:
        for _, _, value in entries(node):
            yield from _sheets(source, value, platform)


def _has_properties(node: Node | None) -> bool:
    return any(name.startswith(("spark.", "openlineage.")) for name, _, _ in entries(node))


def _properties(source: Source, node: Node | None) -> Iterator[Setting]:
    """The properties of Spark in a mapping, which may hold other keys too."""
    for setting in properties(source, node):
        if setting.key.startswith(("spark.", "openlineage.")):
            yield setting


def _application(source: Source, node: Mapping) -> Iterator[Sheet]:
    """A conf with the fields beside it."""
    given = names(node)
    found = Found(platform="livy" if "conf" in given and _LIVY & given else "airflow")
    for name in sorted(_CONFS):
        conf = field(node, name)
        inner = within(source, conf) if isinstance(conf, Scalar) else None
        found.settings += _properties(*inner) if inner else _properties(source, conf)
        found.partial = found.partial or (inner is None and is_elsewhere(source, conf))
    if not found.settings and not found.partial:
        for _, _, value in entries(node):
            yield from _sheets(source, value)
        return
    for name, key, value in entries(node):
        known = FIELDS.get(squashed(name))
        if known and isinstance(value, Scalar) and value.text:
            found.settings.append(source.setting(key, value, name=known, spelled=name))
        elif known:
            found.settings += source.joined(scalars(value), name=known, spelled=name)
    found.environment += properties(source, field(node, "envvars"), origin="environment")
    found.partial = found.partial or field(node, "propertiesfile") is not None
    if found:
        yield found.sheet(source.place(node))
