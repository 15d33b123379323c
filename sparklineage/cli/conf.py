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
from sparklineage.cli.variables import shown_variables
from sparklineage.errors import ConfigError
from sparklineage.targets import NAMES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.model.conf_set import ConfSet

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
    show.add_argument(
        "--into", metavar="FILE",
        help="join with a properties file of yours: lists are joined, its other values stay, its secrets are left out",
    )  # fmt: skip
    add_options(show)
    for name, what in NAMES.items():
        conf_target.add_parser(actions, name, what)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the properties on stdout, notes on stderr. Raises ConfigError for a literal secret."""
    if args.action != "show":
        return conf_target.run(args, environ)
    from sparklineage.config.conf import refuse_sparks_own_secrets  # noqa: PLC0415

    spec = spec_of(args, environ)
    done = finished_of(spec, args, environ)
    added = done.added
    refuse_sparks_own_secrets(added)
    _refuse_literal(added, allowed=args.allow_literal_secrets)
    theirs = [entry for entry in done.conf.entries if entry.secret and entry.key not in added]
    text = _rendered(done.conf.without(*(entry.key for entry in theirs)), args.format)
    variables = [f"  {name}={shlex.quote(text)}" for name, text in shown_variables(added).items()]
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    print(text, end="")
    sys.stdout.flush()
    for note in done.notes:
        warn(note)
    for entry in theirs:
        warn(f"{entry.key} ({entry.source}) is a secret of yours and left out.")
    if variables:
        instead = ", with the secret itself in the place of each <…>" if any("<" in line for line in variables) else ""
        warn(f"set these variables for the driver{instead}:")
        print("\n".join(variables), file=sys.stderr)
    return 0


def _refuse_literal(conf: ConfSet, *, allowed: bool) -> None:
    from sparklineage.assemble.finished import literal_secrets  # noqa: PLC0415

    found = literal_secrets(conf)
    if found and not allowed:
        places = ", ".join(f"{entry.key} ({entry.source})" for entry in found)
        raise ConfigError(
            f"{places}: a secret stands in plain text in the configuration; write a reference such as env:NAME, or "
            "give --allow-literal-secrets."
        )


def _rendered(conf: ConfSet, kind: str) -> str:
    if kind == "json":
        return json.dumps(conf.as_dict(), indent=2, ensure_ascii=False) + "\n"
    if kind == "args":
        args = conf.as_args()
        pairs = zip(args[::2], args[1::2], strict=True)
        text = " \\\n".join(f"{flag} {shlex.quote(value)}" for flag, value in pairs)
        return f"{text}\n" if text else ""
    return conf.as_properties()
