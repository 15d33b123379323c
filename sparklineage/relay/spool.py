"""The run folders below a root that anybody's applications write into: which of them are worth a look."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError
from sparklineage.journal import RunFolder
from sparklineage.journal.read import size_of
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


LOCK = ".watching"
"""Held by the watcher of a root."""
_FEW, _SELDOM, _LONGEST = 100, 400, 30.0
"""Where there are more than a few folders, the time between two looks is so many times what one takes, in seconds."""
_GROWN = 60.0
"""Seconds between two looks whether what is put aside has grown."""


class WatchLock:
    """The right to watch a root. Raises JournalBusyError where another process has it, JournalError without access."""

    def __init__(self, root: Path, state: Path | None = None) -> None:
        # Anybody may make files in a spool, and hold them.
        path = (state or root) / LOCK
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}.") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise JournalBusyError(f"{root}: another `sparklineage relay watch` delivers this journal.") from None

    def close(self) -> None:
        os.close(self._fd)


def is_watched(root: Path, state: Path | None = None) -> bool:
    """Whether a process holds the right to watch the root; False also where that cannot be seen."""
    try:
        fd = os.open((state or root) / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


@dataclass
class Spool:
    """Looks at a root again and again; a folder that was put aside costs one `lstat` until it changes.

    Once a minute two more, for an application that goes on in files that are there.
    """

    root: Path
    state: Path | None = None
    """Where the relay's own files lie, if not in the runs' folders."""
    _aside: dict[str, tuple[tuple[int, int], int]] = field(default_factory=dict)
    """Inode and time of the last change, and bytes that were written, by run id."""
    _grown: float = 0.0
    """When those that are put aside are asked for their bytes again."""
    _next: float = 0.0
    """When the root is looked at again, a value of `time.monotonic()`."""

    def look(self) -> list[RunFolder]:
        """Every folder that is not put aside, in no order. A link is none, wherever it leads.

        Empty where there is no root yet. Raises JournalError where it is a file, or cannot be read.
        """
        began = time.monotonic()
        found, aside = [], {}
        thorough = began >= self._grown
        try:
            with os.scandir(self.root) as entries:
                for entry in entries:
                    if not is_run_id(entry.name):
                        continue
                    mark = _mark(entry)
                    if mark is None:
                        continue
                    folder, known = self._folder(entry.name), self._aside.get(entry.name)
                    if known is None or known[0] != mark or (thorough and known[1] != _written(folder)):
                        found.append(folder)
                    else:
                        aside[entry.name] = known
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(f"{self.root}: the journal cannot be read: {error.strerror}.") from None
        self._aside = aside  # what has left the journal is forgotten
        if thorough:
            self._grown = began + _GROWN
        took = time.monotonic() - began
        self._next = began + min(took * _SELDOM, _LONGEST) if len(found) + len(aside) > _FEW else 0.0
        return found

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again: the more folders there are, the more seldom."""
        return time.monotonic() >= self._next

    def hurry(self) -> None:
        """Look again at once: not all that was found has been dealt with."""
        self._next = 0.0

    def _folder(self, name: str) -> RunFolder:
        return RunFolder(self.root / name, self.state / name if self.state else None)

    def put_aside(self, folder: RunFolder) -> None:
        """There is nothing to do for it until a file comes or goes in it, or is found to have grown."""
        try:
            found = folder.path.lstat()
        except OSError:
            return
        self._aside[folder.run_id] = (found.st_ino, found.st_ctime_ns), _written(folder)


def _written(folder: RunFolder) -> int:
    return size_of(folder.witness) + size_of(folder.agent)


def check_plain(folder: RunFolder) -> None:
    """Raises JournalError where the folder or what is in it is a link or a pipe, or cannot be read or written.

    Whoever may write into the folder would choose what is read, or where our own files are written.
    """
    try:
        if not stat.S_ISDIR(folder.path.lstat().st_mode):
            raise JournalError(f"{folder.path}: is a link, and links are not followed.")
        for entry in _entries(folder.path):
            wanted = stat.S_ISDIR if entry.name == "delivery" else stat.S_ISREG
            if not wanted(_mode(entry)):
                raise JournalError(f"{entry.path}: is a link, or no plain file, and such are not followed.")
    except JournalError:
        raise
    except OSError as error:
        raise JournalError(f"{folder.path}: cannot be read: {error.strerror}.") from None
    if not folder.is_apart and not os.access(folder.path, os.R_OK | os.W_OK | os.X_OK):
        raise JournalError(f"{folder.path}: cannot be written: it belongs to somebody else.")


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        for entry in entries:
            yield entry
            if entry.name == "delivery" and entry.is_dir(follow_symlinks=False):
                yield from _entries(path / entry.name)


def _mode(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # replaced meanwhile by one of its own writers
        return stat.S_IFDIR if entry.name == "delivery" else stat.S_IFREG


def _mark(entry: os.DirEntry[str]) -> tuple[int, int] | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return (found.st_ino, found.st_ctime_ns) if stat.S_ISDIR(found.st_mode) else None
