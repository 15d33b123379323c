"""How vendors write their releases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

_NUMBERS = r"(?P<numbers>[0-9]{1,4}(?:\.[0-9]{1,4}){0,3})"
_EMR = re.compile(rf"(?:[a-z-]+/)?(?P<family>emr-(?:spark-)?){_NUMBERS}(?P<rest>(?:-[a-z0-9.]+)*)")
_NUMBERED = re.compile(rf"{_NUMBERS}(?P<rest>(?:[.-][A-Za-z0-9._]+)*)")
_GRAMMARS = {
    "emr": _EMR,
    "emr-serverless": _EMR,
    "emr-containers": _EMR,
    "databricks": re.compile(rf"{_NUMBERS}(?:\.x)?(?P<rest>(?:-[a-z0-9.]+)*)"),
    "glue": re.compile(_NUMBERS),
}
_SCALA = re.compile(r"scala(2\.1[0-9])")
_JAVA = re.compile(r"-java([0-9]{1,2})(?:-|$)")
_LONGEST = 100
_SPARK = "emr-spark-"
_SPARK_4 = 8
"""From here on EMR names its engine in the label."""
LINES = frozenset(("spark", "sagemaker", "dataproc"))
"""Platforms with one entry for all releases that begin alike."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A release's name taken apart."""

    family: str
    """Releases are compared within it: `emr-`, `emr-spark-`, or nothing."""
    numbers: tuple[int, ...]
    scala: str | None
    """As the name says it itself."""
    java: int | None
    odd: bool
    """Whether the vendor has no such name, or means something before the release by it."""
    text: str
    """The version in it, with the vendor's suffix: `3.5.6-amzn-2`."""

    @property
    def order(self) -> tuple[float, ...]:
        """For comparing: a name without all its numbers stands for the last release that begins so."""
        return (*self.numbers, inf)


def label(platform: str, release: str) -> Label | None:
    """The name taken apart; None for what cannot be a release of the platform."""
    text = release.strip()
    match = _GRAMMARS.get(platform, _NUMBERED).fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    parts = match.groupdict()
    rest = parts.get("rest") or ""
    numbers = tuple(int(part) for part in parts["numbers"].split("."))
    written = parts.get("family") or ""
    family = _SPARK if written and numbers[0] >= _SPARK_4 else written
    scala, java = _SCALA.search(rest), _JAVA.search(rest)
    version = re.split(r"[-_.](?:bin|scala)", text)[0]
    return Label(
        family=family,
        numbers=numbers,
        scala=scala[1] if scala else None,
        java=int(java[1]) if java else None,
        odd="preview" in rest or family != written,
        text=version,
    )


def covers(platform: str, known: Label, asked: Label) -> bool:
    """Whether an entry speaks of the release that was asked for."""
    if known.family != asked.family or (asked.odd and platform not in LINES):
        return False
    numbers = asked.numbers[: len(known.numbers)] if platform in LINES else asked.numbers
    return numbers == known.numbers
