"""Make the agent's events true: one application's records in, its settled events out, in order.

A terminal event is held until the truth about its run is known:
 - an application's until the outcome of the driver is,
 - a query's until its SQL execution has ended in the witness's record, and, where it belongs to a step, the step has,
 - and whatever the agent left open is closed with the application.
Nothing follows a run's terminal event. Reading the same records again gives the same events, so a relay that
starts anew passes over those it has already written.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model.clock import to_iso
from sparklineage.model.hiding import Hider
from sparklineage.relay.batches import fold
from sparklineage.relay.closing import end_of, terminal_of, with_rest
from sparklineage.relay.coverage import Tally
from sparklineage.relay.made import (
    Application,
    failed,
    governed,
    with_cluster,
    with_declared,
    with_execution,
    with_parent,
    with_step_facets,
)
from sparklineage.relay.match import AgentRun, Matcher, time_of
from sparklineage.relay.own_runs import OwnRuns
from sparklineage.relay.past import LIMITS, Limits, check, forget_jobs, forget_steps, overdue, spent
from sparklineage.relay.snapshot import of_run, of_steps, of_witnessed, to_run, to_steps, to_witnessed
from sparklineage.relay.surroundings import NOWHERE, Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.journal import RunFolder
    from sparklineage.relay.coverage import Coverage
    from sparklineage.relay.record import Outcome, RunRecord
    from sparklineage.relay.steps import Step, Steps
    from sparklineage.relay.witnessed import Witnessed

SLACK = 60_000
"""Milliseconds by which records of one moment may differ."""


class Settler:
    """Settles one application. Feed records in file order, then `take` what is ready."""

    def __init__(
        self,
        record: RunRecord,
        *,
        already: Iterable[Mapping[str, Any]] = (),
        hider: Hider | None = None,
        surroundings: Surroundings = NOWHERE,
        limits: Limits = LIMITS,
    ) -> None:
        self.limits = limits
        self.record = surroundings.placed(record)
        self._surroundings = surroundings
        self.closed_by_us = 0
        self._match = Matcher()
        self._tally = Tally(self._match, hider or Hider())
        self._sent: Counter[tuple[str, str, str]] = Counter(map(_identity, already))
        self._runs: dict[str, AgentRun] = {}
        self._over: dict[str, None] = {}
        """The runs that were closed last."""
        self._application: AgentRun | None = None
        self._begun = False
        """Whether its start was told without it."""
        self._out: list[ol.Event] = []
        self._seen_before = 0
        self._heard = 0
        """Time of the agent's last event."""
        self._own = OwnRuns(self._match, self._tally.past)

    @property
    def witnessed(self) -> Witnessed:
        """Takes in the witness's records."""
        return self._match.witnessed

    @property
    def steps(self) -> Steps:
        """Takes in the records of steps."""
        return self._match.steps

    def meet(self, record: RunRecord) -> None:
        """Know who it is, where nothing told that in the beginning."""
        self.record = self._surroundings.placed(record)

    @property
    def agents_end(self) -> str | None:
        """The state in which the agent says that the application has ended; None as long as it says nothing."""
        run = self._application
        return str(run.terminal[-1]["eventType"]).upper() if run is not None and run.terminal else None

    def agent(self, event: ol.Event, size: int = 0) -> None:
        """Take in one event of the agent, of so many bytes; one without run id, type or time is passed on as it is."""
        run_id, kind, time = ol.run_id(event), str(event.get("eventType") or "").upper(), time_of(event)
        if not run_id or not kind or not time:
            self._out.append(event)
            return
        self._heard = time
        if run_id in self._over:
            return
        run = self._runs.get(run_id)
        if run is None and kind in ol.TERMINAL and (run := self._cut_off_at(time)) is not None:
            event = {**event, "run": {**event["run"], "runId": run.id}}
        if run is None:
            # Some queries the agent tells by their ends alone.
            completed = time if kind == "COMPLETE" else None
            run = AgentRun(run_id, ol.job_type(event), event, time, size=size, completed=completed)
            self._runs[run_id] = run
            if run.kind == "APPLICATION" and self._application is None:
                self._application = run
        if self._is_of_stream(run, event):
            return
        if run.kind == "APPLICATION":
            event = with_parent(governed(event, self.record.governance), self.record.parent)
        run.note(event, time)
        if kind in ol.TERMINAL:
            run.end(event, time)
            run.size += size
            if run.kind != "APPLICATION" and self._known(run):
                self._close(run, None)
            return
        if run.kind != "APPLICATION":
            self._match.execution_of(run)
        if kind == "START" and run.sent:
            # A driver that starts a second SparkContext under the same run id.
            event = {**event, "eventType": "RUNNING"}
        elif kind != "START":
            event = self._enriched(run, event)
        run.sent = True
        self._out.append(event)

    def _is_of_stream(self, run: AgentRun, event: ol.Event) -> bool:
        """Whether it is taken into the run of a streaming query: one for each of its many batches would be a flood.

        The first batch begins before anything tells of the stream, so its runs are there beside the stream's.
        """
        batch = self._match.batch_of(run) if run.kind != "APPLICATION" else None
        if batch is None:
            return False
        is_end = str(event.get("eventType")).upper() in ol.TERMINAL
        if batch.is_inside or is_end:
            # The batch as a whole names files; by its end the queries inside have told their folder.
            batch.step.see(event, has_written=batch.has_written)
        if batch.is_first or run.sent:
            return False
        if is_end:
            self._forget_run(run.id)
        return True

    def take(self, *, caught_up: bool = True) -> list[ol.Event]:
        """The events that are ready now, in order; an application's own terminal event is never among them.

        Call it after every round of reading agent, then witness, then steps: the witness is listed before the agent
        and writes first, so what it wrote by the round before is answered in the agent's file by now. Where it is
        not `caught_up`, because the agent's file holds more, no query counts as left out yet.
        """
        for run in list(self._runs.values()):
            if run.said and run.kind != "APPLICATION" and self._known(run):
                self._close(run, None)
        if self._application is None and not self._begun:
            remote = next((step for step in self.steps.by_id.values() if step.remote), None)
            if remote is not None:
                self._begin(remote.start)  # there is no agent that would
        over = {step.id: step for step in self.steps.by_id.values() if caught_up and self._is_over(step)}
        self._own.merged |= fold(self._match)
        self._out += self._own.of_streams(self._who(), None, over, self._is_told)
        if caught_up:
            self._out += self._own.of_steps(over.values(), self._runs.values(), self._who(), None)
            self._seen_before = self.witnessed.latest
        self._let_go(math.inf if caught_up else self._heard - SLACK)
        return self._drain()

    def finish(self, outcome: Outcome) -> list[ol.Event]:
        """Everything that is left, closed with the application; its terminal event comes last."""
        if self._application is None:
            self._begin(outcome.ended)
        for run in sorted(self._runs.values(), key=lambda run: run.last):
            if run.kind != "APPLICATION":
                self._close(run, outcome)
        everything = self.steps.by_id
        self._own.merged |= fold(self._match, is_last=True)
        self._out += self._own.of_streams(self._who(), outcome, everything, self._is_told)
        self._out += self._own.of_steps(everything.values(), self._runs.values(), self._who(), outcome)
        self._close_application(outcome)
        return self._drain()

    def coverage(self) -> Coverage:
        """Of the user's queries, how many the agent reported and which it left out."""
        return self._tally.coverage()

    def _let_go(self, heard: float) -> None:
        """Of what is over, so that an application may run for months; the agent was heard up to the time `heard`."""
        for run in overdue(self._match, list(self._runs.values()), self.limits, heard):
            self._close(run, None)
        too_many = len(self.witnessed.executions) > 5 * self.limits.recent
        for root, family in spent(self._match, self._runs, self.limits, heard):
            around, owner = self._match.declaring(root), self._match.step_at(root)
            reported = any(item.run for item in family)
            is_told_later = not owner.told if owner else any(step.declares for step in around)
            stream = self._match.stream_of(root)
            if not reported and root.is_root and is_told_later and stream is None:
                if not too_many:
                    continue  # it is told when its step is over, or the application
                if any(step.declares for step in around):
                    self._out += self._who().step_run(owner or around[0], root, None, around)
            self._tally.let_go(root, reported=reported)
            if stream is None:
                self._own.merged.update(step.id for step in around)
            self.witnessed.forget(family)
        forget_jobs(self._match, {run.job_number for run in self._runs.values()}, self.limits, heard)
        self._own.merged -= forget_steps(self._match, {run.carried for run in self._runs.values()}, self.limits)

    def check(self, folder: RunFolder) -> None:
        """Raises JournalError where it holds more than a relay of many applications can carry."""
        check(folder, self._match, self._runs.values(), self.limits)

    def state(self) -> dict[str, Any]:
        """All that it knows, as JSON has it. To be asked between `take` and what is fed next."""
        return {
            "closed": self.closed_by_us,
            "runs": [of_run(run) for run in self._runs.values()],
            "application": self._application.id if self._application is not None else None,
            "begun": self._begun,
            "over": list(self._over),
            "seen": self._seen_before,
            "merged": sorted(self._own.merged),
            **self._tally.state(),
            "witnessed": of_witnessed(self.witnessed),
            "steps": of_steps(self.steps),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Know what another one knew, whose `state` this is; nothing may have been fed yet."""
        to_witnessed(state["witnessed"], self.witnessed)
        to_steps(state["steps"], self.steps)
        self._runs = {item["id"]: to_run(item, self.witnessed) for item in state["runs"]}
        self._application = self._runs.get(state["application"])
        self._begun = state["begun"]
        self._over = dict.fromkeys(state["over"])
        self.closed_by_us, self._seen_before = state["closed"], state["seen"]
        self._tally.restore(state)
        self._own = OwnRuns(self._match, self._tally.past, set(state["merged"]))

    @property
    def is_repeating(self) -> bool:
        """Whether what is fed was fed to another one before, and its events are passed over."""
        return bool(self._sent)

    def _is_over(self, step: Step) -> bool:
        """Whether all that may declare for its queries is over, and it has not been told yet."""
        if step.told:
            return False
        around = [item for item in self.steps.around(step) if item.stream is None or item is step]
        # What a witness would tell of its queries is there by then.
        return all(item.end is not None and (step.remote or item.end < self._seen_before) for item in around)

    def _cut_off_at(self, time: int) -> AgentRun | None:
        """The open run of the query that ended at this time, after its context.

        The agent has forgotten its runs by then, and reports the query's end under a new run id.
        """
        for item in self.witnessed.at_end(time):
            run = self._runs.get(item.run or "")
            if item.cut_off and run is not None and not run.said:
                return run
        return None

    def _enriched(self, run: AgentRun, event: ol.Event) -> ol.Event:
        """The event with what its step declared; a file-listing run of RDDs stays as it is."""
        self._match.execution_of(run)
        if self._match.is_told_elsewhere(run):
            return event
        for step in self._declaring(run):
            self._own.merged.add(step.id)
            event = with_step_facets(with_declared(event, step), step)
        return event

    def _declaring(self, run: AgentRun) -> list[Step]:
        if run.kind == "RDD_JOB":
            return self._match.declaring_job(run)
        return self._match.declaring(run.execution, run.carried)

    def _known(self, run: AgentRun) -> bool:
        """Whether the truth about the run's end is known before the application ends."""
        execution = self._match.execution_of(run)
        if any(step.is_awaited for step in self._declaring(run)):
            return False
        if run.kind == "RDD_JOB":
            job = self._match.job_of(run)
            return job is None or (job.end is not None and not job.cut_off)
        if execution is None:
            return True
        # FAIL comes at the end of the first job, before Spark has given the query up; COMPLETE follows.
        # What ended with its context is judged with the application.
        return execution.end is not None and "COMPLETE" in run.said and not execution.cut_off

    def _close(self, run: AgentRun, outcome: Outcome | None) -> None:
        """Send the run's one terminal event, true as far as anything knows."""
        execution = self._match.execution_of(run, is_last=True)
        truth = self._match.job_of(run) if run.kind == "RDD_JOB" else execution
        end = end_of(run, truth, outcome)
        if end is None:
            return
        if not run.said:
            self.closed_by_us += 1
        event = self._enriched(run, terminal_of(run, end))
        if execution is not None:
            event = with_execution(event, execution)
            if end.state == "COMPLETE" and execution.writes and not ol.datasets(event, "outputs"):
                self._tally.lacks(execution)
        self._finish_run(run.id, with_rest(event, run, end))

    def _begin(self, time: int) -> None:
        """Tell the start of the application, once; that it began at this time where nothing else tells."""
        if not self._begun:
            self._begun = True
            self._out.append(self._who().event("START", self.record.started or time))

    def _close_application(self, outcome: Outcome) -> None:
        run = self._application
        for other in [item for item in self._runs.values() if item is not run]:
            # A driver that started a second SparkContext under a run id of its own.
            base = other.terminal[-1] if other.opened().terminal else other.first
            event = {**base, "eventType": outcome.state, "eventTime": to_iso(outcome.ended)}
            self._finish_run(other.id, governed(event, self.record.governance))
        if run is None:
            event = self._who().event(outcome.state, outcome.ended)
        else:
            base = run.terminal[-1] if run.terminal else run.first
            event = {**base, "eventType": outcome.state, "eventTime": to_iso(max(outcome.ended, run.last))}
        event = governed(event, self.record.governance)
        if outcome.state != "COMPLETE" and outcome.message:
            event = failed(event, outcome.message, outcome.stack_trace, outcome.language)
        self._finish_run(ol.run_id(event), event)

    def _finish_run(self, run_id: str, event: ol.Event) -> None:
        self._forget_run(run_id)
        self._out.append(event)

    def _forget_run(self, run_id: str) -> None:
        self._over[run_id] = None
        if len(self._over) > 2 * self.limits.recent:
            del self._over[next(iter(self._over))]
        self._runs.pop(run_id, None)

    def _who(self) -> Application:
        run = self._application
        if run is None:
            job = (self.record.namespace, self.record.job)
            governance = self.record.governance
            return Application(run_id=self.record.run_id, job=job, parent=self.record.parent, governance=governance)
        # An agent below 1.42 knows no applicationRunId and chooses one itself.
        parent = ol.run_facets(run.first).get("parent")
        return Application(run_id=run.id, job=ol.job(run.first), parent=parent if isinstance(parent, dict) else None)

    def _is_told(self, event: ol.Event) -> bool:
        return self._sent[_identity(event)] > 0

    def _drain(self) -> list[ol.Event]:
        ready, self._out = self._out, []
        fresh = []
        cluster = self._surroundings.facet(self.witnessed.application)
        for event in ready:
            identity = _identity(event)
            if self._sent[identity] > 0:
                self._sent[identity] -= 1
                if not self._sent[identity]:
                    del self._sent[identity]
            else:
                fresh.append(with_cluster(event, cluster))
        return fresh


def _identity(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes an event the same one on a second reading; of terminal events a run has one, whatever it is called."""
    kind = str(event.get("eventType")).upper()
    if kind in ol.TERMINAL:
        return ol.run_id(event), "END", ""
    return ol.run_id(event), kind, str(event.get("eventTime"))
