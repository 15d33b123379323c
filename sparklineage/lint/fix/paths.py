"""Files and folders whose mistakes are mended, or would be."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.lint.check import check_text
from sparklineage.lint.encoding import decoded
from sparklineage.lint.finding import Place
from sparklineage.lint.fix.diff import masked_diff
from sparklineage.lint.fix.engine import Fixed, fix_text
from sparklineage.lint.fix.replace import replace_file
from sparklineage.lint.paths import Outcome, Report, is_kept, visit
from sparklineage.lint.readers import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sparklineage.lint.rules import Target


@dataclass(frozen=True, kw_only=True)
class Mended:
    """One file, and what is better about it."""

    file: str
    codes: tuple[str, ...]
    """The code of every fix."""
    diff: tuple[str, ...]
    """Lines of a unified diff, without secrets."""


@dataclass(kw_only=True)
class FixReport:
    """Everything about the given paths."""

    report: Report
    """What remains, and what could not be read or written."""
    mended: list[Mended] = field(default_factory=list)


def fix_paths(
    paths: Sequence[Path],
    *,
    kind: str | None = None,
    target: Target | None = None,
    codes: Sequence[str] | None = None,
    known_only: bool = False,
    write: bool = True,
    backup: bool = False,
) -> FixReport:
    """Mend files, and in folders those that a reader claims; without `write` only say what would become of them.

    The other options are those of `check_paths`. Never raises for a file: what cannot be read or written is told in
    the report, with the findings that it still has.
    """
    mended: list[Mended] = []
    failed: list[str] = []

    def look(file: Path, data: bytes, kind: str | None) -> Outcome:
        fixed = fix_text(decoded(data), str(file), kind=kind, target=target, codes=codes)
        if not fixed.codes or fixed.kind is None:
            return fixed
        try:
            if is_kept(file) or is_kept(file.resolve()):
                raise UnreadableError(Place(str(file)), "this is a copy that --backup kept, so it stays as it is.")
            after = new_bytes(data, fixed, str(file))
            if write:
                replace_file(file, data, after, backup=backup)
        except UnreadableError as error:
            failed.append(str(error))
        except OSError as error:
            failed.append(f"{file}: cannot be written: {error.strerror or error}.")
        else:
            lines = masked_diff(decoded(data), fixed.text, file=str(file), kind=fixed.kind)
            mended.append(Mended(file=str(file), codes=fixed.codes, diff=tuple(lines)))
            return fixed
        return check_text(decoded(data), str(file), kind=kind, target=target, codes=codes)

    report = visit(paths, look, kind=kind, codes=codes, known_only=known_only)
    report.unreadable += failed
    return FixReport(report=report, mended=mended)


def new_bytes(data: bytes, fixed: Fixed, file: str) -> bytes:
    """What a file that held `data` is to hold: its byte order mark and line ends stay as they are.

    Raises UnreadableError for one that is no UTF-8, for its bytes could not be kept.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = Place(file, line, error.start - data.rfind(b"\n", 0, error.start))
        raise UnreadableError(place, "this is no UTF-8, so nothing in the file is changed.") from None
    return (BOM_UTF8 if data.startswith(BOM_UTF8) else b"") + fixed.text.encode()
