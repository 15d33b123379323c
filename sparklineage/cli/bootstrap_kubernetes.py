"""`sparklineage bootstrap kubernetes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.cli import bootstrap_kit
from sparklineage.cli.terminal import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", metavar="NAME", help="what the image will be called, for the driver and the relay "
                        "(default: platforms.kubernetes.relayImage)")  # fmt: skip
    parser.add_argument("--from", dest="base", metavar="IMAGE", help="the image of Spark that it is made from "
                        "(default: that of the Apache project, from 3.5.7 on); it needs "
                        "Python 3.9 or later")  # fmt: skip
    bootstrap_kit.add_options(parser, release="4.0.1", ca_file="a file of the image, or one that you mount into the "
                              "relay's container, with certificates that the relay trusts besides")  # fmt: skip
    bootstrap_kit.add_application(parser)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write the kit."""
    from sparklineage.kits.kubernetes import kit  # noqa: PLC0415
    from sparklineage.kits.present import Options  # noqa: PLC0415

    given = {"relayImage": ("--image", args.image)}
    spec, order = bootstrap_kit.order_of(args, environ, "kubernetes", artifacts=("", None), more=given)
    agent = bootstrap_kit.agent_of(spec, order, environ)
    made = kit(spec, order, agent, Options(proxy=args.proxy, ca_file=args.ca_file), base=args.base)
    folder = bootstrap_kit.write(made, args.out)
    for text in (*(f"warning: {warning}" for warning in spec.warnings), *made.notes):
        warn(text)
    warn(f"{folder / 'README.md'} has the commands to use it.")
    return 0
