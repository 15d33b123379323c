"""One text: its format, its sheets, what the rules say, and what a comment in it says not to tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from sparklineage.lint.comments import Comments
from sparklineage.lint.finding import Finding, Place
from sparklineage.lint.notes import UNKNOWN_CODE, UNKNOWN_FORMAT
from sparklineage.lint.readers import READERS, reader_for
from sparklineage.lint.rules import RULES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.lint.readers import Reader
    from sparklineage.lint.settings import Sheet


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
    noted = Comments(text, reader.KIND).unknown(file) if codes is None or UNKNOWN_CODE in codes else ()
    findings = sorted([*found, *noted], key=lambda finding: (finding.place, finding.code))
    if fixable:
        from sparklineage.lint.fix import is_fixable  # noqa: PLC0415  it builds on this module

        findings = [
            replace(finding, fixable=is_fixable(finding, found[finding], text, reader.KIND, target))
            if finding in found
            else finding
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
    comments = Comments(text, reader.KIND)
    for sheet in sheets:
        for rule in wanted:
            for finding in rule.findings(sheet, target or Target()):
                if not comments.silence(finding, sheet):
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
