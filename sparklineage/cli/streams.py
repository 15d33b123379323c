"""Standard streams that a caller has closed, or that nobody reads any more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def open_missing() -> None:
    """Give a closed stdin, stdout or stderr to /dev/null.

    Otherwise the next file that is opened gets its number: a journal file would receive the job's output.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != fd:  # pragma: no cover - the lowest free number is the closed one
                os.dup2(opened, fd)
                os.close(opened)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for the process's whole life
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def let_go() -> None:
    """Flush what can be flushed; what cannot goes to /dev/null, so that the interpreter's end has nothing to tell.

    For a command whose exit status is another program's and must stay so.
    """
    for stream, fd in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, fd)
                os.close(null)
