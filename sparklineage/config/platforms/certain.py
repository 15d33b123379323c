"""What can be said of a release that nobody has described, from those of its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sparklineage.config.platforms.label import LINES
from sparklineage.config.platforms.release import Hint
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sparklineage.config.platforms.label import Label
    from sparklineage.config.platforms.place import Platform
    from sparklineage.config.platforms.release import Release

_T = TypeVar("_T")


def certain(place: Platform, asked: Label) -> Hint:
    """What holds for the release for sure."""
    if exact := place.exact(asked):
        first = exact[0]
        return Hint(
            spark=first.upstream,
            scala=_common(release.scala for release in exact),
            java=first.java,
            vendor_agent=first.vendor_agent,
        )
    line, family = place.line(asked), place.family(asked)
    if not line:
        newest = family[-1][1] if family and family[-1][0].numbers < asked.numbers else None
        return Hint(scala=_scala(asked, [newest] if newest and numbers(newest.spark) >= (4,) else []))
    near = [one for known, one in line if known.numbers[:2] == asked.numbers[:2]] or [one for _, one in line]
    older = [one for known, one in line if known.numbers < asked.order]
    return Hint(
        spark=_common(".".join(map(str, numbers(one.spark)[:2])) for one in near),
        scala=_scala(asked, near),
        java=asked.java or _common(one.java for one in near),
        vendor_agent=older[-1].vendor_agent if older and place.name not in LINES else None,
    )


def _scala(asked: Label, near: Sequence[Release]) -> str | None:
    """The Scala that the name tells, unless all around it run Spark 4, which has but one."""
    theirs = _common(one.scala for one in near)
    if theirs and all(numbers(one.spark) >= (4,) for one in near):
        return theirs
    return asked.scala or theirs


def _common(values: Iterable[_T]) -> _T | None:
    """The one value that all have; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
