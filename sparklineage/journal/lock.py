"""The two locks of a run folder: one stands for the driver's life, one is held by whoever settles and delivers.

`submit` hands the open file of `lock` to spark-submit. An advisory lock belongs to the open file and not to the
process, so it stays held as long as either of them lives, also when `submit` is killed. The kernel lets go when the
last one ends; there is nothing to clean up and no pid to mistake for another. Once outcome.json says that the driver
has ended, `lock` means nothing any more: what still holds it is a process that the job left behind.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError
from sparklineage.journal.access import descriptor

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sparklineage.journal.folder import RunFolder

_LOOK = 0.02
_OWN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class _Lock:
    def __init__(self, path: Path, wait: float = 0.0, *, make: bool = True) -> None:
        until = time.monotonic() + wait
        self.fd = -1
        try:
            self.fd = os.open(path, _OWN, 0o600) if make else descriptor(path)
        except FileNotFoundError:
            if make:
                raise
            return  # nobody has it
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() < until:
                    time.sleep(_LOOK)
                    continue
                self.close()
                raise JournalBusyError(
                    f"{path.parent}: the run is alive or another process delivers it; try again when it has ended."
                ) from None
            return

    def close(self) -> None:
        """Let go of this process's share of the lock."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RunLock(_Lock):
    """The driver's life, exclusively; raises JournalBusyError where another process holds it.

    In a folder that is somebody else's nothing is made: without the file nobody holds it.
    """

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder.lock, make=not folder.is_apart)

    def __enter__(self) -> RunLock:
        return self


class DeliveryLock(_Lock):
    """The right to settle and deliver a run, exclusively.

    Raises JournalBusyError where another process still has it after `wait` seconds.
    """

    def __init__(self, folder: RunFolder, *, wait: float = 0.0) -> None:
        super().__init__(folder.delivering, wait)

    def __enter__(self) -> DeliveryLock:
        return self


def is_held(folder: RunFolder) -> bool:
    """Whether the driver of this run, or the `submit` that waits for it, is alive at the moment."""
    try:
        fd = descriptor(folder.lock) if folder.is_apart else os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # a ForeignError is one
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
