"""Files and folders: which of them are read, and what could not be."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sparklineage.lint.check import UNKNOWN_FORMAT, check_text, unknown_format
from sparklineage.lint.readers import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sparklineage.lint.check import Checked
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


class Outcome(Protocol):
    """What is known of one file."""

    @property
    def kind(self) -> str | None:
        """Its format; None where no reader knows it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it."""


def check_paths(
    paths: Sequence[Path],
    *,
    kind: str | None = None,
    target: Target | None = None,
    codes: Sequence[str] | None = None,
    fixable: bool = False,
    known_only: bool = False,
) -> Report:
    """Check files, and in folders those that a reader claims. Never raises for what a file holds.

    With `known_only` a file is left out as one in a folder is; the other options are those of `check_text`.
    """

    def check(file: Path, data: bytes, kind: str | None) -> Checked:
        return check_text(decoded(data), str(file), kind=kind, target=target, codes=codes, fixable=fixable)

    return visit(paths, check, kind=kind, codes=codes, known_only=known_only)


def visit(
    paths: Sequence[Path],
    look: Callable[[Path, bytes, str | None], Outcome],
    *,
    kind: str | None = None,
    codes: Sequence[str] | None = None,
    known_only: bool = False,
) -> Report:
    """Let a function look at the given files, and in folders at those of every kind; it gets path, bytes and format.

    It may raise OSError and UnreadableError. A given file that is no text, or that no reader knows, is told, unless
    `known_only` says that somebody else chose the files.
    """
    report = Report()
    for path in paths:
        inside = path.is_dir()
        for file in _files(path, report):
            try:
                data = _bytes(file)
                outcome = look(file, data, None if inside else kind) if data is not None else None
            except OSError as error:
                report.unreadable.append(f"{file}: cannot be read: {error.strerror or error}.")
            except UnreadableError as error:
                report.unreadable.append(str(error))
            else:
                _take(outcome, file, report, inside=inside or known_only, codes=codes)
    return report


def decoded(data: bytes) -> str:
    """The text of a file, without a byte order mark, and with a sign for every byte that is no UTF-8."""
    return data.decode("utf-8-sig", errors="replace")


def _take(outcome: Outcome | None, file: Path, report: Report, *, inside: bool, codes: Sequence[str] | None) -> None:
    if outcome is not None and outcome.kind is not None:
        report.findings.extend(outcome.findings)
        report.checked += 1
    elif inside:
        report.left_out += 1
    elif outcome is None:
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


def _bytes(path: Path) -> bytes | None:
    """What a file holds; None for one that is too large, or holds a zero byte as only binary files do."""
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST or b"\0" in data[:8192]:
        return None
    return data
