"""Comments in a text that silence rules: `# sparklineage: ignore[SL011]`."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from sparklineage.lint.finding import Finding, Place
from sparklineage.lint.notes import CODES, UNKNOWN_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Sheet

_COMMENT = re.compile(r"#[^\n]*?\bsparklineage:\s*ignore(?:\[([^\]\n]*)\])?")
_CODE = re.compile(r"[^\s,]+")


class Comments:
    """The comments of a text of one format."""

    def __init__(self, text: str, kind: str) -> None:
        self.lines = text.split("\n")
        # In a properties file a # behind the value is part of the value.
        self.end_lines = kind != "spark-defaults"
        self.begins: dict[int, int] | None = None
        """Where the comment of a line begins, in Python, whose texts may look like comments."""
        if kind == "python" and _COMMENT.search(text):
            self.begins = _begins(text)

    def silence(self, finding: Finding, sheet: Sheet) -> bool:
        """Whether a comment in that line, or alone in the line above it or above the whole command, names the code."""
        line = finding.place.line
        told = [match for at in {line - 1, sheet.place.line - 1} for match in self._in(at, alone=True)]
        if self.end_lines:
            told += self._in(line, alone=False)
        return any(finding.code in codes or not codes for codes in map(_codes, told))

    def unknown(self, file: str) -> Iterator[Finding]:
        """A finding for each code in them that is no rule's."""
        for line in range(1, len(self.lines) + 1):
            for match in self._in(line, alone=not self.end_lines):
                for code in _CODE.finditer(match[1] or ""):
                    if code[0] not in CODES:
                        shown = "".join(char if char.isprintable() else "?" for char in code[0][:40])
                        yield Finding(
                            code=UNKNOWN_CODE,
                            severity="info",
                            place=Place(file, line, match.start(1) + code.start() + 1),
                            found=f"{shown} is no rule.",
                            reality="The comment does not silence anything by it.",
                            fix="Name a code such as SL011; `sparklineage lint --rules` lists them.",
                        )

    def _in(self, number: int, *, alone: bool) -> Iterator[re.Match[str]]:
        """Those in a line, or if it holds nothing else."""
        if not 1 <= number <= len(self.lines):
            return
        line = self.lines[number - 1]
        if "sparklineage" not in line:
            return
        begin = 0 if self.begins is None else self.begins.get(number)
        if begin is not None and (not alone or line.lstrip().startswith("#")):
            yield from _COMMENT.finditer(line, begin)


def _codes(match: re.Match[str]) -> set[str]:
    """The codes that a comment names; none stand for all."""
    return {code[0] for code in _CODE.finditer(match[1] or "")}


def _begins(text: str) -> dict[int, int]:
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.start[1]
    except (tokenize.TokenError, SyntaxError):
        pass  # what stands before it is known
    return found
