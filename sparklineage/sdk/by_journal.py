"""An application with a folder in the journal, and a relay beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.sdk.agent import caught_up
from sparklineage.sdk.chosen import Wanted, Way
from sparklineage.sdk.outcome import outcome
from sparklineage.sdk.record import LOG
from sparklineage.sdk.session import active, close_journal, context_of

if TYPE_CHECKING:
    from sparklineage.assemble.beside import Beside
    from sparklineage.sdk.ending import End


@dataclass(frozen=True, kw_only=True)
class ByJournal(Way):
    """Its end is recorded there; the relay settles and delivers."""

    ends_here: bool = True
    wanted: Wanted
    beside: Beside

    def end(self, end: End, flush: float) -> None:
        until = time.monotonic() + flush
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
        if not done:
            LOG.warning(
                "%s events of this application's lineage wait in %s; the relay goes on for a minute, and then "
                "`sparklineage relay drain` sends them",
                self.beside.waiting or "the", self.folder,
            )  # fmt: skip

    def _wait_for_listeners(self, until: float) -> None:
        """Until agent and witness have seen what the session has done so far; Spark tells them a little later."""
        context = context_of(self.wanted.session if self.wanted.session is not None else active())
        if context is not None and self.beside.folder.witness.exists():
            caught_up(context, until - time.monotonic())
