"""`sparklineage lint`: what is wrong with configuration that somebody already has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.cli.lint_options import add_options, codes_of, target_of
from sparklineage.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.lint import Report

FORMATS = ("text", "json", "sarif", "github")
KINDS = (
    "spark-defaults",
    "python",
    "openlineage-yml",
    "terraform",
    "databricks",
    "databricks-bundle",
    "dataproc",
    "spark-application",
    "emr-containers",
    "emr-serverless",
    "emr",
    "glue",
    "airflow",
    "requirements",
    "command-line",
)
CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
_ABOUT = """\
Check configuration that is already there, whoever wrote it: properties files (spark-defaults.conf), shell scripts and
other commands, Python, openlineage.yml, requirements.txt; JSON and YAML of Databricks (clusters, jobs, bundles),
Amazon EMR (on EC2, EKS, Serverless), Glue, Dataproc, Kubernetes (SparkApplication, ConfigMap), Airflow, Livy and
Terraform. Nothing is run. --rules CODE says all about a finding. Status 0: nothing wrong; 1: errors or warnings;
2: something could not be read. A comment `# sparklineage: ignore[SL011]` in the same line, or alone in the line above,
silences a rule."""


def add_parser(subparsers: Any) -> None:
    """Add `lint` to the commands of a parser."""
    parser = subparsers.add_parser("lint", help="find mistakes in lineage configuration", description=_ABOUT)
    add_options(parser, KINDS, paths="*")
    parser.add_argument("--rules", nargs="?", const="", metavar="CODE", help="print every rule, or all about one")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--fix", action="store_true", help="rewrite what can be rewritten safely, and show the changes")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    parser.add_argument("--backup", action="store_true", help="with --fix, keep each changed file as FILE.orig")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Print the findings on stdout, what could not be read on stderr."""
    from sparklineage.cli.lint_formats import FORMATTERS  # noqa: PLC0415
    from sparklineage.cli.terminal import warn  # noqa: PLC0415

    if args.rules is not None:
        return _rules(args)
    if not args.paths:
        raise UsageError("lint: name the files and folders to check, or - for stdin.")
    if args.fix or args.diff:
        return _fix(args)
    if args.backup:
        raise UsageError("lint: --backup needs --fix.")
    report = _checked(args)
    for sentence in report.unreadable:
        warn("".join(char if char.isprintable() else "?" for char in sentence))
    report.findings.sort(key=lambda finding: finding.place)
    text = FORMATTERS[args.format](report)
    if text:
        print(text)
    if report.unreadable:
        return UNREADABLE
    return FINDINGS if any(finding.severity != "info" for finding in report.findings) else CLEAN


def _rules(args: argparse.Namespace) -> int:
    from sparklineage.cli.lint_rules import rules_text  # noqa: PLC0415

    if args.paths:
        raise UsageError("lint: --rules checks nothing; give the paths in another call.")
    print(rules_text(args.rules))
    return CLEAN


def _fix(args: argparse.Namespace) -> int:
    """The diffs, then what remains; what is not meant for people is alone on stdout."""
    from sparklineage.cli.fixing import STDIN, mend, status, summary, tell  # noqa: PLC0415
    from sparklineage.cli.lint_formats import FORMATTERS  # noqa: PLC0415

    write = not args.diff
    if args.backup and not write:
        raise UsageError("lint: --backup needs --fix without --diff.")
    report = mend(args, write=write, to_stdout=write)
    rewritten = write and STDIN in args.paths
    tell(
        report,
        f"{summary(report, made=write)}.",
        sys.stderr if rewritten or args.format != "text" else sys.stdout,
    )
    report.report.findings.sort(key=lambda finding: finding.place)
    if text := FORMATTERS[args.format](report.report):
        print(text, file=sys.stderr if rewritten else sys.stdout)
    return status(report, made=write)


def _checked(args: argparse.Namespace) -> Report:
    from sparklineage.lint import check_paths, check_text  # noqa: PLC0415
    from sparklineage.lint.encoding import LARGEST, decoded, trouble  # noqa: PLC0415
    from sparklineage.lint.readers import UnreadableError  # noqa: PLC0415

    target, codes, fixable = target_of(args), codes_of(args), args.format == "json"
    paths = [Path(path) for path in args.paths if path != "-"]
    report = check_paths(paths, kind=args.kind, target=target, codes=codes, fixable=fixable, known_only=args.known_only)
    if "-" in args.paths:
        data = sys.stdin.buffer.read(LARGEST + 1)
        if cause := trouble(data):
            report.unreadable.append(f"<stdin>: {cause}")
            return report
        kind = args.kind or "command-line"
        try:
            checked = check_text(decoded(data), "<stdin>", kind=kind, target=target, codes=codes, fixable=fixable)
        except UnreadableError as error:
            report.unreadable.append(str(error))
        else:
            report.findings.extend(checked.findings)
            report.checked += 1
    return report
