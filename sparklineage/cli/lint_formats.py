"""What `lint` prints: for people, programs, code scanners and GitHub's own notes on a change."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sparklineage.lint import CODES, SEVERITIES, Finding, Report
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGE = "docs/lint.md"
_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_GITHUB_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def to_text(report: Report) -> str:
    """Place, code and severity, then what happens and what to write; a summary at the end."""
    lines = []
    for finding in report.findings:
        lines += [
            f"{_plain(str(finding.place))}: {finding.code} {finding.severity}: {finding.found}",
            f"    {finding.reality}",
            f"    → {finding.fix}",
            "",
        ]
    if report.findings:
        codes = list(dict.fromkeys(finding.code for finding in report.findings))
        about, other = ("each", ", or another code") if len(codes) > 1 else ("it", "")
        lines.append(f"More about {about}: sparklineage lint --rules {codes[0]}{other}")
    return "\n".join([*lines, _summary(report)])


def to_json(report: Report) -> str:
    """One object with everything in it."""
    return _json(
        {
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "file": finding.place.file,
                    "line": finding.place.line,
                    "column": finding.place.column,
                    "found": finding.found,
                    "reality": finding.reality,
                    "fix": finding.fix,
                    "fixable": finding.fixable,
                    "docs": f"{PAGE}#{finding.code.lower()}",
                }
                for finding in report.findings
            ],
            "unreadable": report.unreadable,
            "checked": report.checked,
            "leftOut": report.left_out,
        }
    )


def to_sarif(report: Report) -> str:
    """SARIF 2.1.0, as code scanners take it."""
    used = {finding.code for finding in report.findings}
    rules = [
        {
            "id": rule.code,
            "name": rule.slug,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": " ".join(rule.description.split())},
            "help": {
                "text": f"{' '.join(rule.description.split())} Known from: {rule.source}",
                "markdown": f"**{rule.title}**\n\n{rule.description}\n\nKnown from: {rule.source}",
            },
            "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity]},
        }
        for rule in CODES.values()
        if rule.code in used
    ]
    driver = {"name": "sparklineage", "version": VERSION, "rules": rules}
    results = [_sarif_result(finding) for finding in report.findings]
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if report.unreadable:
        notes = [{"level": "error", "message": {"text": sentence}} for sentence in report.unreadable]
        run["invocations"] = [{"executionSuccessful": False, "toolExecutionNotifications": notes}]
    return _json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def to_github(report: Report) -> str:
    """A workflow command a finding, which GitHub shows beside the line."""
    return "\n".join(
        f"::{_GITHUB_LEVELS[finding.severity]} file={_property(finding.place.file)},line={finding.place.line},"
        f"col={finding.place.column},title={finding.code}::"
        + _escaped(f"{finding.found} {finding.reality} {finding.fix} ({finding.code})")
        for finding in report.findings
    )


FORMATTERS: Mapping[str, Callable[[Report], str]] = {
    "text": to_text,
    "json": to_json,
    "sarif": to_sarif,
    "github": to_github,
}


def _summary(report: Report) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    found = [_count(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    *first, last = found or ["nothing"]
    text = f"{', '.join(first)} and {last}" if first else last
    left_out = f"; {_count(report.left_out, 'file')} of other kinds left out" if report.left_out else ""
    text = f"{text} found in {_count(report.checked, 'file')}{left_out}."
    return text[0].upper() + text[1:]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 or what == 'info' else 's'}"


def _sarif_result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": f"{finding.found} {finding.reality} {finding.fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.place.file)},
                    "region": {"startLine": finding.place.line, "startColumn": finding.place.column},
                }
            }
        ],
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="surrogatepass")


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
