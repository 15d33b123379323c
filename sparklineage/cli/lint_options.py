"""The options that `lint` and `migrate` share: which files, for what, and which rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import UsageError, suggestion

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sparklineage.lint import Target

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?(?:[.\-][\w.\-]+)?")


def add_options(parser: argparse.ArgumentParser, kinds: Sequence[str], *, paths: str = "+") -> None:
    """Add them to the parser of a command; `paths` says how many it takes."""
    parser.add_argument("paths", nargs=paths, metavar="PATH", help="files and folders; - reads from stdin")
    parser.add_argument("--as", dest="kind", choices=kinds, help="what the files are, where their names do not tell")
    parser.add_argument(
        "--known-only", action="store_true", help="leave out given files that no reader knows, as in folders"
    )
    parser.add_argument("--spark", metavar="V", help="the Spark that it is for, such as 3.5.6 or 4.2.0")
    parser.add_argument("--agent", metavar="V", help="the agent that it is for, such as 1.53.0")
    parser.add_argument("--select", metavar="CODES", help="only these rules, such as SL010,SL011 or SL01")
    parser.add_argument("--ignore", metavar="CODES", help="all but these rules")


def target_of(args: argparse.Namespace) -> Target:
    """What the configuration is for. Raises UsageError."""
    from sparklineage.lint import Target  # noqa: PLC0415

    for option, text in (("--spark", args.spark), ("--agent", args.agent)):
        if text is not None and not _VERSION.fullmatch(text):
            raise UsageError(f"{args.command}: {option} takes a version such as 4.2.0, not {text!r}.")
    return Target(spark=args.spark, agent=args.agent)


def codes_of(args: argparse.Namespace) -> tuple[str, ...]:
    """The rules to ask. A beginning of codes stands for all of them. Raises UsageError."""
    from sparklineage.lint import CODES  # noqa: PLC0415

    known = tuple(CODES)
    chosen, left_out = (
        {code for part in _parts(given) for code in _beginning(part, known, f"{args.command}: {option}")}
        for given, option in ((args.select, "--select"), (args.ignore, "--ignore"))
    )
    return tuple(code for code in known if (args.select is None or code in chosen) and code not in left_out)


def _parts(given: str | None) -> list[str]:
    return [part.strip().upper() for part in (given or "").split(",") if part.strip()]


def _beginning(part: str, known: tuple[str, ...], option: str) -> list[str]:
    found = [code for code in known if code.startswith(part)]
    if not found:
        raise UsageError(f"{option} names {part}, which is no rule.{suggestion(part, known)}")
    return found
