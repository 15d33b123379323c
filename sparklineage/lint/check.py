"""One text: its format, its sheets, what the rules say, and what a comment in it says not to tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from sparklineage.lint.finding import Finding, Place
from sparklineage.lint.readers import READERS, reader_for
from sparklineage.lint.rules import RULES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.lint.readers import Reader
    from sparklineage.lint.settings import Sheet

UNKNOWN_FORMAT = "SL000"
_COMMENT = re.compile(r"#[^\n]*?\bsparklineage:\s*ignore(?:\[([^\]\n]*)\])?")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What became of one text."""

    kind: str | None
    """Its format; None where no reader knows it."""
    findings: tuple[Finding, ...]


def check_text(
    text: str,
    file: str,
    *,
    kind: str | None = None,
    target: Target | None = None,
    codes: Sequence[str] | None = None,
    fixable: bool = False,
) -> Checked:
    """The findings in a text, in the order of the lines; `file` names it in their places.

    `kind` is the format where the name does not tell it, `codes` are the only rules to ask; with `fixable` findings
    say whether there is a fix for them. Raises UnreadableError for a text that its format does not allow.
    """
    reader = READERS[kind] if kind else reader_for(PurePath(file).name, text)
    if reader is None:
        return Checked(kind=None, findings=())
    found = {
        finding: sheet for sheet, finding in told(reader, text, reader.read(text, file), target=target, codes=codes)
    }
    findings = sorted(found, key=lambda finding: (finding.place, finding.code))
    if fixable:
        from sparklineage.lint.fix import is_fixable  # noqa: PLC0415  it builds on this module

        findings = [
            replace(finding, fixable=is_fixable(finding, found[finding], text, reader.KIND, target))
            for finding in findings
        ]
    return Checked(kind=reader.KIND, findings=tuple(findings))


def told(
    reader: Reader,
    text: str,
    sheets: Sequence[Sheet],
    *,
    target: Target | None = None,
    codes: Sequence[str] | None = None,
) -> Iterator[tuple[Sheet, Finding]]:
    """What the rules say of each sheet of a text, without what comments in it silence."""
    wanted = [rule for code, rule in RULES.items() if codes is None or code in codes]
    lines = text.split("\n")
    for sheet in sheets:
        for rule in wanted:
            for finding in rule.findings(sheet, target or Target()):
                if not _ignored(finding, sheet, lines, comments_end_lines=reader.KIND != "spark-defaults"):
                    yield sheet, finding


def unknown_format(file: str) -> Finding:
    """What to say of a file that no reader claims."""
    kinds = ", ".join(READERS)
    return Finding(
        code=UNKNOWN_FORMAT,
        severity="info",
        place=Place(file),
        found="No reader knows this kind of file.",
        reality="Nothing in it has been checked.",
        fix=f"Say what it is with --as: {kinds}.",
    )


def _ignored(finding: Finding, sheet: Sheet, lines: Sequence[str], *, comments_end_lines: bool) -> bool:
    """Whether a comment in that line, or alone in the line above it or above the whole command, names the code."""
    line = finding.place.line
    comments = [lines[at - 2] for at in {line, sheet.place.line} if 2 <= at <= len(lines) + 1]
    comments = [comment for comment in comments if comment.lstrip().startswith("#")]
    # In a properties file a # behind the value is part of the value.
    if comments_end_lines and line <= len(lines):
        comments.append(lines[line - 1])
    return any(finding.code in codes or not codes for comment in comments for codes in _codes(comment))


def _codes(line: str) -> Iterator[set[str]]:
    """The codes of each such comment; none stand for all."""
    for match in _COMMENT.finditer(line):
        yield {code.strip() for code in (match[1] or "").split(",") if code.strip()}
