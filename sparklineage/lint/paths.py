"""Files and folders: which of them are read, and what could not be."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sparklineage.lint.check import check_text, unknown_format
from sparklineage.lint.encoding import LARGEST, decoded, is_meant, trouble
from sparklineage.lint.notes import UNKNOWN_FORMAT
from sparklineage.lint.readers import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sparklineage.lint.check import Checked
    from sparklineage.lint.finding import Finding
    from sparklineage.lint.rules import Target

_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "venv"))
_KEPT = re.compile(r".+\.orig(?:\.\d+)?")


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
    `known_only` says that somebody else chose the files; one that is surely configuration is told wherever it lies.
    """
    report = Report()
    for path in paths:
        inside = path.is_dir()
        for file in _files(path, report):
            try:
                data = _bytes(file)
                cause = trouble(data)
                outcome = look(file, data, None if inside else kind) if cause is None else None
            except OSError as error:
                report.unreadable.append(f"{file}: cannot be read: {error.strerror or error}.")
            except UnreadableError as error:
                report.unreadable.append(str(error))
            else:
                if outcome is not None:
                    _take(outcome, file, report, inside=inside or known_only, codes=codes)
                elif (inside or known_only) and not is_meant(file.name, data):
                    report.left_out += 1
                else:
                    report.unreadable.append(f"{file}: {cause}")
    return report


def is_kept(path: Path) -> bool:
    """Whether this is an old text that `--backup` has kept; such a file stays as it is."""
    return bool(_KEPT.fullmatch(path.name))


def _take(outcome: Outcome, file: Path, report: Report, *, inside: bool, codes: Sequence[str] | None) -> None:
    if outcome.kind is not None:
        report.findings.extend(outcome.findings)
        report.checked += 1
    elif inside:
        report.left_out += 1
    elif codes is None or UNKNOWN_FORMAT in codes:
        report.findings.append(unknown_format(str(file)))


def _files(path: Path, report: Report) -> Iterator[Path]:
    """The path itself, or the files below it in order, without hidden and installed folders, and what was kept."""
    if not path.is_dir():
        yield path
        return

    def unreadable(error: OSError) -> None:
        report.unreadable.append(f"{error.filename}: cannot be read: {error.strerror}.")

    for folder, names, files in os.walk(path, onerror=unreadable):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        found = (Path(folder, name) for name in sorted(files))
        yield from (file for file in found if file.is_file() and not is_kept(file))


def _bytes(path: Path) -> bytes:
    """What a file holds, and of a large one the beginning. Raises OSError, also for a pipe, which may never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is no regular file; give - to read from stdin")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
