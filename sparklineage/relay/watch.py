"""Deliver a journal while applications write into it: for a node's service, and for a container beside a driver."""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict, deque
from functools import partial
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError
from sparklineage.journal import ForeignError, read_json
from sparklineage.relay.again import Since, since
from sparklineage.relay.causes import Causes, sentence
from sparklineage.relay.couriers import Couriers
from sparklineage.relay.deliver import DEFAULT_WAITS, Waits
from sparklineage.relay.dropped import Dropped
from sparklineage.relay.followed import changed, next_waiting, who_goes
from sparklineage.relay.judge import Finding, Judge
from sparklineage.relay.later import Later
from sparklineage.relay.retire import Keep, retire
from sparklineage.relay.sinks import Verdict
from sparklineage.relay.spool import Spool
from sparklineage.relay.surroundings import NOWHERE, Surroundings
from sparklineage.relay.taking import Taker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sparklineage.journal import RunFolder
    from sparklineage.relay.couriers import Parcel
    from sparklineage.relay.followed import Followed
    from sparklineage.relay.sinks import Answer, Sink

_COURIERS = 4
_ENDED = 16
"""Ended runs that are delivered at once; the others are only names until then."""
_TRIES = 3
"""Attempts at one event before an ended run makes room for another."""
_FOLLOWED = 200
"""Living applications that are followed at once."""
_WAITING = 1000
"""Ended runs that are remembered until there is room; the others are found again."""
_BUSY = 1.0
"""Seconds before a folder that somebody else has is looked at again."""
_LATER = 30.0
"""Seconds before an event that its backend does not take is tried again in an ended run."""
_FULL = 60.0
"""Seconds before an application is looked at again that there was no place for."""
_NEWBORN = 5.0
"""Seconds that a folder may take to get the mode that lets us read it."""
_RETIRE_EACH, _RETIRE = 60.0, 2.0
"""Seconds between two looks for runs that leave the journal, and that one may take."""


