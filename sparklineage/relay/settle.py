"""Make the agent's events true: one application's records in, its settled events out, in order.

A terminal event is held until the truth about its run is known:
 - an application's until the outcome of the driver is,
 - a query's until its SQL execution has ended in the witness's record, and, where it belongs to a step, the step has,
 - and whatever the agent left open is closed with the application.
Nothing follows a run's terminal event. Reading the same records again gives the same events, so a relay that
starts anew passes over those it has already written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model.clock import from_iso, to_iso
from sparklineage.model.ids import derived_run_id
from sparklineage.model.masking import mask
from sparklineage.model.naming import normalize_job_name
from sparklineage.relay.steps import Step, Steps
from sparklineage.relay.witnessed import Execution, Job, Witnessed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.relay.record import Outcome, RunRecord

_MOST_ERROR = 8_192
_MOST_TRACE = 16_384


@dataclass
class _Run:
    """One run of the agent that has not been closed yet."""

    id: str
    kind: str
    first: ol.Event
    start: int
    job_number: int | None = None
    carried: str | None = None
    """The step that the agent's captured property names; only RUNNING events have it."""
    execution: Execution | None = None
    terminal: list[ol.Event] = field(default_factory=list)
    last: int = 0
    sent: bool = False


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Which of the user's queries the agent reported."""

    queries: int
    reported: int
    left_out: tuple[dict[str, Any], ...]


