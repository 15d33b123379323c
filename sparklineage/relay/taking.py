"""Taking a run: the lock on it, its end where nobody has settled it, and a place among what is delivered."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.journal import DeliveryLock, RunLock, make_state
from sparklineage.relay.deliver import Delivery, Waits
from sparklineage.relay.drain import close_if_lost
from sparklineage.relay.follow import Follower
from sparklineage.relay.followed import Followed, check_run

if TYPE_CHECKING:
    from sparklineage.journal import RunFolder
    from sparklineage.relay.couriers import Couriers
    from sparklineage.relay.judge import Judge
    from sparklineage.relay.sinks import Sink
    from sparklineage.relay.surroundings import Surroundings


@dataclass
class Taker:
    """Takes runs for one backend."""

    judge: Judge
    couriers: Couriers
    sink: Sink
    waits: Waits
    surroundings: Surroundings
    secrets: tuple[str, ...]
    """None of them is written where a run is settled."""

    def take(self, folder: RunFolder, *, follow: bool) -> Followed:
        """To follow it, or to settle and deliver what has ended. Raises JournalBusyError where somebody else has it."""
        check_run(folder)  # it may have waited for long
        make_state(folder)
        lock = DeliveryLock(folder)
        try:
            follower, over = None, False
            if not follow and folder.is_apart and not folder.settled.exists():
                over = True  # as much of it in a round as of any other
            if follow or over:
                follower = self._follower(folder)
            elif not folder.settled.exists():
                self._close(folder)
            parcel = self.couriers.take(Delivery(folder, self.sink, self.waits))
        except BaseException:
            lock.close()
            raise
        run = Followed(folder, lock, follower, parcel)
        if over and follower is not None:
            run.over = over
            follower.mark_end()
        return run

    def _close(self, folder: RunFolder) -> None:
        if self.judge.closes_all and not folder.outcome.exists():
            # A process id of another container says nothing here.
            self._follower(folder).finish()
            return
        with ExitStack() as locks:
            if not folder.outcome.exists():
                locks.enter_context(RunLock(folder))
            close_if_lost(folder, secrets=self.secrets, surroundings=self.surroundings)

    def _follower(self, folder: RunFolder) -> Follower:
        return Follower(folder, secrets=self.secrets, surroundings=self.surroundings)
