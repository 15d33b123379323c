"""Whether the driver of a run is there, as far as anybody on this machine can tell."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.journal import LineReader, read_json
from sparklineage.journal.lock import is_held
from sparklineage.relay.again import attempts
from sparklineage.relay.clocks import Clocks

if TYPE_CHECKING:
    from sparklineage.journal import RunFolder

_STARTING = 2.0
"""Seconds that a new lock is not touched."""
_CLOCK = 3600.0
"""Seconds by which the clock may have been set since a driver began, unseen by us."""
_MOST = 16
"""Process ids of one run that are looked at."""
_CLOCKS = Clocks()


@dataclass(frozen=True)
class Driver:
    """A process that a witness wrote down; the user who wrote it may have made it up."""

    pid: int
    since: float | None
    """When it wrote, in seconds since the epoch: it began before."""
    owner: int | None = None
    """Whose process it has to be, if that is known."""
    witness: Path | None = None
    """The file that it writes into."""

    def lives(self) -> bool:
        """Whether the process runs; one that nobody has waited for, as in many containers, does not.

        A process of another user, or one that began later, has only been given the id.
        """
        proc = Path(f"/proc/{self.pid}")
        try:
            fields = (proc / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            state, began = fields[0], float(fields[19]) / os.sysconf("SC_CLK_TCK")
            owner = proc.stat().st_uid
        except (OSError, IndexError, ValueError):
            return self._answers()  # /proc may hide the processes of others
        if state in ("Z", "X") or (self.owner is not None and owner != self.owner):
            return False
        if self.since is None or began <= _CLOCKS.latest(self.since) + _CLOCK:
            return True
        return self.witness is not None and _has_open(proc, self.witness)

    def _answers(self) -> bool:
        with suppress(ProcessLookupError, OverflowError):
            try:
                os.kill(self.pid, 0)
            except PermissionError:
                return True
            return True
        return False


def living_driver(folder: RunFolder) -> int | None:
    """The driver's process id, where the witness wrote it on this machine and the process is there.

    A driver that no `submit` started holds no lock. A process id that was given away since makes the run wait
    for another time, which is the harmless mistake.
    """
    return next((driver.pid for driver in _drivers(folder) or () if driver.lives()), None)


def is_alive(folder: RunFolder) -> bool:
    """Whether the run has not ended: nobody has recorded an end, and its driver or its `submit` is there."""
    return not folder.outcome.exists() and (is_held(folder) or living_driver(folder) is not None)


def is_gone(folder: RunFolder) -> bool:
    """Whether the driver was on this machine and is there no more; False also where nobody here can tell.

    Less than `not is_alive`: an application that is about to start has no lock and no process id yet, and a driver
    of another machine may write into a folder that both share.
    """
    try:
        # Looking at a lock takes it for a moment; a `submit` that starts must not find it taken.
        has_lock = time.time() - folder.lock.lstat().st_mtime > _STARTING
        if not has_lock or is_held(folder):
            return False
    except OSError:
        has_lock = False
    drivers = _drivers(folder)
    if drivers:
        return not any(driver.lives() for driver in drivers)
    if drivers is None or not has_lock:
        return False
    return (read_json(folder.run, access=folder.access) or {}).get("host", "") in (socket.gethostname(), None)


def _drivers(folder: RunFolder) -> list[Driver] | None:
    """The processes that the witness wrote on this machine; None where it wrote on another one."""
    found = []
    owner = folder.path.lstat().st_uid if folder.is_apart else None
    readers = (LineReader(folder.witness, place, access=folder.access) for place in attempts(folder))
    for record in chain.from_iterable(reader.read(most=1 << 16) for reader in readers):
        pid, host, since = record.get("pid"), record.get("host"), record.get("time")
        if isinstance(pid, int) and pid > 0:
            if host not in (socket.gethostname(), None):
                return None
            wrote = since / 1000 if isinstance(since, int) and 0 < since < 1 << 53 else None
            found.append(Driver(pid, wrote, owner, folder.witness))
    return found[-_MOST:]


def _has_open(proc: Path, path: Path) -> bool:
    """Whether the process has the file open; False also where its user does not let us see that."""
    with suppress(OSError):
        wanted = path.lstat()
        for entry in (proc / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                if os.path.samestat(entry.stat(), wanted):
                    return True
    return False