class Settler:
    """Settles one application. Feed records in file order, then `take` what is ready."""

    def __init__(self, record: RunRecord, *, already: Iterable[Mapping[str, Any]] = ()) -> None:
        self.record = record
        self.witnessed = Witnessed()
        self.steps = Steps()
        self.closed_by_us = 0
        self._sent: Counter[tuple[str, str, str]] = Counter(map(_identity, already))
        self._runs: dict[str, _Run] = {}
        self._over: set[str] = set()
        self._application: _Run | None = None
        self._out: list[ol.Event] = []
        self._seen_before = 0
        self._merged: set[str] = set()

    # Records in.

    def agent(self, event: ol.Event) -> None:
        """Take in one event of the agent; one without run id, type or time is passed on as it is."""
        run_id, kind = ol.run_id(event), str(event.get("eventType") or "").upper()
        try:
            time = from_iso(str(event.get("eventTime")))
        except ValueError:
            time = 0
        if not run_id or not kind or not time:
            self._out.append(event)
            return
        if run_id in self._over:
            return
        run = self._runs.get(run_id)
        if run is None and kind in ol.TERMINAL and (run := self._cut_off_at(time)) is not None:
            event = {**event, "run": {**event["run"], "runId": run.id}}
        if run is None:
            run = self._runs[run_id] = _Run(run_id, ol.job_type(event), event, time)
            if run.kind == "APPLICATION" and self._application is None:
                self._application = run
        run.last = max(run.last, time)
        details = ol.run_facets(event).get("spark_jobDetails")
        if run.job_number is None and isinstance(details, dict) and isinstance(details.get("jobId"), int):
            run.job_number = details["jobId"]
        run.carried = run.carried or _carried_step(event)
        if kind in ol.TERMINAL:
            run.terminal.append(event)
            if run.kind != "APPLICATION" and self._known(run):
                self._close(run, None)
            return
        if run.kind != "APPLICATION":
            self._match(run, None)
        if kind == "START" and run.sent:
            # A driver that starts a second SparkContext under the same run id.
            event = {**event, "eventType": "RUNNING"}
        elif kind != "START":
            event = self._enriched(run, event)
        run.sent = True
        self._out.append(event)

    def take(self, *, caught_up: bool = True) -> list[ol.Event]:
        """The events that are ready now, in order; an application's own terminal event is never among them.

        Call it after every round of reading agent, then witness, then steps: the witness is listed before the
        agent and writes first, so what it wrote by the round before is answered in the agent's file by now. Where it is
        not `caught_up`, because the agent's file holds more, no query counts as left out yet.
        """
        for run in list(self._runs.values()):
            if run.terminal and run.kind != "APPLICATION" and self._known(run):
                self._close(run, None)
        if caught_up:
            seen = self._seen_before
            over = [step for step in self.steps.by_id.values() if step.end is not None and step.end < seen]
            self._tell(over, None)
            self._seen_before = self.witnessed.latest
        return self._drain()

    def finish(self, outcome: Outcome) -> list[ol.Event]:
        """Everything that is left, closed with the application; its terminal event comes last."""
        for run in sorted(self._runs.values(), key=lambda run: run.last):
            if run.kind != "APPLICATION":
                self._close(run, outcome)
        self._tell(self.steps.by_id.values(), outcome)
        self._close_application(outcome)
        return self._drain()

    def coverage(self) -> Coverage:
        """Of the user's queries, how many the agent reported and which it left out."""
        roots = self.witnessed.roots()
        reported = {(item.epoch, item.root) for item in self.witnessed.executions.values() if item.run}
        left = [root for root in roots if (root.epoch, root.number) not in reported]
        return Coverage(
            queries=len(roots),
            reported=len(roots) - len(left),
            left_out=tuple(
                {
                    "description": mask(root.description),
                    "command": mask(root.command),
                    "step": step.name if (step := self._step_of(root)) else None,
                }
                for root in left
            ),
        )

    # Matching.

    def _match(self, run: _Run, ended: int | None) -> Execution | None:
        """The SQL execution that a run of the agent reports: their times are equal to the millisecond."""
        if run.kind == "RDD_JOB" or not self.witnessed.present:
            return None
        if run.execution is not None and (ended is None or run.execution.end == ended):
            return run.execution
        free = [item for item in self.witnessed.at_start(run.start) if item.run in (None, run.id)]
        if ended is not None and not free:
            # Spark 3.5 reports some commands by their end alone.
            free = [item for item in self.witnessed.at_end(ended) if item.run in (None, run.id)]
        if len(free) > 1 and run.job_number is not None:
            job = self.witnessed.job(run.job_number, 0)
            free = [item for item in free if job and item is self.witnessed.of_job(job)] or free
        if len(free) > 1 and ended is not None:
            free = [item for item in free if item.end == ended] or free
        found = free[0] if free else run.execution
        if found is not run.execution:
            if run.execution is not None and run.execution.run == run.id:
                run.execution.run = None
            run.execution = found
        if found is not None:
            found.run = run.id
        return found

    def _cut_off_at(self, time: int) -> _Run | None:
        """The open run of the query that ended at this time, after its context.

        The agent has forgotten its runs by then, and reports the query's end under a new run id.
        """
        for item in self.witnessed.at_end(time):
            run = self._runs.get(item.run or "")
            if item.cut_off and run is not None and not run.terminal:
                return run
        return None

    def _job_of(self, run: _Run) -> Job | None:
        return None if run.job_number is None else self.witnessed.job(run.job_number, run.start)

    def _step_of(self, execution: Execution | None) -> Step | None:
        if execution is None:
            return None
        root = self.witnessed.root_of(execution)
        if root.step:
            return self.steps.get(root.step)
        # A query without any Spark job carries no property; its time tells, where only one step stood open.
        return self.steps.at(root.start) if not root.has_jobs and root.start is not None else None

    def _step_of_run(self, run: _Run) -> Step | None:
        return self._step_of(run.execution) or self.steps.get(run.carried)

    def _enriched(self, run: _Run, event: ol.Event) -> ol.Event:
        """The event with what its step declared; a file-listing run of RDDs stays as it is."""
        if run.kind == "RDD_JOB":
            return event
        if run.execution is None:
            self._match(run, None)
        step = self._step_of_run(run)
        if step is None or self._is_told_by_root(run):
            return event
        self._merged.add(step.id)
        event = ol.with_datasets(event, "inputs", (ol.declared(item, step.name) for item in step.inputs))
        return ol.with_datasets(event, "outputs", (ol.declared(item, step.name) for item in step.outputs))

    def _is_told_by_root(self, run: _Run) -> bool:
        """Whether this is an inner query, such as the one below a Delta write, and the outer one has a run too."""
        execution = run.execution
        return execution is not None and not execution.is_root and self.witnessed.root_of(execution).run is not None

    # Closing.

    def _known(self, run: _Run) -> bool:
        """Whether the truth about the run's end is known before the application ends."""
        kinds = {str(event.get("eventType")).upper() for event in run.terminal}
        if run.kind == "RDD_JOB":
            job = self._job_of(run)
            return job is None or (job.end is not None and not job.cut_off)
        execution = self._match(run, _time(run.terminal[-1]) if "COMPLETE" in kinds else None)
        step = self._step_of_run(run)
        if step is not None and step.end is None:
            return False
        if execution is None:
            return True
        # FAIL comes at the end of the first job, before Spark has given the query up; COMPLETE follows.
        # What ended with its context is judged with the application.
        return execution.end is not None and "COMPLETE" in kinds and not execution.cut_off

    def _close(self, run: _Run, outcome: Outcome | None) -> None:
        """Send the run's one terminal event, true as far as anything knows."""
        base = run.terminal[-1] if run.terminal else None
        said = {str(event.get("eventType")).upper() for event in run.terminal}
        execution = self._match(run, _time(base) if base and "COMPLETE" in said else None)
        if run.kind == "RDD_JOB":
            truth: Execution | Job | None = self._job_of(run)
        else:
            truth = execution
        error, trace, time = None, None, run.last
        if truth is not None and truth.end is not None:
            state, error, trace = _verdict(truth, outcome)
            time = truth.end
        elif base is not None:
            # Without the witness: the first job's FAIL is true, the COMPLETE behind it is not.
            state = next((kind for kind in ("FAIL", "ABORT") if kind in said), "COMPLETE")
        elif outcome is not None:
            state, error, time = outcome.state, outcome.message, outcome.ended
            if truth is not None and state == "COMPLETE":
                state, error = "ABORT", "The application ended before this query did."
        else:
            return
        if base is None:
            self.closed_by_us += 1
            base = {**run.first, "eventType": state, "eventTime": to_iso(max(time, run.last))}
        event = self._enriched(run, {**base, "eventType": state})
        if execution is not None:
            event = ol.with_run_facet(event, ol.EXECUTION, _execution_facet(execution))
        for other in run.terminal[:-1]:
            for side in ("inputs", "outputs"):
                event = ol.with_datasets(event, side, ol.datasets(other, side))
        if state == "FAIL" or (state == "ABORT" and error):
            present = ol.run_facets(event).get("errorMessage")
            said_message = present.get("message") if isinstance(present, dict) else None
            event = _failed(event, error or said_message or "The query failed; Spark gave no message.", trace)
        self._finish_run(run.id, event)

    def _tell(self, steps: Iterable[Step], outcome: Outcome | None) -> None:
        """Give a run of our own to every query of these steps that the agent left out, or to a step without any."""
        fresh = [step for step in steps if not step.told]
        for step in fresh:
            step.told = True
        fresh = [step for step in fresh if step.inputs or step.outputs]
        if not fresh:
            return
        reported = {(item.epoch, item.root) for item in self.witnessed.executions.values() if item.run}
        queries: dict[str, list[Execution]] = {step.id: [] for step in fresh}
        for root in self.witnessed.roots():
            if (owner := self._step_of(root)) is not None and owner.id in queries:
                queries[owner.id].append(root)
        for step in fresh:
            for root in queries[step.id]:
                if (root.epoch, root.number) not in reported:
                    self._own_run(step, outcome, root)
            if not queries[step.id] and step.id not in self._merged:
                self._own_run(step, outcome, None)

    def _own_run(self, step: Step, outcome: Outcome | None, root: Execution | None) -> None:
        namespace, name = self._job()
        part: object = (root.epoch, root.number) if root is not None else "step"
        run_id = derived_run_id(self._application_id(), step.id, part)
        start = root.start if root is not None and root.start is not None else step.start
        end = root.end if root is not None else step.end
        error = root.error if root is not None else _step_error(step)
        trace = root.stack_trace if root is not None else (step.error or {}).get("stackTrace")
        state = "COMPLETE" if error is None else "FAIL"
        if end is None:
            end = max(start, outcome.ended if outcome else start)
            state, error = (outcome.state, outcome.message) if outcome else ("ABORT", None)
            if state == "COMPLETE":
                state, error = "ABORT", "The application ended before this step did."
        facets = {"parent": ol.parent_facet(self._application_id(), namespace, name, self._root())}
        job = (namespace, f"{name}.{normalize_job_name(step.name)}")
        inputs = [ol.declared(item, step.name) for item in step.inputs]
        outputs = [ol.declared(item, step.name) for item in step.outputs]
        job_facets = {"jobType": ol.job_type_facet("STEP")}
        for kind, time in (("START", start), (state, end)):
            made = ol.make(
                kind,
                time=time,
                run=run_id,
                job=job,
                run_facets=facets,
                job_facets=job_facets,
                inputs=inputs,
                outputs=outputs,
            )
            if kind != "START" and error and state != "COMPLETE":
                made = _failed(made, error, trace)
            self._out.append(made)
        self._over.add(run_id)

    def _close_application(self, outcome: Outcome) -> None:
        for other in [item for item in self._runs.values() if item is not self._application]:
            # A driver that started a second SparkContext under a run id of its own.
            base = other.terminal[-1] if other.terminal else other.first
            self._finish_run(other.id, {**base, "eventType": outcome.state, "eventTime": to_iso(outcome.ended)})
        run = self._application
        if run is None:
            start = self._made("START", self.record.started or outcome.ended)
            self._out.append(start)
            event = self._made(outcome.state, outcome.ended)
        else:
            base = run.terminal[-1] if run.terminal else run.first
            event = {
                **base,
                "eventType": outcome.state,
                "eventTime": to_iso(max(outcome.ended, run.last)),
            }
        if outcome.state != "COMPLETE" and outcome.message:
            event = _failed(event, outcome.message, outcome.stack_trace, outcome.language)
        self._finish_run(ol.run_id(event), event)

    def _made(self, kind: str, time: int) -> ol.Event:
        facets = {"parent": ol.facet("1-2-0/ParentRunFacet", **self.record.parent)} if self.record.parent else {}
        return ol.make(
            kind,
            time=time,
            run=self._application_id(),
            job=self._job(),
            run_facets=facets,
            job_facets={"jobType": ol.job_type_facet("APPLICATION")},
        )

    def _finish_run(self, run_id: str, event: ol.Event) -> None:
        self._over.add(run_id)
        self._runs.pop(run_id, None)
        self._out.append(event)

    # Who the application is.

    def _application_id(self) -> str:
        # An agent below 1.42 knows no applicationRunId and chooses one itself.
        return self._application.id if self._application else self.record.run_id

    def _job(self) -> tuple[str, str]:
        return ol.job(self._application.first) if self._application else (self.record.namespace, self.record.job)

    def _root(self) -> dict[str, Any] | None:
        facet = ol.run_facets(self._application.first).get("parent") if self._application else self.record.parent
        root = facet.get("root") if isinstance(facet, dict) else None
        return root if isinstance(root, dict) else None

    def _drain(self) -> list[ol.Event]:
        ready, self._out = self._out, []
        fresh = []
        for event in ready:
            identity = _identity(event)
            if self._sent[identity] > 0:
                self._sent[identity] -= 1
            else:
                fresh.append(event)
        return fresh


