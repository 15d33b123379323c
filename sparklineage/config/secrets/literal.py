"""Secrets that stand in a file as they are."""

from __future__ import annotations

import shlex
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def literal_problem(path: Path, keys: Sequence[str]) -> str | None:
    """A warning where `path`, which holds the literal secrets of `keys`, can be read by other users of the machine.

    None without keys, and where its mode cannot be had, as of standard input.
    """
    if not keys:
        return None
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError):
        return None
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    others = "everybody on this machine" if mode & stat.S_IROTH else "its group"
    return (
        f"{path}: {', '.join(keys)} {'stands' if len(keys) == 1 else 'stand'} there in plain text, and {others} can "
        f"read it (mode {mode:04o}); write a reference such as env:NAME, or run `chmod 600 {shlex.quote(str(path))}`."
    )
