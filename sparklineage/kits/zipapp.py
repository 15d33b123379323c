"""`relay.pyz`: the relay of a node in one file, made of the installed package, which any Python from 3.9 on runs.

The bytes are the same for the same version of the package, wherever and whenever they are made: fixed times and modes,
sorted names, and nothing compressed, because what zlib makes of a text differs between its versions.
"""

from __future__ import annotations

import ast
import io
import os
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "relay.pyz"
_START = "sparklineage.relay.node.main"
_SHEBANG = b"#!/usr/bin/env python3\n"
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
# A Python that is too old reads this much, and no more.
_MAIN = b"""\
import sys

if sys.version_info < (3, 9):
    sys.exit("relay.pyz needs Python 3.9 or later, and this is %d.%d" % sys.version_info[:2])

from sparklineage.relay.node.main import main

sys.exit(main())
"""


@cache
def content() -> bytes:
    """The file. It may be run as it is, or given to any `python3`; `--version` tells the package's version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted({"__main__.py": _MAIN, **_sources()}.items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, data, zipfile.ZIP_STORED)
    return _SHEBANG + buffer.getvalue()


def build(path: Path) -> bytes:
    """Write it to `path`, whole or not at all, executable for all; what was written.

    Raises StoreError where that cannot be done.
    """
    data = content()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.chmod(0o755)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror}; name another file.") from None
    return data


def modules() -> tuple[str, ...]:
    """Every module of the package that the relay of a node can import, sorted: what travels."""
    found: set[str] = set()
    waiting = [_START]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [parent for parent in _parents(name) if parent not in found]
        waiting += [other for other in _imported(name) if other not in found]
    return tuple(sorted(found))


def path_of(module: str) -> Path:
    """Where the module's source lies."""
    return _file(module) or _ROOT / "absent"


_ROOT = Path(__file__).parents[1]


def _sources() -> dict[str, bytes]:
    """What lies in the archive, by name."""
    files = {name: path_of(name) for name in modules()}
    return {f"sparklineage/{path.relative_to(_ROOT).as_posix()}": path.read_bytes() for path in files.values()}


def _file(module: str) -> Path | None:
    place = _ROOT.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file() and module.partition(".")[0] == "sparklineage":
            return path
    return None


def _parents(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def _imported(module: str) -> Iterator[str]:
    """What the module imports of the package when it runs: also inside of functions, not for type checkers alone."""
    waiting: list[ast.AST] = [ast.parse(path_of(module).read_bytes())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _is_for_checkers(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _file(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _file(node.module):
            yield node.module
            yield from (name for alias in node.names if _file(name := f"{node.module}.{alias.name}"))
        waiting += ast.iter_child_nodes(node)


def _is_for_checkers(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))
