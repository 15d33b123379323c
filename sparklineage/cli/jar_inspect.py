"""`sparklineage jar inspect` and `jar verify`: what a JAR is, and whether it has the bytes that it should have."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.jar_choice import add_places, find_install, home_of, spec_of
from sparklineage.errors import AgentJarError, SparklineageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.agent.examine import Examined

INSPECT = """\
Tell of any JAR whether it is the agent: its version and Scala, the Spark versions that it runs on, the Java that it
needs, whether it is the published file, relocated or a vendor's build, the transports inside, and whether it is
damaged. Exits with 73 where one of them is nothing that lineage needs."""
VERIFY = """\
Check the SHA-512 of JARs: against --locked, else against the digest that the toolkit has pinned, else against the
.sha512 beside the file in the repository. Exits with 74 where one differs."""


def add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jars", nargs="+", metavar="PATH")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="text, or a JSON list")


def add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jars", nargs="+", metavar="PATH")
    parser.add_argument("--locked", metavar="FILE", help="the lock file that has their digests")
    add_places(parser)


def run_inspect(args: argparse.Namespace) -> int:
    """0, or AgentJarError's status where one of them is no usable JAR."""
    from sparklineage.agent.examine import examine  # noqa: PLC0415

    found = [examine(Path(jar).expanduser()) for jar in args.jars]
    if args.format == "json":
        print(json.dumps([as_json(one) for one in found], indent=2))
    else:
        for number, one in enumerate(found):
            print("\n" * (number > 0) + "\n".join(_lines(one)))
    return 0 if all(one.usable for one in found) else AgentJarError.exit_code


def as_json(one: Examined) -> dict[str, object]:
    """What `--format json` tells of a JAR; the same keys for each."""
    agent = one.agent
    return {
        "path": str(one.path),
        "kind": one.kind,
        "trouble": one.trouble,
        "version": agent.version if agent else None,
        "scala": agent.scala if agent else None,
        "spark": list(agent.spark) if agent else [],
        "java": one.java,
        "build": one.build,
        "transports": [{"type": inside.name, "builder": inside.builder, "trouble": inside.trouble}
                       for inside in one.transports],
        "notes": list(one.notes),
    }  # fmt: skip


def _lines(one: Examined) -> Iterator[str]:
    from sparklineage.agent.releases import span  # noqa: PLC0415

    unknown = "not known"
    yield f"{one.path}"
    yield f"  kind        {one.kind}"
    if one.trouble:
        yield f"  trouble     {one.trouble}"
        return
    if one.agent:
        yield f"  version     {one.agent.version or unknown}"
        yield f"  Scala       {one.agent.scala or unknown}"
        yield f"  Spark       {span(one.agent.spark) or unknown}"
    if one.java:
        yield f"  Java        {one.java} or later"
    if one.build:
        yield f"  build       {one.build}"
    if one.transports:
        shown = [f"{inside.name} ({inside.trouble.rstrip('.')})" if inside.trouble else inside.name
                 for inside in one.transports]  # fmt: skip
        yield f"  transports  {', '.join(shown)}"
    for note in one.notes:
        yield f"  note        {note}"


def run_verify(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """0, else the status of the first that is wrong; each of them is told."""
    from sparklineage.agent.lockfile import read_lock  # noqa: PLC0415
    from sparklineage.agent.repository import sources  # noqa: PLC0415
    from sparklineage.agent.verify import verify  # noqa: PLC0415

    lock = (Path(args.locked), read_lock(Path(args.locked))) if args.locked else None
    spec, install = spec_of(args, environ), find_install(args, environ)
    places = sources(
        home=home_of(environ),
        environ=environ,
        repository=spec.text("agent.repository"),
        spark_home=install.home if install else None,
    )
    status = 0
    for jar in args.jars:
        try:
            done = verify(Path(jar).expanduser(), lock=lock, sources=places)
        except SparklineageError as error:
            print(f"sparklineage: {error}", file=sys.stderr)
            status = status or error.exit_code
        else:
            print(f"{done.path}: {done.artifact.coordinates}, as {done.by} has it")
    return status
