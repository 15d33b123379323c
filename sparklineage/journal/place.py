"""In which folder a run was seen: while a spool is not mounted, another folder lies in its place.

A link beside the relay's own files of a run says it; what it leads to is no path, but the folder's device and inode.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from pathlib import Path

_NAME = "spool"


def place_of(found: os.stat_result) -> str:
    """Which folder it is that has been looked at, whatever its path."""
    return f"{found.st_dev:x}-{found.st_ino:x}"


def seen_in(state: Path) -> str | None:
    """Where the run with these files of the relay's was seen last; None where nothing says that."""
    try:
        return str((state / _NAME).readlink())
    except OSError:
        return None


def see_in(state: Path, place: str) -> None:
    """Remember that the run is there. Raises OSError."""
    if seen_in(state) == place:
        return
    with suppress(FileNotFoundError):
        (state / _NAME).unlink()
    (state / _NAME).symlink_to(place)
