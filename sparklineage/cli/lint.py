"""`sparklineage lint`: what is wrong with configuration that somebody already has."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.errors import UsageError, suggestion

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.lint import Report, Target

FORMATS = ("text", "json", "sarif", "github")
KINDS = (
    "spark-defaults",
    "python",
    "openlineage-yml",
    "terraform",
    "databricks",
    "databricks-bundle",
    "spark-application",
    "emr-containers",
    "emr-serverless",
    "emr",
    "glue",
    "airflow",
    "command-line",
)
CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?(?:[.\-][\w.\-]+)?")
_ABOUT = """\
Check configuration that is already there, whoever wrote it: spark-defaults.conf and other properties files,
spark-submit commands in shell scripts, Python that builds a SparkSession, openlineage.yml. Nothing is run or changed.
Status 0: nothing wrong; 1: errors or warnings; 2: something could not be read. A comment
`# sparklineage: ignore[SL011]` in the same line, or alone in the line above, silences a rule."""


def add_parser(subparsers: Any) -> None:
    """Add `lint` to the commands of a parser."""
    parser = subparsers.add_parser("lint", help="find mistakes in lineage configuration", description=_ABOUT)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders; - reads from stdin")
    parser.add_argument("--as", dest="kind", choices=KINDS, help="what the files are, where their names do not tell")
    parser.add_argument("--spark", metavar="V", help="the Spark that it is for, such as 3.5.6 or 4.2.0")
    parser.add_argument("--agent", metavar="V", help="the agent that it is for, such as 1.53.0")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--select", metavar="CODES", help="only these rules, such as SL010,SL011 or SL01")
    parser.add_argument("--ignore", metavar="CODES", help="all but these rules")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Print the findings on stdout, what could not be read on stderr."""
    from sparklineage.cli.lint_formats import FORMATTERS  # noqa: PLC0415
    from sparklineage.cli.terminal import warn  # noqa: PLC0415
    from sparklineage.lint import Target  # noqa: PLC0415

    target = Target(spark=_version(args.spark, "--spark"), agent=_version(args.agent, "--agent"))
    codes = _codes(args.select, args.ignore)
    report = _checked(args.paths, args.kind, target, codes)
    for sentence in report.unreadable:
        warn("".join(char if char.isprintable() else "?" for char in sentence))
    report.findings.sort(key=lambda finding: finding.place)
    text = FORMATTERS[args.format](report)
    if text:
        print(text)
    if report.unreadable:
        return UNREADABLE
    return FINDINGS if any(finding.severity != "info" for finding in report.findings) else CLEAN


def _checked(paths: list[str], kind: str | None, target: Target, codes: tuple[str, ...]) -> Report:
    from sparklineage.lint import check_paths, check_text  # noqa: PLC0415
    from sparklineage.lint.readers import UnreadableError  # noqa: PLC0415

    report = check_paths([Path(path) for path in paths if path != "-"], kind=kind, target=target, codes=codes)
    if "-" in paths:
        data = sys.stdin.buffer.read()
        text = data.decode("utf-8-sig", errors="replace")
        try:
            checked = check_text(text, "<stdin>", kind=kind or "command-line", target=target, codes=codes)
        except UnreadableError as error:
            report.unreadable.append(str(error))
        else:
            report.findings.extend(checked.findings)
            report.checked += 1
    return report


def _version(text: str | None, option: str) -> str | None:
    if text is not None and not _VERSION.fullmatch(text):
        raise UsageError(f"lint: {option} takes a version such as 4.2.0, not {text!r}.")
    return text


def _codes(select: str | None, ignore: str | None) -> tuple[str, ...]:
    """The rules to ask. A beginning of codes stands for all of them."""
    from sparklineage.lint import RULES  # noqa: PLC0415
    from sparklineage.lint.check import UNKNOWN_FORMAT  # noqa: PLC0415

    known = (UNKNOWN_FORMAT, *RULES)
    chosen, left_out = (
        {code for part in _parts(given) for code in _beginning(part, known, option)}
        for given, option in ((select, "--select"), (ignore, "--ignore"))
    )
    return tuple(code for code in known if (select is None or code in chosen) and code not in left_out)


def _parts(given: str | None) -> list[str]:
    return [part.strip().upper() for part in (given or "").split(",") if part.strip()]


def _beginning(part: str, known: tuple[str, ...], option: str) -> list[str]:
    found = [code for code in known if code.startswith(part)]
    if not found:
        raise UsageError(f"lint: {option} names {part}, which is no rule.{suggestion(part, known)}")
    return found
