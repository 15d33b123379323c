"""`sparklineage relay build`: the relay of a node as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = """\
Write relay.pyz, the relay of a cluster's node: one file that any Python from 3.9 on runs, without anything installed.
The bytes are the same wherever this version writes them. docs/relay.md tells how it is run."""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`relay build` and its argument."""
    build = actions.add_parser("build", help="write the relay of a node as one file", description=_DESCRIPTION)
    build.add_argument("file", metavar="FILE", help="such as relay.pyz")


def run(args: argparse.Namespace) -> int:
    """Prints the file's size and digest. Raises StoreError where it cannot be written."""
    import hashlib  # noqa: PLC0415

    from sparklineage.kits.zipapp import build  # noqa: PLC0415

    path = Path(args.file)
    data = build(path)
    print(f"{path}  {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
    return 0
