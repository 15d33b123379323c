"""A table for people, and the bounds that were missed."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class Report:
    """What one benchmark found."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """One sentence for each bound that did not hold."""

    def row(self, *cells: str) -> None:
        self.rows.append(cells)

    def require(self, holds: bool, sentence: str) -> str:
        """`met`, or `MISSED` and the sentence among `missed`."""
        if not holds:
            self.missed.append(f"{self.title.partition(':')[0]}: {sentence}")
        return "met" if holds else "MISSED"

    def within(self, bound: float, *, typical: float, best: float, sentence: str, noise: float = 0.0) -> str:
        """`met`, `noisy` or `MISSED`.

        A time is what the program takes and what the machine adds, so a bound is missed where it holds neither by
        the median nor by the fastest runs, and the median is beyond what repetitions of one and the same thing
        differ by (`noise`, in the unit of `typical`). Otherwise a median beyond it says that the machine is too
        busy to tell.
        """
        if typical > bound and (best <= bound or typical <= noise):
            self.notes.append(f"noisy: {sentence} Repetitions differ as much; repeat with --rounds on a quiet machine.")
            return "noisy"
        return self.require(typical <= bound, sentence)

    def text(self) -> str:
        """The table; the first column is aligned to the left, numbers to the right."""
        table = [self.head, *self.rows]
        widths = [max(len(row[place]) for row in table) for place in range(len(self.head))]
        lines = [self.title]
        for number, row in enumerate(table):
            first, *rest = (
                text.ljust(width) if place == 0 else text.rjust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  " + "  ".join([first, *rest]).rstrip())
            if number == 0:
                lines.append("  " + "  ".join("─" * width for width in widths))
        lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines)


def spread(values: Sequence[float]) -> float:
    """How far the repetitions lie apart, as a part of their median: what the machine's noise is."""
    return (max(values) - min(values)) / median(values)


def times(factor: float) -> str:
    return f"{factor:.2f} x"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs"
