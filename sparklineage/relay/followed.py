"""The runs of a watcher: what it knows of each, and whose turn it is where there are more than it can carry at once."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING

from sparklineage.journal.access import check_folder
from sparklineage.relay.spool import check_plain

if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Collection, Sequence

    from sparklineage.journal import DeliveryLock, RunFolder
    from sparklineage.relay.couriers import Parcel
    from sparklineage.relay.follow import Follower

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
        self.given_back = 0
        """Up to where its events were given back to the disk."""

    @property
    def has_ended(self) -> bool:
        return self.over or self.follower is None


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
