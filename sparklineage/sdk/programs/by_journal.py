"""An application with a folder in the journal, and a relay beside it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import SparklineageError
from sparklineage.journal import kept
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.agent import caught_up
from sparklineage.sdk.programs.chosen import Wanted, Way
from sparklineage.sdk.programs.outcome import outcome
from sparklineage.sdk.session import active, close_journal, context_of
from sparklineage.sdk.steps.record import LOG

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.assemble.beside import Beside
    from sparklineage.journal import RunFolder
    from sparklineage.sdk.programs.ending import End


_told: dict[Path, int] = {}
"""Bytes that the agent had written when an application ended, by its folder."""


def warn_of_queries_since(before: RunFolder) -> None:
    """Say how many queries the session has run since the application of this folder has ended. Never raises."""
    start = _told.get(before.path)
    if start is None or kept.is_kept(before.path):
        return
    with suppress(OSError), before.agent.open("rb") as file:
        file.seek(start)
        begun = [line for line in file if b'"eventType":"START"' in line and b'"APPLICATION"' not in line]
        if begun:
            LOG.warning(
                "%s queries have run between two applications of the session, and belong to none; %s keeps what the "
                "agent reported of them",
                len(begun), before.agent,
            )  # fmt: skip


def _size(folder: RunFolder) -> int:
    try:
        return folder.agent.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, kw_only=True)
class ByJournal(Way):
    """Its end is recorded there; the relay settles and delivers."""

    ends_here: bool = True
    wanted: Wanted
    beside: Beside

    def end(self, end: End) -> None:
        until = time.monotonic() + self.flush
        if not kept.is_kept(self.beside.folder.path):
            close_journal(self.beside.folder.path)
        if end.signal is not None:
            # The one that is told to end does not wait; the relay settles and delivers without it.
            self.beside.record_end(outcome(end, self.wanted.environ))
            return
        self._wait_for_listeners(until)
        if not end.is_known and self.beside.outlives:
            self.beside.leave(max(0.0, until - time.monotonic()))
            done = not self.beside.waiting
        else:
            done = self.beside.end(outcome(end, self.wanted.environ), max(0.1, until - time.monotonic()))
        _told[self.beside.folder.path] = _size(self.beside.folder)
        self._warn_of_the_unexecuted()
        if not done:
            LOG.warning(
                "%s events of this application's lineage wait in %s; the relay goes on for a minute, and then "
                "`sparklineage relay drain` sends them",
                self.beside.waiting or "the", self.folder,
            )  # fmt: skip

    def _warn_of_the_unexecuted(self) -> None:
        with suppress(SparklineageError, OSError):
            if lines := self.beside.unexecuted:
                LOG.warning("%s", mask("; ".join(lines), secrets_of(self.wanted.environ)))

    def _wait_for_listeners(self, until: float) -> None:
        """Until agent and witness have seen what the session has done so far; Spark tells them a little later."""
        context = context_of(self.wanted.session if self.wanted.session is not None else active())
        if context is not None and self.beside.folder.witness.exists():
            caught_up(context, until - time.monotonic())
