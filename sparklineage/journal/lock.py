"""The lock of a run folder: held by whoever settles and delivers it, and by the driver while it lives.

`submit` hands the open file to spark-submit. An advisory lock belongs to the open file and not to the
process, so it stays held as long as either of them lives, also when `submit` is killed. The kernel
lets go when the last one ends; there is nothing to clean up and no pid to mistake for another.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError

if TYPE_CHECKING:
    from types import TracebackType

    from sparklineage.journal.folder import RunFolder


class RunLock:
    """An exclusive lock on a run folder; raises JournalBusyError where another process holds it."""

    def __init__(self, folder: RunFolder) -> None:
        self.fd = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.fd)
            raise JournalBusyError(
                f"{folder.path}: the run is alive or another process delivers it; try again when it has ended."
            ) from None

    def close(self) -> None:
        """Let go of this process's share of the lock."""
        os.close(self.fd)

    def __enter__(self) -> RunLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_held(folder: RunFolder) -> bool:
    """Whether somebody holds the lock of this run at the moment."""
    try:
        fd = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
