"""Sentences on stderr that can do no harm: a stderr that is closed, full or gone is nobody's business."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_STDERR = 2


def say(text: str) -> None:
    """`sparklineage: <text>` as one line."""
    write(f"sparklineage: {text}\n")


def write(text: str) -> None:
    """All of the text, with as few writes as it takes, so that a job's late output does not fall into it."""
    encoding = (getattr(sys.stderr, "encoding", None) or "utf-8") if sys.stderr else "utf-8"
    view = memoryview(text.encode(encoding, "backslashreplace"))
    with suppress(OSError, ValueError):
        if sys.stderr:
            sys.stderr.flush()
        while view:
            view = view[os.write(_STDERR, view) :]
