"""`sparklineage bootstrap`: kits that put lineage on whole clusters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

KITS: dict[str, str] = {
    "emr": "Amazon EMR on EC2: a bootstrap action and what goes with it",
    "databricks": "Databricks: an init script for the driver and what goes with it",
    "dataproc": "Google Dataproc: an initialization action and what goes with it",
    "kubernetes": "Spark on Kubernetes: lines of a Dockerfile, and a relay beside each driver",
    "machine": "a machine with a Spark of its own, standalone or of YARN: a script to be run there",
}
"""Every kit with its summary; `sparklineage.cli.bootstrap_<name>` is its module."""

_DESCRIPTION = """\
Write everything that puts lineage on a whole cluster: a script that its nodes run when they start, the configuration
that names the listeners, the JARs, the relay, and a README.md with the commands to use them. Every application on the
cluster is traced then, and none is changed. Nothing is sent anywhere without --upload."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`bootstrap` and its kits."""
    parser = subparsers.add_parser(
        "bootstrap", help="write the kit that puts lineage on a cluster", description=_DESCRIPTION
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="PLATFORM")
    for name, what in KITS.items():
        kit = actions.add_parser(name, help=what, description=f"{what}.\n\n{_DESCRIPTION}")
        _module(name).add_options(kit)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints the files on stdout, what is to be known on stderr."""
    status: int = _module(args.action).run(args, environ)
    return status


def _module(name: str) -> Any:
    """With `add_options(parser)` and `run(args, environ) -> int`."""
    return import_module(f"sparklineage.cli.bootstrap_{name}")
