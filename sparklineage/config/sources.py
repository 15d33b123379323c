"""Which file the configuration stands in, and its text as a tree."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, parse_json, parse_toml, parse_yaml, plain
from sparklineage.config.values import named
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingType

    from sparklineage.config.documents import Node

NAMES = ("sparklineage.yml", "sparklineage.yaml")
PYPROJECT = "pyproject.toml"
_TABLE = re.compile(rb"^[ \t]*\[+[ \t]*tool[ \t]*\.[ \t]*\"?sparklineage\"?[ \t]*[.\]]", re.MULTILINE)
_DESCRIPTORS = ("/dev/", "/proc/")
"""Where a shell's `<(…)` and standard input stand."""
_LARGEST = 1_000_000
"""Bytes; a configuration that a person wrote has a few thousand."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that was found."""

    path: Path
    foreign: bool = False
    """An openlineage.yml, which other tools read too: what is not known in it is left alone."""


def find(environ: MappingType[str, str], directory: Path, config: Path | None) -> Source | None:
    """`config`, else `SPARKLINEAGE_CONFIG`, else sparklineage.yml or pyproject.toml in `directory`, else a plain
    openlineage.yml that `OPENLINEAGE_CONFIG` names; None where there is none.
    """
    if config is not None:
        return Source(path=config, foreign=config.name.startswith("openlineage."))
    if named_by := environ.get("SPARKLINEAGE_CONFIG"):
        path = _path(named_by)
        return Source(path=path, foreign=path.name.startswith("openlineage."))
    for name in NAMES:
        # What is there and cannot be read shall be told, not passed over.
        if os.path.lexists(directory / name):
            return Source(path=directory / name)
    project = directory / PYPROJECT
    if _TABLE.search(_head(project)):
        return Source(path=project)
    if (named_by := environ.get("OPENLINEAGE_CONFIG")) and os.path.isfile(_path(named_by)):  # noqa: PTH113
        return Source(path=_path(named_by), foreign=True)
    return None


def passed_over(environ: MappingType[str, str], source: Source | None) -> str | None:
    """A warning where `OPENLINEAGE_CONFIG` would count and names no file: the agent says nothing about that."""
    named_by = environ.get("OPENLINEAGE_CONFIG")
    if source is None and named_by:
        return f"OPENLINEAGE_CONFIG names {named_by}, which is no file, and is not used."
    return None


def _path(named_by: str) -> Path:
    return Path(os.path.expanduser(named_by))  # noqa: PTH111 - leaves what it cannot expand as it is


def read(source: Source) -> Mapping | None:
    """The settings in a file, None for an openlineage.yml without any. Raises ConfigError with one sentence."""
    path = source.path
    text = _text(path)
    try:
        root = _root(path, text)
    except DocumentError as error:
        raise ConfigError(f"{path}:{error.line}:{error.column}: {error.sentence}") from None
    if root is None and source.foreign:
        return None
    if root is None:
        raise ConfigError(f"{path}: is empty; write keys such as `namespace: dev.team.domain`, or remove it.")
    if not isinstance(root, Mapping):
        raise ConfigError(
            f"{path}:{root.start.line}:{root.start.column}: the file holds {named(plain(root))}; write keys such as "
            "`namespace: dev.team.domain` or `transport:`."
        )
    return root


def _root(path: Path, text: str) -> Node | None:
    if path.suffix == ".toml":
        table: Node | None = parse_toml(text)
        # In a file of its own the keys stand at the top.
        for name in ("tool", "sparklineage") if path.name == PYPROJECT else ():
            table = table.get(name) if isinstance(table, Mapping) else None
        if table is None:
            raise DocumentError(1, 1, "it has no table [tool.sparklineage].")
        return table
    if path.suffix == ".json":
        return parse_json(text) if text.strip() else None
    documents = parse_yaml(text)
    if len(documents) > 1:
        mark = documents[1].start
        raise DocumentError(mark.line, mark.column, "a second document begins here; write one file for each.")
    return documents[0] if documents and plain(documents[0]) is not None else None


def _text(path: Path) -> str:
    try:
        if stat.S_ISFIFO(path.stat().st_mode) and not str(path).startswith(_DESCRIPTORS):
            # Opening it would wait for a writer.
            raise ConfigError(f"{path}: cannot be read: it is a pipe; name a file.")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{path}: is larger than 1 MB, which no configuration is; name another file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = data.count(b"\n", 0, error.start) + 1, error.start - data.rfind(b"\n", 0, error.start)
        other = "is UTF-16 text" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "is not UTF-8 text"
        raise ConfigError(f"{path}:{line}:{column}: {other}; save it as UTF-8.") from None


def _head(path: Path) -> bytes:
    """What stands in a file of this folder that belongs to others; nothing where it cannot be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return b""
