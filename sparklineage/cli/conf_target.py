"""`sparklineage conf TARGET`: the configuration in the form that a platform takes."""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.apply import NAMES
from sparklineage.cli import applying
from sparklineage.cli.configured import add_options, spec_of
from sparklineage.cli.terminal import warn
from sparklineage.errors import ConfigError, SparklineageError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.config.spec import Spec
    from sparklineage.targets import Existing, Order, Rendered

_ABOUT = """\
Print what the platform takes, or with --out write every file of it. Nothing is sent anywhere{unless}.
With --into the user's own file comes back with the lineage in it: lists are joined, their values stay, and doing it
twice changes nothing."""
_REFERENCE = re.compile(r"(?:\{\{\s*secrets/[\w.@/-]+\s*\}\}|EMR\.secret@[\w.:/-]+)(?=[\"'\s,]|$)")
_LARGEST = 10_000_000
_VARIABLE, _FILE = "OPENLINEAGE__TRANSPORT__TYPE", "openlineage.yml"


def add_parser(actions: Any, name: str, what: str) -> None:
    """Add one target to the actions of `conf`."""
    about = _ABOUT.format(unless=", unless --apply is given" if name in NAMES else "")
    parser = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.\n\n{about}")
    parser.add_argument("--out", metavar="DIR", help="write all files into this folder, and the notes")
    parser.add_argument("--into", metavar="FILE", help="merge into this file of yours; it is not changed itself")
    parser.add_argument("--diff", action="store_true", help="with --into: show what would change")
    parser.add_argument("--application", metavar="URI", help="the Python file or JAR to run")
    parser.add_argument("--argument", action="append", default=[], metavar="TEXT", help="an argument of it; repeat it")
    parser.add_argument("more", nargs="*", metavar="ARGUMENT", help="the same, behind a `--`: -- --day 1")
    parser.add_argument("--class", dest="main_class", metavar="NAME", help="the main class of a JAR")
    parser.add_argument("--release", metavar="NAME", help="the platform's release, such as emr-7.5.0")
    parser.add_argument("--scala", choices=["2.12", "2.13"], help="the Scala of a release that is not known")
    parser.add_argument("--artifacts", metavar="URI", help="where the JARs lie, such as s3://BUCKET/lineage")
    parser.add_argument(
        "--allow-literal-secrets", action="store_true", help="write a secret that the configuration holds in plain text"
    )
    add_options(parser, platform=False)
    applying.add_options(parser, name)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print or write it. Raises ConfigError for what the platform would refuse, UsageError for files."""
    from sparklineage.targets import target  # noqa: PLC0415

    if args.diff and not args.into:
        raise UsageError(f"conf {args.action}: --diff needs --into FILE.")
    options = found = None
    if getattr(args, "apply", False):
        options, found = applying.found_for(args, environ)
    else:
        applying.refuse_without_apply(args)
    into = _existing(args.into) if args.into else applying.existing_of(found)
    spec, order = order_of(args, environ, into)
    rendered = target(args.action).render(order, into)
    _need_variables(order, rendered)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    if options is None or args.out is not None:
        _give(args, rendered, into)
    for note in rendered.notes:
        warn(note)
    if options is not None:
        needs = (*order.jars, *([order.application.uri] if order.application is not None else []))
        return applying.run(args, rendered, replace(options, needs=needs), found, merged=into is not None)
    return 0


def order_of(args: argparse.Namespace, environ: Mapping[str, str], into: Existing | None = None) -> tuple[Spec, Order]:
    """The order for the target that the options name; the release of `into` counts where nobody says another."""
    from sparklineage.assemble.order import order_for  # noqa: PLC0415
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415
    from sparklineage.targets import Application  # noqa: PLC0415
    from sparklineage.targets.named_release import named_release  # noqa: PLC0415

    args.platform = args.action
    spec = spec_of(args, environ)
    region = getattr(args, "region", None)
    for key, value in (
        ("platform.release", args.release), ("platform.artifacts", args.artifacts), ("platform.region", region),
    ):  # fmt: skip
        if value is not None:
            spec = spec.with_platform(key, value, f"--{key.rpartition('.')[2]}")
    if spec.text("platform.release") is None and into is not None:
        named = named_release(args.action, into)
        spec = spec.with_platform("platform.release", *named) if named else spec
    if args.scala is not None:
        spec = spec.with_scala(args.scala, "--scala")
    home = Path(args.spark_home) if args.spark_home else None
    try:
        install = find_spark(environ, home=home, python=Path(sys.executable))
    except SparklineageError:
        if home is not None:
            raise
        install = None
    application = None
    if args.application is not None and not args.application.strip():
        raise UsageError(f"conf {args.action}: --application is empty; give the address of the file to run.")
    if args.application is not None:
        application = Application(
            uri=args.application, arguments=(*args.argument, *args.more), main_class=args.main_class
        )
    elif args.argument or args.more or args.main_class:
        raise UsageError(f"conf {args.action}: --argument and --class need --application URI.")
    order = order_for(
        spec, args.action, install=install, home=Path.home(), application=application,
        allow_literal_secrets=args.allow_literal_secrets,
    )  # fmt: skip
    return spec, order


def _need_variables(order: Order, rendered: Rendered) -> None:
    """Raises ConfigError where a transport can go by variables alone, and nothing of the artefacts tells of those."""
    from sparklineage.model.conf_environment import split_name  # noqa: PLC0415

    texts = (*(artefact.text for artefact in rendered.artefacts), *rendered.notes)
    for entry in order.conf.entries:
        name = split_name(entry.key)
        # A script may write the agent's own file instead.
        if name and not any(name in text and (_VARIABLE in text or _FILE in text) for text in texts):
            raise ConfigError(
                f"{entry.source}: {entry.key} is in a transport whose dotted names the agent reads from variables of "
                "the environment alone, which nothing sets here; give a transport without them, such as kafka at the "
                "top."
            )


def _existing(name: str) -> Existing:
    from sparklineage.targets import Existing  # noqa: PLC0415

    try:
        with Path(name).open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ConfigError(f"--into: {name} is larger than {_LARGEST // 1_000_000} MB.")
        return Existing(name=Path(name).name, text=data.decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"--into: {name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"--into: {name} is not UTF-8 text.") from None


def _give(args: argparse.Namespace, rendered: Rendered, into: Existing | None) -> None:
    main, *others = rendered.artefacts
    if args.diff and into is not None:
        _diff(into, main.text)
        return
    if args.out is None:
        print(main.text, end="" if main.text.endswith("\n") else "\n")
        sys.stdout.flush()
        if others:
            warn(f"--out DIR writes also {', '.join(f'{other.name} ({other.about})' for other in others)}.")
        return
    from sparklineage.cli.written import write_new  # noqa: PLC0415
    from sparklineage.targets import Artefact  # noqa: PLC0415

    folder = Path(args.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out: {folder} cannot be made: {error.strerror}.") from None
    notes = Artefact(name="lineage-notes.md", text=_listed(rendered.notes), about="what is to be known and done")
    for artefact in (*rendered.artefacts, notes):
        path = folder / artefact.name
        write_new(path, artefact.text, "--out", over=True)
        if artefact.executable:
            path.chmod(path.stat().st_mode | 0o111 & ~0o022)
        print(f"{path}  {artefact.about}")


def _listed(notes: tuple[str, ...]) -> str:
    """The notes as Markdown, in which `<` begins no tag."""
    lines = []
    for note in notes:
        parts = " ".join(note.split()).split("`")
        lines.append("- " + "`".join(part if at % 2 else part.replace("<", "\\<") for at, part in enumerate(parts)))
    return "\n".join(["# Notes", "", *lines, ""])


def _diff(into: Existing, text: str) -> None:
    lines = difflib.unified_diff(
        _masked(into.text).splitlines(keepends=True),
        _masked(text).splitlines(keepends=True),
        into.name,
        f"{into.name} (merged)",
    )
    print("".join(line if line.endswith("\n") else f"{line}\n" for line in lines), end="")


def _masked(text: str) -> str:
    """Without secrets; a reference to one is none, and tells what will be in force."""
    from sparklineage.model.masking import mask  # noqa: PLC0415

    names = _REFERENCE.findall(text)
    # A secret never begins with a brace that closes.
    hidden = mask(_REFERENCE.sub("}\0", text))
    return re.sub("}\0", lambda _: names.pop(0), hidden) if hidden.count("}\0") == len(names) else mask(text)
