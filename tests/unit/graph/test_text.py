"""What the drawing promises beyond the golden files."""

from __future__ import annotations

import re

from sparklineage.graph import Look, build, draw
from sparklineage.graph.cells import cells, cut, duration, printable
from tests.unit.graph.events import event

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_EVENTS = [
    event("START", "app", "etl", job_type="APPLICATION", parent=None),
    event("COMPLETE", "r1", "etl.join.b", inputs=["/lake/x", "/lake/航班"], outputs=["/lake/b"], at=1),
    event("FAIL", "r2", "etl.save.c", inputs=["/lake/b"], outputs=["/lake/c", "/lake/d"], error="boom\nat x", at=2),
    event("FAIL", "app", "etl", job_type="APPLICATION", parent=None, error="exit status 3", at=3),
]


def test_colours_change_nothing_but_colours() -> None:
    """Without its escape sequences the coloured drawing is the plain one, and every colour is switched off."""
    plain = draw(build(_EVENTS), Look(width=100))
    painted = draw(build(_EVENTS), Look(width=100, color=True))
    assert "\x1b" not in plain
    assert "\x1b[31;1m" in painted
    assert _ANSI.sub("", painted) == plain
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b[") for line in painted.splitlines())


def test_no_line_is_wider_than_asked_for_in_columns() -> None:
    """At the width where the columns just fit; one column less and the drawing is stacked."""
    graph = build(_EVENTS)
    wide = draw(graph, Look(width=200)).splitlines()
    need = max(cells(line) for line in wide if "▸" in line)
    assert draw(graph, Look(width=need)).splitlines() == wide
    assert "reads" in draw(graph, Look(width=need - 1))
    assert all(cells(line) <= need - 1 for line in draw(graph, Look(width=need - 1)).splitlines())


def test_columns_line_up_behind_wide_characters() -> None:
    """A character of two cells takes two columns."""
    lines = draw(build(_EVENTS), Look(width=100)).splitlines()
    first, second = (next(line for line in lines if name in line) for name in ("lake/x", "lake/航班"))
    assert cells(first[: first.index("┬")]) == cells(second[: second.index("┘")])


def test_the_error_is_its_first_line() -> None:
    """The rest of a stack trace stays in the journal."""
    text = draw(build(_EVENTS), Look(width=100))
    assert "FAIL: boom" in text
    assert "at x" not in text
    assert text.splitlines()[:2] == ["etl  ✗ FAIL 0.0 s", "FAIL: exit status 3"]


def test_an_ascii_drawing_of_ascii_names_is_ascii() -> None:
    """For a terminal or a log that can show no more."""
    events = [event("FAIL", f"r{n}", f"etl.save.{n}", inputs=["/a", "/b"], outputs=["/a", "/b"]) for n in range(3)]
    assert draw(build(events), Look(unicode=False)).isascii()


def test_nothing_is_drawn_of_nothing() -> None:
    """The caller says why; a graph of only folded runs is no drawing either."""
    assert draw(build([]), Look()) == ""


def test_names_cannot_command_the_terminal() -> None:
    """Escape sequences, control characters and direction overrides come out harmless."""
    assert printable("a\x1b]0;title\x07b\x1b[2Jc\r\nd\u202ee\x9b1m") == "abc d\ufffde\ufffd1m"


def test_long_texts_are_cut_by_cells() -> None:
    """The mark for what is missing is part of the width."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("abcdefg", 6, unicode=False) == "abc..."
    assert cells(cut("航班航班", 5)) <= 5


def test_durations_read_as_spoken() -> None:
    """One decimal for short ones, no seconds for hours."""
    times = {None: "", 40: "0.0 s", 9_940: "9.9 s", 9_960: "10 s", 59_600: "1 min 00 s", 125_000: "2 min 05 s"}
    assert {ms: duration(ms) for ms in times} == times
    assert duration(3_600_000 * 50 + 60_000 * 7) == "50 h 07 min"
