"""Files and folders: which of them are read, and what could not be."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.lint.check import UNKNOWN_FORMAT, check_text, unknown_format
from sparklineage.lint.readers import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.lint.finding import Finding
    from sparklineage.lint.rules import Target

_LARGEST = 5_000_000
"""Bytes; nobody writes a configuration by hand that is larger."""
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "venv"))


@dataclass(kw_only=True)
class Report:
    """Everything about the given paths."""

    findings: list[Finding] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """One sentence for each file that could not be read."""
    checked: int = 0
    """Files."""
    left_out: int = 0
    """Files in the given folders whose format no reader knows."""


def check_paths(
    paths: Sequence[Path], *, kind: str | None = None, target: Target | None = None, codes: Sequence[str] | None = None
) -> Report:
    """Check files, and in folders those that a reader claims. Never raises for what a file holds."""
    report = Report()
    for path in paths:
        inside = path.is_dir()
        for file in _files(path, report):
            _check_file(file, report, kind=None if inside else kind, inside=inside, target=target, codes=codes)
    return report


def _check_file(
    file: Path, report: Report, *, kind: str | None, inside: bool, target: Target | None, codes: Sequence[str] | None
) -> None:
    try:
        text = _text(file)
        checked = check_text(text, str(file), kind=kind, target=target, codes=codes) if text is not None else None
    except OSError as error:
        report.unreadable.append(f"{file}: cannot be read: {error.strerror or error}.")
    except UnreadableError as error:
        report.unreadable.append(str(error))
    else:
        if checked is not None and checked.kind is not None:
            report.findings.extend(checked.findings)
            report.checked += 1
        elif inside:
            report.left_out += 1
        elif checked is None:
            report.unreadable.append(f"{file}: is no text, or larger than {_LARGEST // 1_000_000} MB.")
        elif codes is None or UNKNOWN_FORMAT in codes:
            report.findings.append(unknown_format(str(file)))


def _files(path: Path, report: Report) -> Iterator[Path]:
    """The path itself, or the files below it in order; hidden and installed folders are left out."""
    if not path.is_dir():
        yield path
        return

    def unreadable(error: OSError) -> None:
        report.unreadable.append(f"{error.filename}: cannot be read: {error.strerror}.")

    for folder, names, files in os.walk(path, onerror=unreadable):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        yield from (Path(folder, name) for name in sorted(files) if Path(folder, name).is_file())


def _text(path: Path) -> str | None:
    """The text of a file; None for one that is too large, or holds a zero byte as only binary files do."""
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST or b"\0" in data[:8192]:
        return None
    return data.decode("utf-8-sig", errors="replace")
