"""`sparklineage jar upload`: JARs where Spark reads them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.jar_choice import Choice, add_choice, cache_of, choose_jars
from sparklineage.cli.jar_fetch import fetch_all
from sparklineage.cli.jar_list import megabytes
from sparklineage.cli.jar_store import TARGETS, add_store, add_writing, store_options
from sparklineage.errors import AgentJarError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.agent.stores import Payload
    from sparklineage.agent.upload import Step

ABOUT = """\
Put the agent's JAR where Spark reads it, with the witness and what the configured transport needs beside it: into a
bucket, a volume or workspace of Databricks, or a mounted folder. The JARs are those that `jar fetch` would take, or the
files that are named. Everything is compared first: an equal file is not sent again, and one with other content is left
alone without --replace. Each file is whole or not there. Prints what is where."""
_DONE = {"upload": "uploaded", "replace": "replaced", "keep": "unchanged"}
_PLANNED = {"upload": "would upload", "replace": "would replace", "keep": "unchanged"}


def add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("target", metavar="TARGET", help=TARGETS)
    add("jars", nargs="*", metavar="PATH", help="these files instead of the chosen agent")
    add("--alone", action="store_true", help="leave out the witness and what the transport needs")
    add("--replace", action="store_true", help="replace files that have other content")
    add("--dry-run", action="store_true", help="compare, and show what would happen; nothing is fetched or written")
    add("--format", choices=["text", "json"], default="text", help="text, or a JSON list")
    add_store(parser)
    add_writing(parser)
    add_choice(parser)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints a line for each file on stdout, progress on stderr."""
    from sparklineage.agent.stores import open_store  # noqa: PLC0415
    from sparklineage.agent.upload import carry_out, plan  # noqa: PLC0415
    from sparklineage.cli.progress import Together  # noqa: PLC0415

    store = open_store(args.target, store_options(args), environ)
    choice = _choice(args, environ)
    payloads = [*_named(args, choice), *_beside(args, choice, environ)]
    steps = plan(store, payloads, replace=args.replace)
    if not args.dry_run:
        with Together(sys.stderr, "uploading") as together:
            carry_out(store, steps, lambda payload: together.of(payload.name, payload.size))
    _show(args, steps)
    return 0


def _choice(args: argparse.Namespace, environ: Mapping[str, str]) -> Choice | None:
    """What the options choose; None where files are named and none of the options asks for a Spark or a JAR."""
    asked = args.version or args.scala or args.spark or args.release or args.locked or args.companions
    if args.jars and (args.alone or not asked):
        return _configured(args, environ) if not args.alone else None
    choice = choose_jars(args, environ)
    return replace(choice, artifacts=tuple(one for one in choice.artifacts if _is_agent(one.name))
                   ) if args.alone else choice  # fmt: skip


def _configured(args: argparse.Namespace, environ: Mapping[str, str]) -> Choice:
    """Only what the configured transport needs, of the version that the named agent has."""
    from sparklineage.agent.companions import all_companions  # noqa: PLC0415
    from sparklineage.agent.names import agent_name  # noqa: PLC0415
    from sparklineage.cli.jar_choice import find_install, spec_of, transport_types  # noqa: PLC0415

    spec = spec_of(args, environ)
    names = [found for jar in args.jars if (found := agent_name(jar)) is not None]
    version = names[0].version if names else None
    artifacts = all_companions(transport_types(spec), version)
    return Choice(artifacts=artifacts, targets=(), spec=spec, install=find_install(args, environ))


def _named(args: argparse.Namespace, choice: Choice | None) -> Iterator[Payload]:
    """The files on the command line.

    Raises AgentJarError for one that is damaged or has another agent's name, and UnsupportedSparkError for an agent
    that is not for the chosen Spark.
    """
    from sparklineage.agent.examine import examine  # noqa: PLC0415
    from sparklineage.agent.stores import payload  # noqa: PLC0415

    for jar in args.jars:
        path = Path(jar).expanduser()
        found = examine(path)
        if wrong := found.trouble or found.misnamed:
            raise AgentJarError(f"{path}: {wrong}")
        if found.agent is not None and choice is not None and not args.force:
            for target in choice.targets:
                if target.version:
                    found.agent.require(target.version, target.scala)
        yield payload(path)


def _beside(args: argparse.Namespace, choice: Choice | None, environ: Mapping[str, str]) -> Iterator[Payload]:
    """The chosen agent where no file is named, what its transport needs, and the witness."""
    from sparklineage.agent.stores import awaited, payload  # noqa: PLC0415
    from sparklineage.witness import STORED_NAME, jar_path  # noqa: PLC0415

    if choice is not None:
        wanted = [one for one in choice.artifacts if not (args.jars and _is_agent(one.name))]
        choice = replace(choice, artifacts=tuple(wanted))
        if args.dry_run:
            from sparklineage.agent.fetch import cached  # noqa: PLC0415

            for artifact in choice.artifacts:
                there = cached(artifact, cache=cache_of(environ))
                yield payload(there, sha512=artifact.sha512) if there else awaited(artifact)
        else:
            for artifact, path in zip(choice.artifacts, fetch_all(choice, environ), strict=True):
                yield payload(path, sha512=artifact.sha512)
    if not args.alone and jar_path().is_file():
        yield payload(jar_path(), name=STORED_NAME)


def _is_agent(name: str) -> bool:
    return name.startswith("openlineage-spark")


def _show(args: argparse.Namespace, steps: Sequence[Step]) -> None:
    words = _PLANNED if args.dry_run else _DONE
    if args.format == "json":
        rows = [{"action": words[step.action], "address": step.address, "sha512": step.payload.sha512,
                 "size": step.payload.size} for step in steps]  # fmt: skip
        print(json.dumps(rows, indent=2))
        return
    asked = [flag for flag, value in (("--sse", args.sse), ("--kms-key", args.kms_key), ("--tag", args.tag)) if value]
    # An equal object is not sent again, and what it is written with comes with the sending.
    left = f"  (as it was: {' and '.join(asked)} not applied to it)" if asked else ""
    wide = max((len(words[step.action]) for step in steps), default=0)
    for step in steps:
        size = f"  {megabytes(step.payload.size)}" if step.payload.size is not None else ""
        fetched = "  (to be fetched first)" if step.payload.path is None else ""
        print(f"{words[step.action]:<{wide}}  {step.address}{size}{fetched}{left if step.action == 'keep' else ''}")
