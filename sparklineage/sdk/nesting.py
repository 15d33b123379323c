"""Which step is in force: in a context of Python's (contextvars), and by Spark's local property in a thread.

A context is a thread's or an asyncio task's own, so it tells which step belongs to which code. Spark knows the property
of the thread alone, which all tasks of the thread share. So the property is set again whenever a task comes by here.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from sparklineage.sdk.record import StepRecord
    from sparklineage.sdk.session import Driver


class _Thread(threading.local):
    """What this module has done to the thread's property."""

    shown: str | None = None
    """The step that it was set to; None where it is as it was."""
    before: str | None = None
    """What it was: nothing, the step in which a thread was started that inherits its properties, or another's."""


_current: ContextVar[StepRecord | None] = ContextVar("sparklineage_step", default=None)
"""The innermost step, or one that is closed by now: then the first open one of those around it."""
_open: WeakValueDictionary[str, StepRecord] = WeakValueDictionary()
"""Every step that may be open, by its id, which the property of a thread may name."""
_thread = _Thread()


def enter(driver: Driver, record: StepRecord) -> str | None:
    """Put a step in force; the id of the step around it. Raises what the JVM raises."""
    record.outer = innermost()
    _current.set(record)
    _open[record.step] = record
    _show(driver, record.step)
    if record.outer is not None:
        return record.outer.step
    # Of no step of this thread, which would be another task's; but the thread may have been started in one.
    record.outer = _open.get(_thread.before) if _thread.before else None
    return _thread.before if _thread.before and is_run_id(_thread.before) else None


def leave(driver: Driver, record: StepRecord) -> None:
    """Put the step around it in force again; no closed one, in whatever order they are closed. Raises as `enter`."""
    _open.pop(record.step, None)
    record.outer = _open_one(record.outer)
    outer = innermost()
    _current.set(outer)
    # Another thread's property is out of reach.
    if record.thread == threading.get_ident():
        _show_or_restore(driver, outer)


def current(driver: Driver) -> StepRecord | None:
    """The innermost open step of this context, else the one in which this thread was started. Never raises."""
    found = innermost()
    if found is not None:
        remind(driver)
        return found
    step = driver.step()
    started_in = _open.get(step) if step else None
    # A step of this thread that the context does not know is another task's.
    return started_in if started_in is not None and started_in.thread != threading.get_ident() else None


def remind(driver: Driver) -> None:
    """Set the thread's property again where another task has set it to a step of its own. Never raises."""
    found = innermost()
    if found is not None and found.thread == threading.get_ident():
        with suppress(Exception):  # a stopped context has no properties
            _show_or_restore(driver, found)


def innermost() -> StepRecord | None:
    """The innermost open step that this context knows."""
    return _open_one(_current.get())


class Turns:
    """A step in force only while a coroutine or a generator runs, and not while it waits."""

    def __init__(self, driver: Driver, record: StepRecord) -> None:
        self._driver, self._record = driver, record
        self._inside: StepRecord | None = record
        """The innermost step of the body; it may have opened more."""

    def suspend(self) -> None:
        """Others run now. Never raises."""
        self._inside = innermost()
        outer = _open_one(self._record.outer)
        _current.set(outer)
        self._set(outer)

    def resume(self) -> None:
        """The body runs again, maybe in another context or thread than before. Never raises."""
        self._record.outer = innermost()
        _current.set(self._inside)
        inside = innermost()
        record = inside
        while record is not None and record is not self._record.outer:
            record.thread = threading.get_ident()
            record = record.outer
        self._set(inside)

    def _set(self, record: StepRecord | None) -> None:
        with suppress(Exception):  # a stopped context has no properties
            _show_or_restore(self._driver, record)


def _open_one(record: StepRecord | None) -> StepRecord | None:
    while record is not None and not record.is_open:
        record = record.outer
    return record


def _show(driver: Driver, step: str) -> None:
    """Set the property, and remember what it was where it was not set here."""
    found = driver.step()
    if found != _thread.shown:
        _thread.before = found
    _thread.shown = step
    driver.set_step(step)


def _show_or_restore(driver: Driver, record: StepRecord | None) -> None:
    """Set the property to this step of this thread, or to what it was before all of them."""
    if record is not None and record.thread == threading.get_ident():
        if _thread.shown is None:
            _show(driver, record.step)
        elif _thread.shown != record.step:
            _thread.shown = record.step
            driver.set_step(record.step)
    elif _thread.shown is not None:
        before = _thread.before
        _thread.shown = _thread.before = None
        # The step in which the thread was started may be closed by now.
        driver.set_step(before if before is None or not is_run_id(before) or before in _open else None)
