"""`sparklineage bootstrap dataproc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.cli import bootstrap_kit
from sparklineage.cli.terminal import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gs", metavar="URI", help="where the nodes fetch the kit, such as gs://BUCKET/lineage "
                        "(default: platforms.dataproc.artifacts)")  # fmt: skip
    parser.add_argument("--strict", action="store_true", help="a node where anything fails does not come up; without "
                        "it the failure is logged, and only lineage is missing")  # fmt: skip
    bootstrap_kit.add_options(parser, release="2.2")
    parser.add_argument("--region", metavar="NAME", help="the region of the cluster, for the commands of README.md")
    bootstrap_kit.add_upload(parser)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write the kit, and with --upload put into Cloud Storage what the nodes fetch."""
    from sparklineage.kits.dataproc import kit  # noqa: PLC0415
    from sparklineage.kits.present import Options  # noqa: PLC0415

    spec, order = bootstrap_kit.order_of(args, environ, "dataproc", artifacts=("--gs", args.gs))
    agent = bootstrap_kit.agent_of(spec, order, environ)
    made = kit(spec, order, agent, Options(strict=args.strict, proxy=args.proxy, ca_file=args.ca_file))
    folder = bootstrap_kit.write(made, args.out)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    base = order.settings["artifacts"]
    if args.upload:
        bootstrap_kit.upload(made, folder, base, args, environ)
    else:
        names = [file.name for file in made.files if file.upload]
        warn(f"Nothing was uploaded: --upload puts {', '.join(names[:-1])} and {names[-1]} into {base}.")
    for note in made.notes:
        warn(note)
    warn(f"{folder / 'README.md'} has the commands to use it.")
    return 0
