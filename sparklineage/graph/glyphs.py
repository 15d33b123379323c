"""The characters and colours of a drawing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    seen: str
    declared: str
    arrow: str
    first: str
    middle_in: str
    last_in: str
    middle_out: str
    last_out: str
    again: str
    times: str
    states: dict[str, str]


DRAWN = Glyphs(
    seen="─", declared="┄", arrow="▸", first="┬", middle_in="┤", last_in="┘", middle_out="├", last_out="└",
    again="↺", times="\N{MULTIPLICATION SIGN}", states={"COMPLETE": "✓", "FAIL": "✗", "ABORT": "■", "RUNNING": "…"},
)  # fmt: skip
ASCII = Glyphs(
    seen="-", declared=".", arrow=">", first="+", middle_in="+", last_in="+", middle_out="+", last_out="+",
    again="(^)", times="x", states={"COMPLETE": "+", "FAIL": "!", "ABORT": "#", "RUNNING": "~"},
)  # fmt: skip
COLORS = {"COMPLETE": ("green",), "FAIL": ("red", "bold"), "ABORT": ("yellow",), "RUNNING": ("cyan",)}
