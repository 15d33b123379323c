"""A few threads that deliver many runs to one backend: each run in order, and none waits for another's trouble."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.relay.sinks import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.relay.deliver import Delivery
    from sparklineage.relay.sinks import Answer, Sink

_TURN = 50
"""Events of one run before the next run has its turn."""


@dataclass(eq=False)
class Parcel:
    """One run on its way. Only one courier has it at a time."""

    delivery: Delivery
    news: bool = True
    """Whether there may be events that nobody has tried to send."""
    due: float = 0.0
    """When it is tried again, a value of `time.monotonic()`."""
    carried: bool = False
    broken: Exception | None = None

    @property
    def at_rest(self) -> bool:
        """Whether all that was told of is answered, or it cannot be delivered at all."""
        return not self.carried and (not self.news or self.broken is not None)

    @property
    def stuck(self) -> bool:
        """Whether its next event was tried, and has to wait to be tried again."""
        return not self.carried and self.delivery.failures > 0


class Couriers:
    """The threads. Every method may be called from the one thread that made them."""

    def __init__(
        self, count: int, make_sink: Callable[[float], Sink], told: Callable[[Answer], None] = lambda _: None
    ) -> None:
        """`make_sink` gets the `time.monotonic()` beyond which no answer is waited for; `told` hears each answer."""
        self._make_sink = make_sink
        self._told = told
        self._parcels: list[Parcel] = []
        self._change = threading.Condition()
        self._until = math.inf
        self._leaving = False
        self._threads = [
            threading.Thread(target=self._work, name=f"courier-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def take(self, delivery: Delivery) -> Parcel:
        """From now on it is delivered, until it is given back."""
        parcel = Parcel(delivery)
        with self._change:
            self._parcels.append(parcel)
            self._change.notify()
        return parcel

    def wake(self, parcel: Parcel) -> None:
        """There are new events."""
        with self._change:
            parcel.news = True
            self._change.notify()

    def give_back(self, parcel: Parcel) -> bool:
        """Deliver it no longer; False while an event is under way."""
        with self._change:
            if parcel.carried:
                return False
            self._parcels.remove(parcel)
            return True

    def hurry(self, until: float) -> None:
        """No request begun from now on is waited for beyond `until`, and what waits is tried once more at once."""
        with self._change:
            self._until = until
            for parcel in self._parcels:
                parcel.due = 0.0
            self._change.notify_all()

    def leave(self, until: float) -> bool:
        """Finish the events under way and begin none; False where one still has no answer at `until`."""
        with self._change:
            self._leaving = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        until = self._until
        sink = self._make_sink(until)
        try:
            while (parcel := self._next()) is not None:
                if until != self._until:
                    sink.close()
                    until = self._until
                    sink = self._make_sink(until)
                try:
                    self._carry(parcel, sink)
                except Exception as error:  # noqa: BLE001 - told by whoever watches; the other runs go on
                    sink.close()
                    parcel.broken = error
                with self._change:
                    parcel.carried = False
                    self._change.notify()
        finally:
            sink.close()

    def _next(self) -> Parcel | None:
        with self._change:
            while not self._leaving:
                now = time.monotonic()
                ready = [item for item in self._parcels if item.news and not item.carried and item.broken is None]
                parcel = next((item for item in ready if item.due <= now), None)
                if parcel is not None:
                    # The end of the row, so that each has its turn.
                    self._parcels.remove(parcel)
                    self._parcels.append(parcel)
                    parcel.carried = True
                    return parcel
                self._change.wait(min((item.due for item in ready), default=now + 60) - now)
            return None

    def _carry(self, parcel: Parcel, sink: Sink) -> None:
        delivery = parcel.delivery
        delivery.sink = sink
        parcel.news = False
        for _ in range(_TURN):
            if self._leaving:
                break
            answer = delivery.send_next()
            if answer is None:
                return
            self._told(answer)
            if answer.verdict is Verdict.RETRY:
                parcel.due = time.monotonic() + delivery.pause(answer)
                break
        parcel.news = True
