"""Files whose mistakes are mended: what `lint --fix` and `migrate` do and say alike."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.lint_options import codes_of, target_of
from sparklineage.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from sparklineage.lint.fix import FixReport

STDIN = "-"
CLEAN, FINDINGS, UNREADABLE = 0, 1, 2


def mend(args: argparse.Namespace, *, write: bool, to_stdout: bool) -> FixReport:
    """Mend the paths of a command, or with `-` what comes from stdin; the new text of that goes to stdout if asked.

    What cannot be read goes to stdout as it came. Raises UsageError.
    """
    from sparklineage.lint.fix import fix_paths  # noqa: PLC0415

    target, codes = target_of(args), codes_of(args)
    if STDIN not in args.paths:
        paths = [Path(path) for path in args.paths]
        return fix_paths(
            paths,
            kind=args.kind,
            target=target,
            codes=codes,
            known_only=args.known_only,
            write=write,
            backup=args.backup,
        )
    if len(args.paths) > 1:
        raise UsageError(f"{args.command}: - stands alone where texts are changed; give the files in another call.")
    if args.backup:
        raise UsageError(f"{args.command}: --backup is for files, and - is none.")
    report, after = _from_stdin(sys.stdin.buffer.read(), args)
    if to_stdout:
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
        sys.stdout.buffer.flush()
    return report


def tell(report: FixReport, sentence: str, stream: TextIO) -> None:
    """The diffs and one line about all of them; what could not be read or written goes to stderr."""
    from sparklineage.cli.terminal import warn  # noqa: PLC0415

    for mended in report.mended:
        for line in mended.diff:
            print(line, file=stream)
    print(sentence, file=stream, flush=True)
    for problem in report.report.unreadable:
        warn("".join(char if char.isprintable() else "?" for char in problem))


def summary(report: FixReport, *, made: bool) -> str:
    """`Made 3 fixes in 2 files`, without a full stop."""
    fixes = sum(len(mended.codes) for mended in report.mended)
    if not fixes:
        return f"Nothing to fix in {count(report.report.checked, 'file')}"
    verb = "Made" if made else "Would make"
    return f"{verb} {count(fixes, 'fix', 'fixes')} in {count(len(report.mended), 'file')}"


def status(report: FixReport, *, made: bool) -> int:
    """As of `lint`; what is not yet changed is a finding."""
    if report.report.unreadable:
        return UNREADABLE
    return FINDINGS if remaining(report) or (report.mended and not made) else CLEAN


def remaining(report: FixReport) -> int:
    """How many errors and warnings are left."""
    return sum(finding.severity != "info" for finding in report.report.findings)


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _from_stdin(data: bytes, args: argparse.Namespace) -> tuple[FixReport, bytes]:
    from sparklineage.lint import Report  # noqa: PLC0415
    from sparklineage.lint.encoding import decoded, trouble  # noqa: PLC0415
    from sparklineage.lint.fix import FixReport, Mended, fix_text, masked_diff, new_bytes  # noqa: PLC0415
    from sparklineage.lint.readers import UnreadableError  # noqa: PLC0415

    if cause := trouble(data):
        return FixReport(report=Report(unreadable=[f"<stdin>: {cause}"])), data
    kind, name, text = args.kind or "command-line", "<stdin>", decoded(data)
    try:
        fixed = fix_text(text, name, kind=kind, target=target_of(args), codes=codes_of(args))
        after = new_bytes(data, fixed, name) if fixed.codes else data
    except UnreadableError as error:
        return FixReport(report=Report(unreadable=[str(error)])), data
    diff = tuple(masked_diff(text, fixed.text, file=name, kind=kind)) if fixed.codes else ()
    mended = [Mended(file=name, codes=fixed.codes, diff=diff)] if fixed.codes else []
    return FixReport(report=Report(findings=[*fixed.findings], checked=1), mended=mended), after
