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
    from collections.abc import Iterator

    from sparklineage.sdk.session import Driver
    from sparklineage.sdk.steps.record import StepRecord


class _Thread(threading.local):
    """What this module has done to the thread's property."""

    shown: str | None = None
    """The step that it was set to; None where it is as it was."""
    before: str | None = None
    """What it was: nothing, the step in which a thread was started that inherits its properties, or another's."""


_current: ContextVar[StepRecord | None] = ContextVar("sparklineage_step", default=None)
"""The innermost step, or one that is closed by now: then the first open one of those around it. Also those without
lineage are known here, and nowhere else."""
_open: WeakValueDictionary[str, StepRecord] = WeakValueDictionary()
"""Every step that may be open, by its id, which the property of a thread may name."""
_thread = _Thread()


def enter(driver: Driver, record: StepRecord) -> str | None:
    """Put a step in force; the id of the step around it. Raises what the JVM raises."""
    record.outer = opened()
    _current.set(record)
    if record.is_inert:
        return None
    _open[record.step] = record
    _show(driver, record.step, record.shown_before())
    outer = _live(record.outer)
    if outer is not None:
        return outer.step
    # Of no step of this thread, which would be another task's; but the thread may have been started in one.
    record.outer = (_open.get(_thread.before) if _thread.before else None) or record.outer
    return _thread.before if _thread.before and is_run_id(_thread.before) else None


def leave(driver: Driver, record: StepRecord) -> None:
    """Put the step around it in force again; no closed one, in whatever order they are closed. Raises as `enter`."""
    _open.pop(record.step, None)
    record.outer = _opened(record.outer)
    outer = opened()
    _current.set(outer)
    # Another thread's property is out of reach.
    if record.thread == threading.get_ident() and not record.is_inert:
        _show_or_restore(driver, _live(outer))


def current(driver: Driver) -> StepRecord | None:
    """The innermost open step of this context, else the one in which this thread was started. Never raises."""
    found = innermost()
    if found is not None:
        remind(driver)
        return found
    return started_in(driver.step())


def started_in(step: str | None) -> StepRecord | None:
    """The open step in which this thread was started, where its property names that step."""
    found = _open.get(step) if step else None
    # A step of this thread that the context does not know is another task's.
    return found if found is not None and found.thread != threading.get_ident() else None


def remind(driver: Driver) -> None:
    """Set the thread's property again where another task has set it to a step of its own. Never raises."""
    found = innermost()
    if found is not None and found.thread == threading.get_ident():
        with suppress(Exception):  # a stopped context has no properties
            _show_or_restore(driver, found)


def innermost() -> StepRecord | None:
    """The innermost open step with lineage that this context knows."""
    return _live(_current.get())


def opened() -> StepRecord | None:
    """The innermost open step that this context knows, with lineage or without."""
    return _opened(_current.get())


def suspend(driver: Driver, record: StepRecord) -> StepRecord | None:
    """Put the step around it in force while others run; the innermost step until now, for `resume`. Never raises."""
    inside, outer = opened(), _opened(record.outer)
    _current.set(outer)
    if not record.is_inert:
        with suppress(Exception):  # a stopped context has no properties
            _show_or_restore(driver, _live(outer))
    return inside


def resume(driver: Driver, record: StepRecord, inside: StepRecord | None) -> None:
    """Put the steps from `inside` out to `record` in force again, maybe in another context or thread. Never raises."""
    outer = opened()
    if record not in _chain(outer):
        record.outer = outer
    _current.set(inside)
    for item in _chain(inside):
        if item is record.outer:
            break
        item.thread = threading.get_ident()
    if not record.is_inert:
        with suppress(Exception):  # a stopped context has no properties
            _show_or_restore(driver, innermost())


def _chain(record: StepRecord | None) -> Iterator[StepRecord]:
    while record is not None:
        yield record
        record = record.outer


def _opened(record: StepRecord | None) -> StepRecord | None:
    return next((item for item in _chain(record) if item.is_open), None)


def _live(record: StepRecord | None) -> StepRecord | None:
    return next((item for item in _chain(record) if item.is_open and not item.is_inert), None)


def _show(driver: Driver, step: str, found: str | None) -> None:
    """Set the property, and remember what it was, `found`, where it was not set here."""
    if found != _thread.shown:
        _thread.before = found
    _thread.shown = step
    driver.set_step(step)


def _show_or_restore(driver: Driver, record: StepRecord | None) -> None:
    """Set the property to this step of this thread, or to what it was before all of them."""
    if record is not None and record.thread == threading.get_ident():
        if _thread.shown is None:
            _show(driver, record.step, driver.step())
        elif _thread.shown != record.step:
            _thread.shown = record.step
            driver.set_step(record.step)
    elif _thread.shown is not None:
        before = _thread.before
        _thread.shown = _thread.before = None
        # The step in which the thread was started may be closed by now.
        driver.set_step(before if before is None or not is_run_id(before) or before in _open else None)
