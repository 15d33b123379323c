"""Events of our own making, and what we add to the agent's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model.ids import derived_run_id
from sparklineage.model.masking import mask
from sparklineage.model.naming import step_job_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sparklineage.relay.record import Outcome, RunRecord
    from sparklineage.relay.steps import Step
    from sparklineage.relay.witnessed import Execution, Job

_MOST_ERROR = 8_192
_MOST_TRACE = 16_384


@dataclass(frozen=True)
class Application:
    """Who the application is, as its runs name it."""

    run_id: str
    job: tuple[str, str]
    """Namespace and name."""
    parent: Mapping[str, Any] | None
    """Its `parent` facet."""
    governance: Mapping[str, str | bool] = field(default_factory=dict)
    """The fields of its `governance` facet; without any it has none."""

    def event(self, kind: str, time: int) -> ol.Event:
        """An event of the application itself, where the agent has sent none."""
        event = ol.make(
            kind,
            time=time,
            run=self.run_id,
            job=self.job,
            run_facets={"parent": ol.facet("1-2-0/ParentRunFacet", **self.parent)} if self.parent else {},
            job_facets={"jobType": ol.job_type_facet("APPLICATION")},
        )
        return governed(event, self.governance)

    def step_run(
        self, step: Step, root: Execution | None, outcome: Outcome | None, around: Sequence[Step] | None = None
    ) -> list[ol.Event]:
        """START and end of a run that stands for a query of the step, or for a step without any query.

        `around` are all steps and functions whose datasets the run has; this one alone by default.
        """
        part: object = (root.epoch, root.number) if root is not None else "step"
        run_id = derived_run_id(self.run_id, step.id, part)
        start = root.start if root is not None and root.start is not None else step.start
        end = root.end if root is not None else step.end
        error = root.error if root is not None else _step_error(step)
        trace = root.stack_trace if root is not None else (step.error or {}).get("stackTrace")
        state = "COMPLETE" if error is None else "FAIL"
        if root is None and step.error is not None and step.error.get("stopped") is True:
            state = "ABORT"  # the streaming query around it was stopped
        if end is None:
            end = max(start, outcome.ended if outcome else start)
            state, error = (outcome.state, outcome.message) if outcome else ("ABORT", None)
            if state == "COMPLETE":
                state, error = "ABORT", "The application ended before this step did."
        events = [self._step_event(step, run_id, kind, time) for kind, time in (("START", start), (state, end))]
        for part in (step,) if around is None else around:
            events = [with_declared(event, part) for event in events]
        events[1] = with_step_facets(events[1], step)
        if error and state != "COMPLETE":
            events[1] = failed(events[1], error, trace)
        return events

    def stream_run(
        self, step: Step, outcome: Outcome | None, *, over: bool, is_told: Callable[[ol.Event], bool]
    ) -> list[ol.Event]:
        """What the run of a streaming query has to say since it was asked last: START, RUNNING, and its end once.

        Its end is told when it is `over`, with all its batches. `is_told` knows the events that a relay before this
        one has written.
        """
        said = [("RUNNING", time) for time in step.progress]
        if not step.begun:
            said.insert(0, ("START", step.start))
        state, error = "COMPLETE" if step.error is None else "FAIL", _step_error(step)
        if over and step.end is not None:
            said.append((state, step.end))
        elif over and outcome is not None:
            state, error = outcome.state, outcome.message
            said.append((state, max(step.start, outcome.ended)))
        run_id = derived_run_id(self.run_id, step.id, "stream")
        events = [with_declared(self._step_event(step, run_id, kind, time), step) for kind, time in said]
        if events and not is_told(events[-1]):
            # They were seen before the last word of these, and a backend puts all words of a run together.
            for side, found in step.seen.items():
                events[-1] = ol.with_datasets(events[-1], side, found.values())
            for side, found in step.inside.items():
                events[-1] = ol.with_declared(events[-1], side, found.values())
            step.seen, step.inside = {}, {}
        step.begun, step.progress, step.told = True, [], bool(said) and said[-1][0] in ol.TERMINAL
        if step.told:
            events[-1] = with_step_facets(events[-1], step)
            if error and state != "COMPLETE":
                events[-1] = failed(events[-1], error, (step.error or {}).get("stackTrace"))
        return events

    def _step_event(self, step: Step, run_id: str, kind: str, time: int) -> ol.Event:
        namespace, name = self.job
        root_facet = (self.parent or {}).get("root")
        parent = ol.parent_facet(self.run_id, namespace, name, root_facet if isinstance(root_facet, dict) else None)
        job_type = ol.job_type_facet("STEP")
        return ol.make(
            kind,
            time=time,
            run=run_id,
            job=(namespace, step_job_name(name, step.name)),
            run_facets={"parent": parent},
            job_facets={"jobType": job_type if step.stream is None else {**job_type, "processingType": "STREAMING"}},
        )


def as_its_own(event: ol.Event, record: RunRecord) -> ol.Event:
    """An event that the agent reports under the run of an earlier application of the session, as one of this one's."""
    if record.reported_as is None:
        return event
    if ol.run_id(event) == record.reported_as:
        job = {**event.get("job", {}), "namespace": record.namespace, "name": record.job}
        return with_parent(
            _without_parent({**event, "run": {**event["run"], "runId": record.run_id}, "job": job}), record.parent
        )
    parent = ol.run_facets(event).get("parent")
    run = parent.get("run") if isinstance(parent, dict) else None
    if not isinstance(parent, dict) or not isinstance(run, dict) or run.get("runId") != record.reported_as:
        return event
    _, name = ol.job(event)
    before = str((parent.get("job") or {}).get("name"))
    if name.startswith(f"{before}."):
        event = {**event, "job": {**event["job"], "name": f"{record.job}{name[len(before) :]}"}}
    root = (record.parent or {}).get("root")
    facet = ol.parent_facet(record.run_id, record.namespace, record.job, root if isinstance(root, dict) else None)
    return ol.with_run_facet(event, "parent", facet)


