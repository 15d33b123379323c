"""`sparklineage jar list`: what is cached, what is where, and which agents there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sparklineage.cli.jar_choice import cache_of
from sparklineage.cli.jar_store import TARGETS, add_store, store_options
from sparklineage.errors import DigestError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

ABOUT = """\
List the JARs in the cache and whether each is intact, or those in a bucket, volume, workspace or folder and whether
each is the published file, as far as its digest is known. Exits with 74 where one is not."""


def add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("target", nargs="?", metavar="TARGET", help=f"{TARGETS} (default: the cache)")
    add_store(parser)
    add("--known", action="store_true", help="list the agents that the toolkit knows, and the Spark that each runs on")
    add("--format", choices=["text", "json"], default="text", help="text, or a JSON list")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if args.known:
        _show(args, ("version", "scala", "spark", "size"), _known())
        return 0
    if args.target:
        return _list_target(args, environ)
    from sparklineage.agent.cached import cached_jars  # noqa: PLC0415

    found = list(cached_jars(cache_of(environ)))
    rows = [(jar.coordinates, megabytes(jar.size), jar.state, str(jar.path)) for jar in found]
    _show(args, ("coordinates", "size", "state", "path"), rows)
    return DigestError.exit_code if any(jar.state == "damaged" for jar in found) else 0


def _list_target(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from sparklineage.agent.artifact import digest_of  # noqa: PLC0415
    from sparklineage.agent.cached import pinned_digest  # noqa: PLC0415
    from sparklineage.agent.stores import open_store  # noqa: PLC0415
    from sparklineage.witness import STORED_NAME, jar_path  # noqa: PLC0415

    store = open_store(args.target, store_options(args), environ)
    # The witness comes with the toolkit, so that its digest is that of the file here.
    ours = digest_of(jar_path()) if jar_path().is_file() else None
    rows = []
    for jar in store.stored():
        pinned = ours if jar.name == STORED_NAME else pinned_digest(jar.name)
        state = "not known" if pinned is None or jar.sha512 is None else "intact" if pinned == jar.sha512 else "changed"
        rows.append((jar.name, megabytes(jar.size or 0), state, store.address(jar.name)))
    _show(args, ("name", "size", "state", "address"), rows)
    return DigestError.exit_code if any(row[2] == "changed" for row in rows) else 0


def _known() -> list[tuple[str, ...]]:
    from sparklineage.agent.releases import releases, span  # noqa: PLC0415

    known = releases()
    return [
        (release.version + (" (default)" if release.version == known.default else ""), scala,
         span(release.spark[scala]), megabytes(artifact.size or 0))
        for release in known.known
        for scala, artifact in release.artifacts.items()
    ]  # fmt: skip


def _show(args: argparse.Namespace, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if args.format == "json":
        print(json.dumps([dict(zip(head, row, strict=True)) for row in rows], indent=2))
        return
    if not rows:
        return
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
