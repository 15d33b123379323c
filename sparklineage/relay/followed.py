"""The runs of a watcher: what it knows of each, and whose turn it is where there are more than it can carry at once."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING

from sparklineage.journal.access import check_folder
from sparklineage.journal.holes import give_back
from sparklineage.journal.read import size_of
from sparklineage.relay.checkpoint import EVERY
from sparklineage.relay.spool import check_plain

if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Collection, Sequence

    from sparklineage.journal import DeliveryLock, RunFolder
    from sparklineage.relay.couriers import Parcel
    from sparklineage.relay.follow import Follower
    from sparklineage.relay.judge import Judge

_ASK = 2.0
"""Seconds between two questions whether a driver is gone."""
_QUIET = 2.0
"""Seconds without a new line after which an application that has told its end is settled."""
_LOOKS = 2
"""Rounds at least that read what has grown."""
_LINGER = 3600.0
"""Seconds without a new line after which a process that lives on without its SparkContext is not waited for."""
_SILENT = 600.0
"""Seconds without a new line after which an application makes room for another."""


class Followed:
    """A run that is being followed or delivered."""

    def __init__(self, folder: RunFolder, lock: DeliveryLock, follower: Follower | None, parcel: Parcel) -> None:
        self.folder = folder
        self.lock = lock
        self.follower = follower
        """None once the run is settled."""
        self.parcel = parcel
        self.moved = time.monotonic()
        """When its files last grew."""
        self.size = -1
        self.looks = 0
        """How often it was read since then."""
        self.asked = -math.inf
        """When its driver was looked for."""
        self.owner = folder.owner
        self.over = False
        """Whether its application had ended when it was taken."""
        self.trouble: Exception | None = None
        """Why it has to be begun anew, once no event of it is under way: what is known of it may be half changed."""
        self._given_back = 0
        """Up to where its events were given back to the disk."""

    @property
    def has_ended(self) -> bool:
        return self.over or self.follower is None

    def follow(self, judge: Judge) -> tuple[bool, bool]:
        """Take in what has come, to the end where its application has ended.

        Returns whether anything moves, and whether there is something new to deliver.
        """
        follower, folder = self.follower, self.folder
        if follower is None:
            return False, False
        if not folder.is_apart:
            check_plain(folder)
        size = sum(map(size_of, (folder.agent, folder.witness, folder.steps)))
        now = time.monotonic()
        if not size or size < self.size:
            check_run(folder)  # not where its spool is away: nothing that was read would have an end
        if size != self.size:
            self.size, self.moved, self.looks = size, now, 0
        # What the last round has read may answer what the one before had, however long ago that was.
        is_of_use = self.over or self.looks < _LOOKS or now - self.moved <= _QUIET or follower.more
        events = follower.poll() if is_of_use else []
        self.looks += 1
        # Of a spool of many as much in a round as of any other, until its end is reached.
        behind = folder.is_apart and (not follower.is_at_end if self.over else follower.more)
        if not behind and (self.over or self._is_over(follower, judge, now)):
            follower.finish()
            self.follower = None
        elif not behind and now - self.moved >= _LINGER and (stopped := follower.stopped()) is not None:
            follower.finish(stopped)
            self.follower = None
        elif not events:
            return behind, False
        self._give_back(follower)
        return True, True

    def _is_over(self, follower: Follower, judge: Judge, now: float) -> bool:
        if self.folder.outcome.exists() or judge.closes_all:
            return True
        # What a query says of its end comes after its application's, and the agent after the witness.
        if follower.told() is not None and now - self.moved >= _QUIET:
            return True
        if now - self.asked < _ASK:
            return False
        self.asked = now
        return judge.is_gone(self.folder)

    def _give_back(self, follower: Follower) -> None:
        """The room of events that are delivered, and that nobody needs who begins anew."""
        checkpoint, delivery = follower.checkpoint, self.parcel.delivery
        end = min(checkpoint.events, delivery.offset) if checkpoint is not None else 0
        if end - self._given_back >= EVERY:
            delivery.sync()
            give_back(self.folder.events, end)
            self._given_back = end


def next_waiting(waiting: OrderedDict[str, RunFolder], runs: Collection[Followed]) -> RunFolder:
    """Taken out of `waiting`: the first of the user who has the fewest ended runs on their way."""
    if len(waiting) > 1 and next(iter(waiting.values())).is_apart:
        under_way = Counter(run.owner for run in runs if run.has_ended)
        return waiting.pop(min(waiting, key=lambda run_id: under_way[waiting[run_id].owner]))
    return waiting.popitem(last=False)[1]


def who_goes(folder: RunFolder, followed: Sequence[Followed]) -> Followed | None:
    """The application that makes place for this one: one of the user who has the most, else a silent one."""
    counts = Counter(run.owner for run in followed)
    owner, most = counts.most_common(1)[0]
    others = [run for run in followed if run.owner == owner]
    if counts[folder.owner] >= most - 1:
        silent = time.monotonic() - _SILENT
        others = [run for run in followed if run.moved < silent]
    return min(others, key=lambda run: run.moved, default=None)


def check_run(folder: RunFolder) -> None:
    """Raises JournalError where the folder is not one that an application has made."""
    if folder.is_apart:
        check_folder(folder.path)
    else:
        check_plain(folder)


def changed(folder: RunFolder) -> float:
    """When a file came or went in it, in seconds since the epoch."""
    try:
        return folder.path.lstat().st_ctime
    except OSError:
        return 0.0
