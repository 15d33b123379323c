"""What `sparklineage.application` has in common with `submit`: a journal folder, and a relay beside the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from typing import TYPE_CHECKING, Any

from sparklineage.assemble.next_folder import Reported, hand_over
from sparklineage.assemble.relay_process import RelayProcess, settle_here
from sparklineage.assemble.run_record import run_record, start_of
from sparklineage.assemble.unexecuted import unexecuted_of
from sparklineage.errors import JournalBusyError
from sparklineage.journal import Reserve, RunFolder, RunLock, create_folder, exit_status, read_json, write_json
from sparklineage.journal.write import append_line
from sparklineage.model.ids import new_run_id
from sparklineage.model.masking import secrets_of
from sparklineage.relay import arrivals
from sparklineage.relay.deliver import Waits
from sparklineage.relay.handover import Handover
from sparklineage.relay.retire import Keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sparklineage.config import Settings
    from sparklineage.model.parent import Parent

_LINGER = 60.0
"""Seconds for which the relay delivers when the application is gone; what waits then is for `relay drain`."""

delivering: dict[Path, tuple[str, str]] = {}
"""The folders for which this process has started a relay: its backend, without secrets, and what names that."""


class Beside:
    """A run folder whose outcome this process writes, and the relay that delivers it meanwhile."""

    def __init__(self, folder: RunFolder, *, relay: RelayProcess | None, why: str, lock: RunLock | None) -> None:
        self.folder = folder
        self.relay = relay
        self.why = why
        """Who delivers, for people."""
        self._lock = lock
        self._reserve: Reserve | None = None
        # A node's spool has a relay that reads what it may by the group.
        self._shared = bool(folder.path.stat().st_mode & stat.S_ISGID)
        if not self._shared:
            self._reserve = Reserve(folder.outcome)
        self._hears_exit = exit_status.record(folder, 0o660 if self._shared else 0o600)

    @classmethod
    def new(
        cls,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        job: tuple[str, str],
        parent: Parent | None,
        named: bool = False,
    ) -> Beside:
        """A folder of its own in the journal, for an application without one. Raises SparklineageError and OSError.

        `named` where somebody chose the job's name, which counts for a session that is yet to be made too.
        """
        folder = create_folder(settings.journal.value, new_run_id())
        return cls._owned(folder, settings, environ, run_record(folder, settings, environ, job, parent, named=named))

    @classmethod
    def of(
        cls,
        folder: RunFolder,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        job: tuple[str, str],
        parent: Parent | None,
    ) -> Beside:
        """The folder that the session's witness has made. Raises SparklineageError and OSError."""
        if folder.path.stat().st_mode & stat.S_ISGID:
            return cls(folder, relay=None, why="the relay of this node delivers", lock=None)
        if settings.backend.value is None:
            drain = "`sparklineage relay drain --all`"
            why = f"no backend is configured: {drain} or a relay that watches the journal delivers"
            return cls(folder, relay=None, why=why, lock=None)
        return cls._owned(folder, settings, environ, run_record(folder, settings, environ, job, parent))

    @classmethod
    def after(
        cls,
        before: RunFolder,
        conf: Any,
        lead: Callable[[Path], bool],
        settings: Settings,
        environ: Mapping[str, str],
        *,
        job: tuple[str, str],
        parent: Parent | None,
    ) -> Beside:
        """A folder for the next application of a session, whose listeners go on as they were told for the first.

        `conf` is that of its SparkContext, and `lead` as `hand_over` takes it. Raises SparklineageError and OSError.
        """
        reported = Reported.of(conf)
        shared = bool(before.path.stat().st_mode & stat.S_ISGID)
        if not before.settled.exists() and not shared:
            settle_here(before, secrets_of(environ))
        folder = create_folder(before.path.parent, new_run_id())
        record = run_record(folder, settings, environ, job, parent) | {"reportedAs": reported.run_id}
        if shared:
            record["backend"] = None  # the relay of the node delivers
            folder.path.chmod(0o2770)
        try:
            # The agent has told its start under the first one's run.
            append_line(folder.agent, start_of(record))
            if shared:
                # Before the witness's file is there, from which on the relay of the node takes it in.
                write_json(folder.run, record)
                folder.run.chmod(0o660)
            hand_over(before, folder, reported, lead, shared=shared)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        if shared:
            return cls(folder, relay=None, why="the relay of this node delivers", lock=None)
        return cls._owned(folder, settings, environ, record)

    @classmethod
    def _owned(
        cls,
        folder: RunFolder,
        settings: Settings,
        environ: Mapping[str, str],
        record: Mapping[str, Any],
    ) -> Beside:
        lock = RunLock(folder)
        backend = settings.backend.value
        try:
            if backend is None:
                write_json(folder.run, record)
                why = "no backend is configured: `sparklineage relay drain --all` delivers"
                return cls(folder, relay=None, why=why, lock=lock)
            told = Handover(
                backend=backend,
                secrets=(*backend.secrets, *secrets_of(environ)),
                waits=Waits(first=settings.retry.first, longest=settings.retry.longest),
                keep=Keep(size=settings.limits.size, age=settings.limits.age),
                linger=_LINGER,
            )
            try:
                write_json(folder.run, record)
                relay = RelayProcess(folder, told, environ=environ, lock_fd=lock.fd)
            except JournalBusyError:
                # Without run.json it stays the run of whoever watches the journal.
                with contextlib.suppress(OSError):
                    folder.run.unlink()
                return cls(folder, relay=None, why="a relay that watches the journal delivers", lock=lock)
            delivering[folder.path] = backend.shown, settings.backend.source
            why = f"a relay beside this process delivers to {backend.shown} ({settings.backend.source})"
            return cls(folder, relay=relay, why=why, lock=lock)
        except BaseException:
            lock.close()
            raise

    def end(self, outcome: Mapping[str, Any], within: float) -> bool:
        """Record the end, and wait until it is delivered, at most so many seconds; what waits then goes on without us.

        False where something is left to deliver. Raises SparklineageError and OSError.
        """
        try:
            self.record_end(outcome)
            if self.relay is not None:
                until = time.monotonic() + within
                settled = self.relay.ended(within)
                if settled:
                    self.relay.drain(max(0.0, until - time.monotonic()), lambda: False)
                self.relay.let_go()
                return settled and not self.waiting
            if self.folder.run.exists() and self._lock is not None:
                settle_here(self.folder, secrets_of(os.environ))
            return True
        finally:
            if self._lock is not None:
                self._lock.close()

    @property
    def waiting(self) -> int:
        """How many settled events the backend of the relay beside has not taken."""
        return sum(item.waiting for item in arrivals(self.folder)) if self.relay is not None else 0

    @property
    def unexecuted(self) -> list[str]:
        """What was declared for queries that never ran, for people; known when all is settled. Raises JournalError."""
        return unexecuted_of(read_json(self.folder.settled) or {})

    @property
    def outlives(self) -> bool:
        """Whether somebody will tell the end by this process's exit status, once it is gone."""
        # With the first process of a container its relay ends too.
        return self._hears_exit and (self.relay is None or os.getpid() != 1)

    def leave(self, within: float) -> None:
        """As this process's last act: what is settled is delivered meanwhile, at most so many seconds.

        The end is left to whoever finds the exit status: the relay beside, that of the node, or `relay drain`.
        """
        if self._reserve is not None:
            self._reserve.drop()
        if self.relay is not None:
            self.relay.outlive(within)

    def record_end(self, outcome: Mapping[str, Any]) -> None:
        """Write the end and wait for nothing, as a process does that is told to end. Raises OSError."""
        exit_status.forget(self.folder)
        if self._reserve is not None:
            self._reserve.write(outcome)
        else:
            write_json(self.folder.outcome, outcome)
            self.folder.outcome.chmod(0o660)
