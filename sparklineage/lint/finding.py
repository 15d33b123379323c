"""What `lint` tells: a finding and the place it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sparklineage.lint.settings import Setting

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first. An error loses lineage or the job, a warning may, an info is advice."""


@dataclass(frozen=True, order=True)
class Place:
    """A character in a file, line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that does not do what it looks like. No text of it holds a secret."""

    code: str
    """`SL001` …: stable, for `--select`, `--ignore` and comments."""
    severity: Severity
    place: Place
    found: str
    """What stands there."""
    reality: str
    """What happens when it runs."""
    fix: str
    """What to write instead."""
    setting: Setting | None = field(default=None, compare=False, repr=False)
    """What it is about, where that is one setting."""
    fixable: bool = field(default=False, compare=False)
    """Whether `--fix` can write it anew; only where somebody asked for it."""
