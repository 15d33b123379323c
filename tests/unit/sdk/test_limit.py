"""What the main thread does within a limit of time."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest

from sparklineage.sdk.sending.limit import TimeOver, within


def test_what_takes_longer_is_left() -> None:
    began = time.monotonic()
    with pytest.raises(TimeOver), within(0.1), suppress(Exception):
        time.sleep(30)
    assert time.monotonic() - began < 5


def test_where_a_finalizer_has_swallowed_it_it_is_raised_again() -> None:
    began = time.monotonic()
    with pytest.raises(TimeOver), within(0.1):
        with suppress(TimeOver):
            time.sleep(30)
        time.sleep(30)
    assert time.monotonic() - began < 5


def test_the_programs_own_timer_goes_on() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with within(30):
            pass
        time.sleep(0.5)
        assert seen == [signal.SIGALRM]
        # And nothing of ours is left.
        with within(0.1):
            pass
        time.sleep(0.3)
        assert seen == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_another_thread_has_no_limit() -> None:
    done: list[bool] = []

    def work() -> None:
        with within(0.05):
            time.sleep(0.2)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
