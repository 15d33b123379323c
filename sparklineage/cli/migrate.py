"""`sparklineage migrate`: old lineage configuration in the form of today."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sparklineage.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_ABOUT = """\
Rewrite configuration that lint finds mistakes in, where the right form is certain: keys that the agent no longer
reads, a missing transport.type, a path in the address, lists in the wrong form, options that are given twice. Comments,
order and formatting stay as they are. Shows what would change; --write changes it. What is not certain, such as secrets
and ids, is left to you. Status 0: nothing to change and nothing wrong; 1: something is to be changed, or wrong;
2: something could not be read or written."""


def add_parser(subparsers: Any) -> None:
    """Add `migrate` to the commands of a parser."""
    from sparklineage.cli.lint import KINDS  # noqa: PLC0415
    from sparklineage.cli.lint_options import add_options  # noqa: PLC0415

    parser = subparsers.add_parser("migrate", help="bring lineage configuration up to date", description=_ABOUT)
    add_options(parser, KINDS)
    parser.add_argument("--write", action="store_true", help="change the files")
    parser.add_argument("--backup", action="store_true", help="keep each changed file as FILE.orig")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Print the diffs and one line about them on stdout; with `-` the new text, and the rest on stderr."""
    from sparklineage.cli.fixing import STDIN, count, mend, remaining, status, summary, tell  # noqa: PLC0415

    piped = STDIN in args.paths
    if args.backup and not (args.write or piped):
        raise UsageError("migrate: --backup needs --write.")
    report = mend(args, write=args.write, to_stdout=True)
    made = args.write or piped
    sentence = summary(report, made=made)
    if report.mended and not made:
        sentence += f"; --write makes {'it' if sentence.count(' 1 fix ') else 'them'}"
    if left := remaining(report):
        sentence += f"; {count(left, 'finding')} left for you, see `sparklineage lint`"
    tell(report, f"{sentence}.", sys.stderr if piped else sys.stdout)
    return status(report, made=made)