def _identity(event: Mapping[str, Any]) -> tuple[str, str, str]:
    kind = str(event.get("eventType")).upper()
    # A run has one terminal event, whatever a second reading would call it.
    return (
        (ol.run_id(event), "END", "") if kind in ol.TERMINAL else (ol.run_id(event), kind, str(event.get("eventTime")))
    )


def _carried_step(event: Mapping[str, Any]) -> str | None:
    facet = ol.run_facets(event).get("spark_properties")
    properties = facet.get("properties") if isinstance(facet, dict) else None
    step = properties.get("spark.sparklineage.step") if isinstance(properties, dict) else None
    return step if isinstance(step, str) else None


def _time(event: Mapping[str, Any]) -> int | None:
    try:
        return from_iso(str(event.get("eventTime")))
    except ValueError:
        return None


def _execution_facet(execution: Execution) -> dict[str, Any]:
    return ol.own_facet(
        ol.EXECUTION,
        executionId=execution.number,
        rootExecutionId=execution.root,
        description=mask(execution.description),
    )


def _step_error(step: Step) -> str | None:
    if step.error is None:
        return None
    return f"{step.error.get('type') or 'Error'}: {step.error.get('message') or ''}".rstrip(": ")


def _verdict(truth: Execution | Job, outcome: Outcome | None) -> tuple[str, str | None, str | None]:
    """State, error and stack trace of what has ended, as Spark knows it."""
    if truth.error is None:
        return "COMPLETE", None, None
    if truth.cut_off and outcome is not None and outcome.state == "ABORT":
        return "ABORT", outcome.message, None
    return "FAIL", truth.error, getattr(truth, "stack_trace", None)


def _failed(event: ol.Event, message: str, trace: str | None, language: str | None = None) -> ol.Event:
    language = language or ("PYTHON" if "Traceback (most recent call last)" in message else "JAVA")
    facet = ol.error_facet(
        mask(message)[:_MOST_ERROR],
        language=language,
        stack_trace=mask(trace)[:_MOST_TRACE] if trace else None,
    )
    return ol.with_run_facet(event, "errorMessage", facet)
