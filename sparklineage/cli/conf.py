"""`sparklineage conf show`: the finished Spark properties, ready to be used."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

from sparklineage.cli import conf_target
from sparklineage.cli.commands import COMMANDS
from sparklineage.cli.configured import add_options, finished_of, spec_of
from sparklineage.cli.terminal import warn
from sparklineage.errors import ConfigError
from sparklineage.targets import NAMES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.assemble import Finished

FORMATS = ("properties", "json", "args")
_ABOUT = """\
Print the Spark properties that the configuration stands for, listeners and JARs included: for every application that
gets them lineage is recorded, whoever starts it. They hold no secret: what is needed besides is told on stderr."""


def add_parser(subparsers: Any) -> None:
    """Add `conf` to the commands of a parser."""
    parser = subparsers.add_parser("conf", help=COMMANDS["conf"], description=_ABOUT)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print the finished properties", description=_ABOUT)
    show.add_argument(
        "--format", choices=FORMATS, default="properties",
        help="spark-defaults.conf, a JSON object, or options of spark-submit (default: properties)",
    )  # fmt: skip
    show.add_argument(
        "--allow-literal-secrets", action="store_true",
        help="go on although the configuration itself holds a secret; the properties leave it out all the same",
    )  # fmt: skip
    add_options(show)
    for name, what in NAMES.items():
        conf_target.add_parser(actions, name, what)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the properties on stdout, notes on stderr. Raises ConfigError for a literal secret."""
    if args.action != "show":
        return conf_target.run(args, environ)
    spec = spec_of(args, environ)
    done = finished_of(spec, args, environ)
    _refuse_literal(done, allowed=args.allow_literal_secrets)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    print(_rendered(done, args.format), end="")
    sys.stdout.flush()
    for note in done.notes:
        warn(note)
    for name in _variables(done):
        warn(f"set {name} in the environment of the driver.")
    return 0


def _refuse_literal(done: Finished, *, allowed: bool) -> None:
    from sparklineage.assemble.finished import literal_secrets  # noqa: PLC0415

    found = literal_secrets(done.conf)
    if found and not allowed:
        places = ", ".join(f"{entry.key} ({entry.source})" for entry in found)
        raise ConfigError(
            f"{places}: a secret stands in plain text in the configuration; write a reference such as env:NAME, or "
            "give --allow-literal-secrets."
        )


def _rendered(done: Finished, kind: str) -> str:
    if kind == "json":
        return json.dumps(done.conf.as_dict(), indent=2, ensure_ascii=False) + "\n"
    if kind == "args":
        args = done.conf.as_args()
        pairs = zip(args[::2], args[1::2], strict=True)
        return " \\\n".join(f"{flag} {shlex.quote(value)}" for flag, value in pairs) + "\n"
    return done.conf.as_properties()


def _variables(done: Finished) -> list[str]:
    """The variables that carry the secrets, with where each value lies and never the value."""
    from sparklineage.model.secret import Secret  # noqa: PLC0415

    hidden = done.conf.resolved(lambda reference, _: Secret(f"<{reference.written}>"))
    return [f"{name}" for name in hidden.environment()]
