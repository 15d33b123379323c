"""An application whose start and end openlineage-python sends; the agent of its session may tell the same run.

The agent tells the run's start once more, and when its SparkContext is stopped that it is COMPLETE, whatever the
program says. So it is taken off the listener bus before the end is told at the exit; and where a session has gone on
after the end of the application, the end is told once more at the exit. The last word about a run is the one that
counts.
"""

from __future__ import annotations

import atexit
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.journal import RunFolder, write_json
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.sdk.agent import Listeners, application_run, aside, caught_up
from sparklineage.sdk.programs.chosen import Wanted, Way
from sparklineage.sdk.programs.outcome import outcome
from sparklineage.sdk.sending.direct import open_application
from sparklineage.sdk.session import Driver, active, context_of

if TYPE_CHECKING:
    from sparklineage.sdk.programs.ending import End
    from sparklineage.sdk.sending.direct import Direct

_ended: set[str] = set()
"""The runs of this process's applications that have ended."""


def has_ended(run_id: str) -> bool:
    """Whether it is the run of an application of this process that is over."""
    return run_id in _ended


@dataclass(frozen=True, kw_only=True)
class ByClient(Way):
    """`client`, and `agent` where that has told the start."""

    ends_here: bool = True
    wanted: Wanted
    direct: Direct
    start: ol.Event

    def begin(self) -> ByClient:
        """Tell the start, where nobody else has, and take the steps."""
        self.direct.emitter.allow(self.flush)
        open_application(self.direct)
        if self.name == "client":
            self.direct.emitter.put(self.start)
        return self

    def end(self, end: End) -> None:
        until = time.monotonic() + self.flush
        open_application(None)
        told = outcome(end, self.wanted.environ)
        event = {**self.start, "eventType": told["state"], "eventTime": to_iso(told["endedAt"])}
        if told["message"]:
            facet = ol.error_facet(told["message"], language="PYTHON", stack_trace=told["stackTrace"])
            event = ol.with_run_facet(event, "errorMessage", facet)
        _ended.add(ol.run_id(event))
        self._into_its_journal(told)
        within = max(0.1, until - time.monotonic()) / 2
        is_told = self._by_agent(within, remove=end.at_exit)
        if is_told and not end.at_exit and told["state"] != "COMPLETE":
            atexit.register(self._again, event, os.getpid())
        self.direct.emitter.put(event)
        self.direct.emitter.flush(max(0.0, until - time.monotonic()))

    def _again(self, event: ol.Event, pid: int) -> None:
        """At the exit: keep the agent from another end, or say the true one after it."""
        if os.getpid() == pid and not self._by_agent(2.0, remove=True):
            self.direct.emitter.put({**event, "eventTime": to_iso(now_ms())})

    def _by_agent(self, within: float, *, remove: bool) -> bool:
        """Whether an agent tells this run, after it has told what there is so far; kept from more with `remove`."""
        context = self._context()

        def act() -> None:
            agent = Listeners.of(context).agent
            found = application_run(agent) if agent is not None else None
            if found is None or found[0] != ol.run_id(self.start):
                raise LookupError("another run")
            caught_up(context, within)
            if remove:
                context._jsc.sc().removeSparkListener(agent)  # noqa: SLF001 - there is no public way

        return context is not None and aside(act, within)

    def _context(self) -> Any:
        for session in (self.wanted.session, active()):
            context = context_of(session)
            if getattr(context, "_jsc", None) is not None:
                return context
        return None

    def _into_its_journal(self, told: dict[str, Any]) -> None:
        """Where the session has a journal after all, as without any backend, whoever delivers that knows the end."""
        folder = Driver.of(self.wanted.session, self.wanted.environ).folder
        if folder is not None and folder.name == ol.run_id(self.start):
            write_json(RunFolder(folder).outcome, told)
