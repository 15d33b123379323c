"""`sparklineage bootstrap machine`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli import bootstrap_kit
from sparklineage.cli.terminal import warn
from sparklineage.errors import SparklineageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.submit.spark import SparkInstall


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", metavar="DIR", help="a folder of that machine, in which everything goes into a "
                        "folder sparklineage, for one user who needs no root then (default: for all users, in /opt, "
                        "/etc and /var)")  # fmt: skip
    bootstrap_kit.add_options(parser, release="3.5")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write the kit."""
    from sparklineage.kits.machine import Options, kit  # noqa: PLC0415

    install = _here(args.spark_home, environ)
    spec, order = bootstrap_kit.order_of(args, environ, "spark-defaults", artifacts=("", None), install=install)
    agent = bootstrap_kit.agent_of(spec, order, environ)
    options = Options(
        spark_home=args.spark_home or "", prefix=args.prefix or "", proxy=args.proxy, ca_file=args.ca_file
    )
    made = kit(spec, order, agent, options)
    folder = bootstrap_kit.write(made, args.out)
    for text in (*(f"warning: {warning}" for warning in spec.warnings), *made.notes):
        warn(text)
    warn(f"{folder / 'README.md'} has the commands to use it.")
    return 0


def _here(home: str | None, environ: Mapping[str, str]) -> SparkInstall | None:
    """The Spark at that place, if this is the machine."""
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415

    if home is None or not Path(home, "jars").is_dir():
        return None
    try:
        return find_spark(environ, home=Path(home), python=Path(sys.executable))
    except SparklineageError:
        return None
