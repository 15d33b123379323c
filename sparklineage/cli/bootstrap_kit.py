"""What the kits' commands have in common: the order, the agent, the folder, and the way to where nodes fetch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.configured import add_options as add_configuration
from sparklineage.cli.configured import spec_of
from sparklineage.errors import AgentJarError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar, Kit
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.targets import Order

_CA_FILE = "a file of the nodes with certificates that the relay trusts beside those of the machine"
_LAST = (".sh",)
"""Uploaded behind the others, so that no node runs a script whose files are not there yet."""


def add_options(parser: argparse.ArgumentParser, *, release: str | None, ca_file: str = _CA_FILE) -> None:
    """The folder, the configuration, and the way of the relay to the backend; `release` is an example of one, `ca_file`
    what its option says.
    """
    parser.add_argument("--out", metavar="DIR", required=True, help="write all files into this folder")
    if release is not None:
        parser.add_argument("--release", metavar="NAME", help=f"the platform's release, such as {release}")
        parser.add_argument("--scala", choices=["2.12", "2.13"], help="the Scala of a release that is not known")
    parser.add_argument("--proxy", metavar="URL", help="the proxy of the nodes, through which the relay goes")
    parser.add_argument("--ca-file", metavar="PATH", help=ca_file)
    add_configuration(parser, platform=False)


def add_application(parser: argparse.ArgumentParser) -> None:
    """The application of the example, where there is one."""
    parser.add_argument("--application", metavar="URI", help="the Python file or JAR that the example runs")
    parser.add_argument("--argument", action="append", default=[], metavar="TEXT", help="an argument of it; repeat it")
    parser.add_argument("--class", dest="main_class", metavar="NAME", help="the main class of a JAR")


def add_upload(parser: argparse.ArgumentParser) -> None:
    """`--upload` and what belongs to it."""
    from sparklineage.cli.jar_store import add_writing  # noqa: PLC0415

    group = parser.add_argument_group(
        "to upload it", "As `sparklineage jar upload` does; everything is compared first."
    )
    group.add_argument("--upload", action="store_true", help="put there what the nodes fetch")
    group.add_argument("--replace", action="store_true", help="replace files that have other content")
    group.add_argument("--endpoint-url", metavar="URL", help="of an S3-compatible store (default: AWS_ENDPOINT_URL)")
    add_writing(parser)


def order_of(
    args: argparse.Namespace,
    environ: Mapping[str, str],
    platform: str,
    *,
    artifacts: tuple[str, str | None],
    relayed: Callable[[Spec], bool] = lambda _: True,
    install: SparkInstall | None = None,
    more: Mapping[str, tuple[str, str | None]] | None = None,
) -> tuple[Spec, Order]:
    """The configuration and the order for a platform. `artifacts` are the option that says where the kit goes, and
    what it says; `relayed` says whether a relay delivers; `install` is the Spark that it is for, if that is here;
    `more` are other keys of the platform, with option and value.

    Raises ConfigError for what a kit cannot do.
    """
    from sparklineage.assemble.order import order_for  # noqa: PLC0415
    from sparklineage.targets import Application  # noqa: PLC0415

    args.platform = platform
    spec = spec_of(args, environ)
    given = [("platform.artifacts", *artifacts), *((f"platform.{name}", *one) for name, one in (more or {}).items())]
    given += [(f"platform.{name}", f"--{name}", getattr(args, name, None)) for name in ("release", "region")]
    for key, flag, value in given:
        if value is not None:
            spec = spec.with_platform(key, value, flag)
    if (scala := getattr(args, "scala", None)) is not None:
        spec = spec.with_scala(scala, "--scala")
    application = None
    if getattr(args, "application", None) is not None:
        application = Application(uri=args.application, arguments=tuple(args.argument), main_class=args.main_class)
    elif getattr(args, "argument", None) or getattr(args, "main_class", None):
        raise UsageError(f"bootstrap {args.action}: --argument and --class need --application URI.")
    return spec, order_for(
        spec, platform, install=install, home=Path.home(), application=application, kit=relayed(spec)
    )


def agent_of(spec: Spec, order: Order, environ: Mapping[str, str]) -> Jar:
    """The agent's JAR on this machine: `agent.jar`, else the order's, from the cache or fetched.

    Raises AgentJarError, and UnsupportedSparkError for one that was built for another Scala.
    """
    from sparklineage.agent.examine import examine  # noqa: PLC0415
    from sparklineage.agent.releases import unchecked  # noqa: PLC0415
    from sparklineage.cli.jar_choice import Choice  # noqa: PLC0415
    from sparklineage.cli.jar_fetch import fetch_all  # noqa: PLC0415
    from sparklineage.kits.interface import Jar  # noqa: PLC0415

    if (named := spec.text("agent.jar")) is not None:
        path = Path(named).expanduser().absolute()
        found = examine(path)
        if found.trouble:
            raise AgentJarError(f"{spec.source('agent.jar')}: {path}: {found.trouble}")
        if found.agent is not None and order.release is not None and order.release.spark is not None:
            found.agent.require(order.release.spark, order.release.scala)
    else:
        choice = Choice(artifacts=(unchecked(order.scala, order.agent),), targets=(), spec=spec, install=None)
        (path,) = fetch_all(choice, environ)
    try:
        return Jar.of(path)
    except OSError as error:
        raise AgentJarError(f"{path}: cannot be read ({error.strerror or error}).") from None


def write(made: Kit, out: str) -> Path:
    """Write all files, each whole or not at all, and print them. Raises UsageError."""
    from sparklineage.cli.written import write_new  # noqa: PLC0415

    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out: {folder} cannot be made: {error.strerror}.") from None
    for file in made.files:
        path = folder / file.name
        write_new(path, file.content(), "--out", over=True)
        if file.executable:
            path.chmod(path.stat().st_mode | 0o111 & ~0o022)
        print(f"{path}  {file.about}")
    return folder


def upload(made: Kit, folder: Path, base: str, args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Put there what the nodes fetch, from the folder that was written; a line for each on stdout.

    Raises OccupiedError for files with other content, and what the store raises.
    """
    from sparklineage.agent.stores import open_store, payload  # noqa: PLC0415
    from sparklineage.agent.upload import carry_out, plan  # noqa: PLC0415
    from sparklineage.cli.jar_store import store_options  # noqa: PLC0415
    from sparklineage.cli.progress import Together  # noqa: PLC0415

    # The region is that of the nodes; the bucket may lie elsewhere.
    options = store_options(argparse.Namespace(**{**vars(args), "region": None}))
    store = open_store(base, options, environ)
    names = sorted((file.name for file in made.files if file.upload), key=lambda name: name.endswith(_LAST))
    steps = plan(store, [payload(folder / name) for name in names], replace=args.replace)
    with Together(sys.stderr, "uploading") as together:
        carry_out(store, steps, lambda one: together.of(one.name, one.size))
    done = {"upload": "uploaded", "replace": "replaced", "keep": "unchanged"}
    for step in steps:
        print(f"{done[step.action]:<9}  {step.address}")
