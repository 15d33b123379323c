"""`sparklineage jar`: the JARs that lineage needs, from the repository to the place where Spark reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.cli import jar_fetch, jar_inspect, jar_list, jar_upload
from sparklineage.cli.commands import COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`jar fetch`, `jar inspect`, `jar verify`, `jar upload`, `jar list`."""
    about = "Fetch, check, upload and list the JARs that lineage needs."
    parser = subparsers.add_parser("jar", help=COMMANDS["jar"], description=about)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=summary, description=description)

    jar_fetch.add_options(action("fetch", "put the agent's JAR on disk, verified", jar_fetch.ABOUT))
    jar_inspect.add_inspect(action("inspect", "tell what a JAR is", jar_inspect.INSPECT))
    jar_inspect.add_verify(action("verify", "check the digest of JARs", jar_inspect.VERIFY))
    jar_upload.add_options(action("upload", "put JARs where Spark reads them", jar_upload.ABOUT))
    jar_list.add_options(action("list", "list what is cached, and what is where", jar_list.ABOUT))


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints the answer on stdout, progress on stderr."""
    if args.action == "inspect":
        return jar_inspect.run_inspect(args)
    if args.action == "verify":
        return jar_inspect.run_verify(args, environ)
    if args.action == "list":
        return jar_list.run(args, environ)
    if args.action == "upload":
        return jar_upload.run(args, environ)
    return jar_fetch.run(args, environ)
