"""Deliver a journal while applications write into it: for a node's service, and for a container beside a driver."""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict, deque
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from sparklineage.errors import JournalBusyError, JournalError
from sparklineage.journal import DeliveryLock, ForeignError, RunLock, make_state, read_json
from sparklineage.journal.holes import give_back
from sparklineage.journal.read import size_of
from sparklineage.relay.again import Since, begin_again, since
from sparklineage.relay.alive import is_gone
from sparklineage.relay.causes import Causes, sentence
from sparklineage.relay.checkpoint import EVERY
from sparklineage.relay.couriers import Couriers
from sparklineage.relay.deliver import DEFAULT_WAITS, Delivery, Waits
from sparklineage.relay.drain import check_formats, close_if_lost, wants
from sparklineage.relay.dropped import Dropped
from sparklineage.relay.follow import Follower
from sparklineage.relay.followed import Followed, changed, check_run, next_waiting, who_goes
from sparklineage.relay.later import Later
from sparklineage.relay.retire import Keep, retire
from sparklineage.relay.sinks import Verdict
from sparklineage.relay.spool import Spool, check_plain
from sparklineage.relay.surroundings import NOWHERE, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sparklineage.journal import RunFolder
    from sparklineage.relay.couriers import Parcel
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
_ASK = 2.0
"""Seconds between two questions whether a driver is gone."""
_QUIET = 2.0
"""Seconds without a new line after which an application that has told its end is settled."""
_LOOKS = 2
"""Rounds at least that read what has grown."""
_LINGER = 3600.0
"""Seconds without a new line after which a process that lives on without its SparkContext is not waited for."""
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
        self._sink = make_sink(math.inf)
        self.key = self._sink.key
        self._say = say
        self._causes = Causes(self._sink.shown, warn)
        self._everything, self._beside = everything, beside
        self._secrets, self._waits, self._keep = tuple(secrets), waits, keep or Keep()
        self._surroundings = surroundings
        self._learnt: deque[tuple[str, ...]] = deque()
        self._spool = Spool(root, state)
        self._runs: dict[str, Followed] = {}
        self._waiting: OrderedDict[str, RunFolder] = OrderedDict()
        """Ended runs for which there was no room yet."""
        self._later = Later()
        self._retired = -_RETIRE_EACH
        self._over = False
        self._answered = False
        """Whether the backend has taken or refused an event since the last round."""
        self._couriers = Couriers(_COURIERS, make_sink, self._hear)

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
        if not self._over:
            self._retire()
        return moved

    def close(self, until: float, nap: Callable[[], bool]) -> None:
        """Deliver what can be delivered before `until`, a value of `time.monotonic()`, then let go of everything.

        `nap` waits a moment, and says whether to leave at once.
        """
        self._over = True
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
            self._secrets += found
            for run in self._runs.values():
                if run.follower is not None:
                    run.follower.hide(found)

    def _look(self) -> bool:
        if not (self._spool.is_due or self._over):
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
            moved = self._guard(folder, partial(self._judge, folder)) or moved
            if len(self._waiting) >= _WAITING:
                self._spool.hurry()
                break
        return moved

    def _judge(self, folder: RunFolder) -> bool:
        """Begin to follow it, let it wait for its turn, or leave it alone."""
        check_run(folder)
        check_formats(folder)
        submitted = folder.run.exists() and not folder.is_apart
        if not submitted and not folder.witness.exists() and not folder.settled.exists() and not self._closes_all:
            return False  # it is about to begin
        if not self._wanted(folder, submitted=submitted):
            if not submitted and self._begins_again(folder):
                return True
            self._spool.put_aside(folder)
            return False
        if folder.settled.exists() or folder.outcome.exists() or self._is_gone(folder):
            self._waiting[folder.run_id] = folder
            return True
        # The relay of its own `submit` delivers it as long as that lives.
        return not submitted and self._take(folder, follow=True)

    def _wanted(self, folder: RunFolder, *, submitted: bool) -> bool:
        if folder.is_apart and (read_json(folder.run, access=folder.access) or {}).get("backend"):
            return False  # its `submit` delivers it itself, and keeps its own account of that
        if submitted and not self._everything:
            return wants(folder, self.key)
        cursor = read_json(folder.delivery(self.key))
        offset = cursor.get("offset") if cursor else None
        if not folder.settled.exists() or not isinstance(offset, int):
            return True
        return folder.events.exists() and offset < folder.events.stat().st_size

    def _begins_again(self, folder: RunFolder) -> bool:
        """Whether another application has come under the id of a run that was settled; it is taken at the next look."""
        found = since(folder)
        if found is Since.REST:
            self._causes.tell(f"{folder.agent}: events came after the run was settled, and they are not delivered.")
        if found in (Since.NOTHING, Since.REST):
            return False
        with DeliveryLock(folder):
            begin_again(folder, found)
        self._spool.hurry()
        self._say(f"{folder.run_id}  begun again, after it was settled")
        return True

    @property
    def _closes_all(self) -> bool:
        return self._over and self._beside

    def _is_gone(self, folder: RunFolder) -> bool:
        return self._closes_all or (not self._beside and is_gone(folder))

    def _take(self, folder: RunFolder, *, follow: bool) -> bool:
        """False where somebody else delivers it, or too many others are followed."""
        if follow and not self._make_place(folder):
            self._later.wait(folder.run_id, _FULL)
            return False
        check_run(folder)  # it may have waited for long
        try:
            make_state(folder)
            lock = DeliveryLock(folder)
        except JournalBusyError:
            self._later.wait(folder.run_id, _BUSY)
            return False
        try:
            follower, over = None, False
            if not follow and folder.is_apart and not folder.settled.exists():
                over = True  # as much of it in a round as of any other
            if follow or over:
                follower = Follower(folder, secrets=self._secrets, surroundings=self._surroundings)
            elif not folder.settled.exists():
                self._close_run(folder)
            parcel = self._couriers.take(Delivery(folder, self._sink, self._waits))
        except BaseException:
            lock.close()
            raise
        run = self._runs[folder.run_id] = Followed(folder, lock, follower, parcel)
        if over and follower is not None:
            run.over = over
            follower.mark_end()
        return True

    def _close_run(self, folder: RunFolder) -> None:
        if self._closes_all and not folder.outcome.exists():
            # A process id of another container says nothing here.
            Follower(folder, secrets=self._secrets, surroundings=self._surroundings).finish()
            return
        with ExitStack() as locks:
            if not folder.outcome.exists():
                locks.enter_context(RunLock(folder))
            close_if_lost(folder, secrets=self._secrets, surroundings=self._surroundings)

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
        if self._gives_up(parcel) and (self._waiting or self._over):
            # It makes room: one run may hold an event that the backend cannot take.
            if self._drop(run):
                self._later.wait(run.folder.run_id, _LATER)
            return bool(self._waiting)
        return not self._gives_up(parcel)

    def _gives_up(self, parcel: Parcel) -> bool:
        """What waits for another time; a journal that ends with its container has no other time."""
        return not self._closes_all and parcel.stuck and parcel.delivery.failures >= _TRIES

    def _follow(self, run: Followed) -> bool:
        follower = run.follower
        if follower is None:
            return False
        if not run.folder.is_apart:
            check_plain(run.folder)
        size = sum(map(size_of, (run.folder.agent, run.folder.witness, run.folder.steps)))
        now = time.monotonic()
        if not size or size < run.size:
            check_run(run.folder)  # not where its spool is away: nothing that was read would have an end
        if size != run.size:
            run.size, run.moved, run.looks = size, now, 0
        # What the last round has read may answer what the one before had, however long ago that was.
        is_of_use = run.over or run.looks < _LOOKS or now - run.moved <= _QUIET or follower.more
        events = follower.poll() if is_of_use else []
        run.looks += 1
        # Of a spool of many as much in a round as of any other, until its end is reached.
        behind = run.folder.is_apart and (not follower.is_at_end if run.over else follower.more)
        if not behind and (run.over or self._has_ended(run, follower, now)):
            follower.finish()
            run.follower = None
        elif not behind and now - run.moved >= _LINGER and (stopped := follower.stopped()) is not None:
            follower.finish(stopped)
            run.follower = None
        elif not events:
            return behind
        self._couriers.wake(run.parcel)
        self._give_back(run, follower)
        return True

    def _give_back(self, run: Followed, follower: Follower) -> None:
        """The room of events that are delivered, and that nobody needs who begins anew."""
        checkpoint, delivery = follower.checkpoint, run.parcel.delivery
        end = min(checkpoint.events, delivery.offset) if checkpoint is not None else 0
        if end - run.given_back >= EVERY:
            delivery.sync()
            give_back(run.folder.events, end)
            run.given_back = end

    def _has_ended(self, run: Followed, follower: Follower, now: float) -> bool:
        if run.folder.outcome.exists() or self._closes_all:
            return True
        # What a query says of its end comes after its application's, and the agent after the witness.
        if follower.told() is not None and now - run.moved >= _QUIET:
            return True
        if now - run.asked < _ASK:
            return False
        run.asked = now
        return self._is_gone(run.folder)

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
