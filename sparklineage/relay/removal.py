"""Taking a run's folder away: renamed first, so that half a run never looks like a run, then removed."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError
from sparklineage.journal import DeliveryLock, RunLock
from sparklineage.journal.place import place_of, see_in, seen_in
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sparklineage.journal import RunFolder

_LEAVING = ".leaving-"
"""What a folder's name begins with while it is removed."""
_MOST_ENTRIES = 10_000


def take_away(folder: RunFolder, allowed: Callable[[], bool], then: Callable[[], None] = lambda: None) -> bool:
    """Whether this call removed it. Neither the folder nor anything in it is followed where it is a link.

    `allowed` is asked while nobody else can deliver the run; `then` is called when it is none any more, and once more
    when it has made room, where the disk is full.
    """
    # Somebody else may have put something in the way of a name that they can guess.
    mark = f".{secrets.token_hex(8)}" if folder.is_apart else ""
    gone = folder.path.with_name(f"{_LEAVING}{folder.run_id}{mark}")
    try:
        if not stat.S_ISDIR(folder.path.lstat().st_mode):
            return False
        with ExitStack() as locks:
            locks.enter_context(RunLock(folder))
            if folder.state.exists():
                locks.enter_context(DeliveryLock(folder))
            if not allowed():
                return False
            folder.path.rename(gone)
            try:
                then()
            except OSError:
                _remove(gone)
                with suppress(OSError):
                    then()
    except (JournalBusyError, JournalError, OSError):
        return False
    _remove(gone)
    if folder.is_apart:
        # Last, so that no run that is still there is delivered a second time.
        _remove(folder.state)
    return True


def sweep(root: Path, state: Path | None, until: float) -> list[Path]:
    """Remove what a process that was killed has left, until then. Returns what cannot be removed."""
    stuck: list[Path] = []
    for path in _named(root, _LEAVING):
        if time.monotonic() >= until:
            return stuck
        if is_run_id(path.name.removeprefix(_LEAVING).partition(".")[0]) and not _remove(path):
            stuck.append(path)
    if state is not None:
        _forget(root, state, until)
    return stuck


def _forget(root: Path, state: Path, until: float) -> None:
    """Drop what is known of the runs that their owners have removed; not while another folder lies in their place."""
    try:
        at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return  # the root is away, or cannot be read for the moment
    try:
        place = place_of(os.fstat(at))
        for path in _named(state, ""):
            if not is_run_id(path.name):
                continue
            if not _has_left(path.name, at):
                with suppress(OSError):
                    see_in(path, place)
            elif seen_in(path) in (place, None) and time.monotonic() < until:
                _remove(path)
    finally:
        os.close(at)


def _has_left(name: str, at: int) -> bool:
    """Whether the open folder holds no such run."""
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def size_of(path: Path) -> int:
    """Bytes that all files below `path` take on the disk; links count as what they are."""
    total, folders, seen = 0, [path], 0
    while folders and seen < _MOST_ENTRIES:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen >= _MOST_ENTRIES:
                    break
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(path / entry.path)
                    else:
                        # A file may have holes where bytes were given back.
                        holes = stat.S_ISREG(found.st_mode) and found.st_blocks * 512 < found.st_size
                        total += found.st_blocks * 512 if holes else found.st_size
    return total


def _remove(path: Path) -> bool:
    """Whether nothing of the folder is left; a link is none."""
    if not shutil.rmtree.avoids_symlink_attacks:
        raise JournalError(f"{path}: cannot be removed safely on this system.")
    with suppress(OSError, RecursionError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
    return not path.is_dir()


def _named(root: Path, prefix: str) -> list[Path]:
    with suppress(OSError), os.scandir(root) as entries:
        return [root / entry.name for entry in entries if entry.name.startswith(prefix)]
    return []
