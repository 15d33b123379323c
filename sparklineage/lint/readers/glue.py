"""JSON of Glue: the arguments of a job, alone or in what `create-job`, `start-job-run` and CloudFormation take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence, parse_json
from sparklineage.config.platforms import platforms
from sparklineage.lint.readers.arguments import place_within
from sparklineage.lint.readers.fields import field, is_elsewhere, squashed
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.nodes import Source, entries, known, parsed
from sparklineage.lint.settings import JARS, UNKNOWN, Setting

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterator

    from sparklineage.lint.settings import Sheet

KIND = "glue"
TITLE = "Glue job arguments as JSON"
_FIELDS = re.compile(r'"(?:--conf|--extra-jars|--user-jars-first|[Dd]efault_?[Aa]rguments|GlueVersion)"\s*:')
_NEXT = re.compile(r"\s+--conf(?:\s+|=)")
_FIRST = re.compile(r"\s*(?:--conf(?:\s+|=))?")
_KEPT = frozenset(("--user-jars-first", "--extra-files", "--extra-py-files", "--datalake-formats"))


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only Glue has."""
    return name.endswith(".json") and bool(_FIELDS.search(text))


def read(text: str, file: str) -> collections.abc.Sequence[Sheet]:
    """One sheet for each set of arguments."""
    root = parsed(parse_json, text, file)
    return list(sheets(Source(file=file), root)) if root is not None else []


def sheets(source: Source, node: Node, release: str | None = None, *, partial: bool = False) -> Iterator[Sheet]:
    """The sheets in a part of the document. Arguments of a run are partial: they are laid over those of the job."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from sheets(source, item, release, partial=partial)
    elif isinstance(node, Mapping):
        release = known(source, field(node, "glueversion")) or release
        if any(name.startswith("--") for name, _, _ in entries(node)):
            found = _arguments(source, node, release)
            found.partial = found.partial or partial
            if found:
                yield found.sheet(source.place(node))
            return
        for name, _, value in entries(node):
            yield from sheets(source, value, release, partial=partial or squashed(name) == "arguments")


def _arguments(source: Source, node: Mapping, release: str | None) -> Found:
    found = Found(platform="glue", release=release, spark=platforms().hint("glue", release).spark)
    for entry in node.entries:
        name, value = entry.key.text, entry.value
        if name == "--conf":
            if isinstance(value, Scalar):
                found.settings += _conf(source, value)
                found.partial = found.partial or UNKNOWN in source.value(value).partition("=")[0]
            else:
                found.partial = True
        elif name == "--extra-jars" and isinstance(value, Scalar):
            found.settings.append(source.setting(entry.key, value, name=JARS, spelled=name))
        elif name in _KEPT and isinstance(value, Scalar):
            found.settings.append(source.setting(entry.key, value))
        elif name == "--extra-jars":
            found.settings.append(
                Setting(key=JARS, value=UNKNOWN, place=source.place(entry.key), origin="properties", spelled=name)
            )
    found.partial = found.partial or is_elsewhere(source, node)
    return found


def _conf(source: Source, scalar: Scalar) -> Iterator[Setting]:
    """The settings of `k=v --conf k=v …`, which Glue takes as one argument, for it has each argument only once."""
    text = scalar.text
    first = _FIRST.match(text)
    begin = first.end() if first else 0
    while begin < len(text):
        following = _NEXT.search(text, begin)
        key, equals, value = text[begin : following.start() if following else len(text)].partition("=")
        known_key = source.variables.sub(UNKNOWN, key) if source.variables else key
        if equals and UNKNOWN not in known_key:
            yield Setting(
                key=key.strip(),
                value=source.variables.sub(UNKNOWN, value) if source.variables else value,
                text=value,
                place=place_within(source, scalar, begin),
                origin="properties",
            )
        begin = following.end() if following else len(text)