def _without_parent(event: ol.Event) -> ol.Event:
    facets = {name: facet for name, facet in ol.run_facets(event).items() if name != "parent"}
    return {**event, "run": {**event["run"], "facets": facets}}


def with_declared(event: ol.Event, step: Step) -> ol.Event:
    """The event with what the step declared."""
    for side, found in (("inputs", step.inputs), ("outputs", step.outputs)):
        event = ol.with_declared(event, side, [ol.declared(item, step.name, side) for item in found.values()])
    return event


def with_step_facets(event: ol.Event, step: Step) -> ol.Event:
    """The event with what the step says of its runs and their job."""
    for name, value in step.run_facets.items():
        event = ol.with_run_facet(event, name, value)
    for name, value in step.job_facets.items():
        event = ol.with_job_facet(event, name, value)
    return event


def governed(event: ol.Event, fields: Mapping[str, str | bool]) -> ol.Event:
    """The application's event with its `governance` facet; one that it brings stays."""
    if not fields or ol.GOVERNANCE in ol.run_facets(event):
        return event
    return ol.with_run_facet(event, ol.GOVERNANCE, ol.own_facet(ol.GOVERNANCE, **fields))


def with_parent(event: ol.Event, parent: Mapping[str, Any] | None) -> ol.Event:
    """The application's event with the run that started it, which an agent does not know that is not told; one that it
    brings stays."""
    if not parent or "parent" in ol.run_facets(event):
        return event
    return ol.with_run_facet(event, "parent", ol.facet("1-2-0/ParentRunFacet", **parent))


def with_cluster(event: ol.Event, fields: Mapping[str, str | int]) -> ol.Event:
    """The event with its `sparklineage_cluster` facet; one that it brings stays."""
    if not fields or not ol.run_id(event) or ol.CLUSTER in ol.run_facets(event):
        return event
    return ol.with_run_facet(event, ol.CLUSTER, ol.own_facet(ol.CLUSTER, **fields))


def with_execution(event: ol.Event, execution: Execution) -> ol.Event:
    """The event with the SQL execution that it is about."""
    facet = ol.own_facet(
        ol.EXECUTION,
        executionId=execution.number,
        rootExecutionId=execution.root,
        description=mask(execution.description),
    )
    return ol.with_run_facet(event, ol.EXECUTION, facet)


def failed(event: ol.Event, message: str, trace: str | None, language: str | None = None) -> ol.Event:
    """The event with an `errorMessage` facet, secrets masked, texts cut to what backends take."""
    language = language or ("PYTHON" if "Traceback (most recent call last)" in message else "JAVA")
    facet = ol.error_facet(
        mask(message)[:_MOST_ERROR],
        language=language,
        stack_trace=mask(trace)[:_MOST_TRACE] if trace else None,
    )
    return ol.with_run_facet(event, "errorMessage", facet)


def verdict(truth: Execution | Job, outcome: Outcome | None) -> tuple[str, str | None, str | None]:
    """State, error and stack trace of what has ended, as Spark knows it."""
    if truth.error is None:
        return "COMPLETE", None, None
    if truth.cut_off and outcome is not None and outcome.state == "ABORT":
        return "ABORT", outcome.message, None
    return "FAIL", truth.error, getattr(truth, "stack_trace", None)


def _step_error(step: Step) -> str | None:
    if step.error is None:
        return None
    return f"{step.error.get('type') or 'Error'}: {step.error.get('message') or ''}".rstrip(": ")
