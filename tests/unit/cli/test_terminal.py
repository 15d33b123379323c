"""When there are colours, and which characters."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from sparklineage.cli.terminal import UNKNOWN_WIDTH, look_of


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _stream(encoding: str = "utf-8", *, terminal: bool = True) -> io.TextIOWrapper:
    kind = _Terminal if terminal else io.TextIOWrapper
    return kind(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize(
    ("environ", "terminal", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colours(environ: dict[str, str], terminal: bool, color: bool) -> None:
    """On a terminal alone, unless the environment says otherwise; NO_COLOR has the last word."""
    assert look_of(_stream(terminal=terminal), environ).color is color


@pytest.mark.parametrize(("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_line_drawing_needs_an_encoding_that_has_it(encoding: str, unicode: bool) -> None:
    """Otherwise plain ASCII."""
    assert look_of(_stream(encoding), {}).unicode is unicode


def test_width() -> None:
    """COLUMNS where it is a number, the terminal's own, or a guess."""
    assert look_of(_stream(), {"COLUMNS": "77"}).width == 77
    assert look_of(_stream(), {"COLUMNS": "wide"}).width == UNKNOWN_WIDTH
    assert look_of(_stream(), {"COLUMNS": "0"}).width == UNKNOWN_WIDTH


def test_a_real_terminal() -> None:
    """A pseudo-terminal with 93 columns shows colours and tells its width."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 93, 0, 0))
    with os.fdopen(child, "w", encoding="utf-8") as stream:
        look = look_of(stream, {"TERM": "xterm"})
    os.close(parent)
    assert (look.color, look.unicode, look.width) == (True, True, 93)