class Watcher:
    """Call `round` again and again, and `close` at the end. `say` gets a line a finished run, `warn` one a cause."""

    def __init__(
        self,
        root: Path,
        make_sink: Callable[[float], Sink],
        *,
        say: Callable[[str], None],
        warn: Callable[[str], None],
        everything: bool = False,
        beside: bool = False,
        secrets: Iterable[str] = (),
        waits: Waits = DEFAULT_WAITS,
        keep: Keep | None = None,
        state: Path | None = None,
        surroundings: Surroundings = NOWHERE,
    ) -> None:
        """`everything` takes runs too that were submitted without this backend.

        With `state` the relay's own files lie below that folder, and nothing is written below `root`.
        With `beside` the drivers' processes cannot be seen from here, and all have ended once `close` is called.
        None of `secrets` is written where a run is settled. See `Couriers` for `make_sink`.
        """
        self.root = root
        sink = make_sink(math.inf)
        self.key = sink.key
        self._say = say
        self._causes = Causes(sink.shown, warn)
        self._everything = everything
        self._judge = Judge(self.key, everything=everything, beside=beside, say=say, warn=self._causes.tell)
        self._keep = keep or Keep()
        self._learnt: deque[tuple[str, ...]] = deque()
        self._spool = Spool(root, state)
        self._runs: dict[str, Followed] = {}
        self._waiting: OrderedDict[str, RunFolder] = OrderedDict()
        """Ended runs for which there was no room yet."""
        self._later = Later()
        self._retired = -_RETIRE_EACH
        self._answered = False
        """Whether the backend has taken or refused an event since the last round."""
        self._couriers = Couriers(_COURIERS, make_sink, self._hear)
        self._taker = Taker(self._judge, self._couriers, sink, waits, surroundings, tuple(secrets))

    def hide(self, secrets: Iterable[str]) -> None:
        """Keep these too out of what is written, from the next round on. May be called by another thread."""
        self._learnt.append(tuple(secrets))

    def _hear(self, answer: Answer) -> None:
        if answer.verdict is not Verdict.RETRY:
            self._answered = True

    def round(self) -> bool:
        """Look at the root and at every run once; whether anything may still move without an application's doing.

        Raises JournalError where the root cannot be read.
        """
        self._learn()
        moved = self._look()
        for run in list(self._runs.values()):
            moved = self._tend(run) or moved
        moved = self._make_room() or moved
        answered, self._answered = self._answered, False
        errors = [
            error
            for run in self._runs.values()
            if run.parcel.delivery.failures and (error := run.parcel.delivery.last_error)
        ]
        # A run that makes room takes its error along, and nothing was taken.
        self._causes.backend(errors, answered=answered)
        if not self._judge.over:
            self._retire()
        return moved

    def close(self, until: float, nap: Callable[[], bool]) -> None:
        """Deliver what can be delivered before `until`, a value of `time.monotonic()`, then let go of everything.

        `nap` waits a moment, and says whether to leave at once.
        """
        self._judge.over = True
        self._later.clear()
        self._couriers.hurry(until)
        try:
            while time.monotonic() < until and self.round() and not nap():
                pass
        except JournalError as error:
            self._causes.tell(str(error))
        self._couriers.leave(until)
        for run in self._runs.values():
            run.lock.close()
        self._runs.clear()

    def _learn(self) -> None:
        while self._learnt:
            found = self._learnt.popleft()
            self._taker.secrets += found
            for run in self._runs.values():
                if run.follower is not None:
                    run.follower.hide(found)

    def _look(self) -> bool:
        if not (self._spool.is_due or self._judge.over):
            return False
        found = {folder.run_id: folder for folder in self._spool.look()}
        self._later.keep(found)
        for run_id in [run_id for run_id in self._waiting if run_id not in found]:
            del self._waiting[run_id]
        fresh = [
            folder
            for run_id, folder in found.items()
            if run_id not in self._runs and run_id not in self._waiting and self._later.is_due(run_id)
        ]
        moved = False
        for folder in sorted(fresh, key=lambda folder: (folder.begun, folder.run_id)):
            moved = self._guard(folder, partial(self._consider, folder)) or moved
            if len(self._waiting) >= _WAITING:
                self._spool.hurry()
                break
        return moved

    def _consider(self, folder: RunFolder) -> bool:
        """Begin to follow it, let it wait for its turn, or leave it alone."""
        found = self._judge.judge(folder)
        if found is Finding.LIVES:
            return self._take(folder, follow=True)
        if found is Finding.ENDED:
            self._waiting[folder.run_id] = folder
        elif found is Finding.AGAIN:
            self._spool.hurry()
        elif found is Finding.DONE:
            self._spool.put_aside(folder)
        return found in (Finding.ENDED, Finding.AGAIN)

    def _take(self, folder: RunFolder, *, follow: bool) -> bool:
        """False where too many others are followed. Raises JournalBusyError where somebody else delivers it."""
        if follow and not self._make_place(folder):
            self._later.wait(folder.run_id, _FULL)
            return False
        self._runs[folder.run_id] = self._taker.take(folder, follow=follow)
        return True

    def _tend(self, run: Followed) -> bool:
        """One round of one run; whether anything moves in it."""
        moved = False
        if run.trouble is not None:
            self._trouble(run.folder, run.trouble, run)
        elif run.follower is not None:
            moved = self._guard(run.folder, partial(self._follow, run), run)
        if run.folder.run_id not in self._runs or run.trouble is not None:
            return True
        parcel = run.parcel
        parcel.delivery.note_silence()
        if parcel.broken is not None and not parcel.carried:
            self._trouble(run.folder, parcel.broken, run)
            return True
        if run.follower is not None:
            return moved or not (parcel.at_rest or self._gives_up(parcel))
        if parcel.at_rest and not moved:
            return self._guard(run.folder, partial(self._finish, run), run)
        if self._gives_up(parcel) and (self._waiting or self._judge.over):
            # It makes room: one run may hold an event that the backend cannot take.
            if self._drop(run):
                self._later.wait(run.folder.run_id, _LATER)
            return bool(self._waiting)
        return not self._gives_up(parcel)

    def _gives_up(self, parcel: Parcel) -> bool:
        """What waits for another time; a journal that ends with its container has no other time."""
        return not self._judge.closes_all and parcel.stuck and parcel.delivery.failures >= _TRIES

    def _follow(self, run: Followed) -> bool:
        moved, has_news = run.follow(self._judge)
        if has_news:
            self._couriers.wake(run.parcel)
        return moved

    def _finish(self, run: Followed) -> bool:
        settled, is_over = read_json(run.folder.settled) or {}, since(run.folder) is Since.NOTHING
        if self._drop(run):
            if is_over:
                self._spool.put_aside(run.folder)
            delivery = run.parcel.delivery
            line = f"{run.folder.run_id}  {settled.get('state')}, {delivery.delivered} delivered"
            self._say(f"{line}, {delivery.refused} refused (dead letters)" if delivery.refused else line)
        return True

    def _drop(self, run: Followed) -> bool:
        if not self._couriers.give_back(run.parcel):
            return False
        run.lock.close()
        del self._runs[run.folder.run_id]
        return True

    def _make_room(self) -> bool:
        room = _ENDED - sum(run.has_ended for run in self._runs.values())
        moved = False
        while room > 0 and self._waiting:
            folder = next_waiting(self._waiting, self._runs.values())
            took = self._guard(folder, partial(self._take, folder, follow=False))
            moved, room = moved or took, room - took
        return moved

    def _make_place(self, folder: RunFolder) -> bool:
        """Whether one more application can be followed, perhaps instead of another."""
        followed = [run for run in self._runs.values() if not run.has_ended]
        if len(followed) < _FOLLOWED:
            return True
        self._causes.tell(
            f"{self.root}: more than {_FOLLOWED} applications run at once; the others are followed in their turn."
        )
        other = who_goes(folder, followed)
        if other is None or not self._drop(other):
            return False
        self._later.wait(other.folder.run_id, _FULL)
        return True

    def _guard(self, folder: RunFolder, act: Callable[[], bool], run: Followed | None = None) -> bool:
        """What `act` returns; a trouble of this folder is told, and it is left alone for a while."""
        try:
            return act()
        except JournalBusyError:
            self._later.wait(folder.run_id, _BUSY)
        except Exception as error:  # noqa: BLE001 - lines of any shape; the other runs go on
            self._trouble(folder, error, run)
        return False

    def _trouble(self, folder: RunFolder, error: Exception, run: Followed | None) -> None:
        if run is not None and not self._drop(run):
            run.trouble = error  # an event is under way: next time
            return
        if isinstance(error, ForeignError) and time.time() - changed(folder) < _NEWBORN:
            self._later.wait(folder.run_id, _BUSY)
            return
        self._later.trouble(folder.run_id)
        if os.path.lexists(folder.path):
            self._causes.tell(sentence(folder, error))

    def _retire(self) -> None:
        now = time.monotonic()
        if self._keep and now - self._retired >= _RETIRE_EACH:
            self._retired = now
            for item in retire(
                self.root,
                self._keep,
                until=now + _RETIRE,
                state=self._spool.state,
                key=self.key if self._everything else None,
                warn=self._causes.tell,
                release=self._release,
            ):
                (self._causes.lost if isinstance(item, Dropped) else self._say)(str(item))

    def _release(self, run_id: str) -> bool:
        """Let go of an ended run whose backend does not take it."""
        run = self._runs.get(run_id)
        return run is not None and run.follower is None and run.parcel.stuck and self._drop(run)
