"""`sparklineage bootstrap databricks`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli import applying, bootstrap_kit
from sparklineage.cli.terminal import warn
from sparklineage.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.apply import Plan
    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar
    from sparklineage.targets import Order

_LARGEST = 10_000_000


def add_options(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--volume", metavar="PATH", help="where the driver fetches the kit: /Volumes/CATALOG/SCHEMA/"
                       "VOLUME, or a folder in it (default: platforms.databricks.artifacts)")  # fmt: skip
    place.add_argument("--workspace", metavar="PATH", help="the same in the workspace, such as /Shared/lineage")
    parser.add_argument("--strict", action="store_true", help="a cluster where anything fails does not start; without "
                        "it the failure is logged, and only lineage is missing")  # fmt: skip
    parser.add_argument("--allowlist", metavar="FILE", help="the metastore's present allowlist, as `databricks "
                        "artifact-allowlists get INIT_SCRIPT -o json` prints it: ours is joined with it")  # fmt: skip
    bootstrap_kit.add_options(parser, release="16.4.x-scala2.12")
    group = parser.add_argument_group(
        "to upload it", "As `sparklineage jar upload` does; everything is compared first."
    )
    group.add_argument("--upload", action="store_true", help="put the kit there; in the standard access mode also put "
                       "the script on the metastore's allowlist, after a question")  # fmt: skip
    group.add_argument("--replace", action="store_true", help="replace files that have other content")
    group.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(region=None, endpoint_url=None)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write the kit, and with --upload put it where the driver fetches it."""
    from sparklineage.assemble.driver_relay import relayed  # noqa: PLC0415
    from sparklineage.kits.databricks import Options, kit  # noqa: PLC0415
    from sparklineage.targets.databricks_place import STANDARD, place_of  # noqa: PLC0415

    place = ("--volume", args.volume) if args.volume is not None else ("--workspace", args.workspace)
    _refuse(args)
    spec, order = bootstrap_kit.order_of(args, environ, "databricks", artifacts=place, relayed=relayed)
    asks = args.upload and order.settings.get("accessMode") in STANDARD
    if asks and not args.yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("bootstrap databricks: --upload asks before it changes the allowlist, and here is no "
                         "terminal; give --yes.")  # fmt: skip
    change = _change(place_of(order).script) if asks else None
    present = change.before if change is not None else _present(args.allowlist)
    options = Options(strict=args.strict, proxy=args.proxy, ca_file=args.ca_file, allowlist=present)
    made = kit(spec, order, bootstrap_kit.agent_of(spec, order, environ), _companions(spec, order, environ), options)
    folder = bootstrap_kit.write(made, args.out)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    base = place_of(order).folder
    if args.upload:
        bootstrap_kit.upload(made, folder, base, args, environ)
    else:
        names = [file.name for file in made.files if file.upload]
        warn(f"Nothing was uploaded: --upload puts {', '.join(names[:-1])} and {names[-1]} into {base}.")
    for note in made.notes:
        warn(note)
    warn(f"{folder / 'README.md'} has the commands to use it.")
    return _apply(change, args) if change is not None else 0


def _refuse(args: argparse.Namespace) -> None:
    """Raises UsageError for options that do not fit together."""
    for flag, value, start in (("--volume", args.volume, "/Volumes/"), ("--workspace", args.workspace, "/")):
        if value is not None and not value.startswith(start):
            raise UsageError(f"{flag} is {value[:200]!r}; write a path that begins with {start}.")
    if args.workspace is not None and args.workspace.startswith("/Volumes/"):
        raise UsageError(f"--workspace is {args.workspace[:200]!r}, which is a volume; give --volume.")
    if args.upload and args.allowlist is not None:
        raise UsageError("bootstrap databricks: --upload reads the allowlist itself; leave --allowlist out.")
    if (args.yes or args.replace) and not args.upload:
        raise UsageError(f"bootstrap databricks: --{'yes' if args.yes else 'replace'} needs --upload.")


def _companions(spec: Spec, order: Order, environ: Mapping[str, str]) -> list[Jar]:
    """What the transport of an agent that sends by itself needs besides, from the cache or fetched."""
    from sparklineage.agent.companions import all_companions  # noqa: PLC0415
    from sparklineage.cli.jar_choice import Choice, transport_types  # noqa: PLC0415
    from sparklineage.cli.jar_fetch import fetch_all  # noqa: PLC0415
    from sparklineage.kits.interface import Jar  # noqa: PLC0415

    if order.mode == "outbox":
        return []
    artifacts = all_companions(transport_types(spec), order.agent)
    choice = Choice(artifacts=artifacts, targets=(), spec=spec, install=None)
    return [Jar.of(path, one.file_name) for one, path in zip(artifacts, fetch_all(choice, environ), strict=True)]


def _present(name: str | None) -> object:
    """What the file of --allowlist holds."""
    if name is None:
        return None
    try:
        with Path(name).open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"--allowlist: {name} cannot be read: {error.strerror}.") from None
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if found is None:
        raise ConfigError(f"--allowlist: {name} holds no JSON; write there what the API answers.")
    return found


def _change(script: str) -> Plan:
    from sparklineage.apply.databricks_allowlist import plan  # noqa: PLC0415
    from sparklineage.kits.allowlist import merged  # noqa: PLC0415

    return plan(lambda present: merged(present, script, where="the metastore's allowlist"))


def _apply(change: Plan, args: argparse.Namespace) -> int:
    """Show what would change on the allowlist, ask, and send it."""
    if not change.changes:
        warn("the allowlist has the script already.")
        return 0
    applying.show(change)
    if not args.yes and not applying.agreed():
        warn("the allowlist was not changed, so no cluster in the standard access mode runs the script.")
        return applying.DECLINED
    done = change.send()
    warn(f"done: {done.what}; see {done.look}.")
    return 0
