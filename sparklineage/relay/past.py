"""Queries that are over are let go of, so that an application of a million takes no more memory than one of a few."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sparklineage.journal import RunFolder
    from sparklineage.relay.match import AgentRun, Matcher
    from sparklineage.relay.steps import Step
    from sparklineage.relay.witnessed import Execution, Job

_MOST_TOLD = 1000
"""Queries without lineage that settled.json lists; the others are only counted."""


@dataclass(frozen=True)
class Limits:
    """What one application may hold in memory."""

    recent: int = 2_000
    """Queries, and jobs, that are kept although they are over: the agent's answer may come a little later."""
    held: int = 2_000
    """Ends of queries that wait for their step to end. Beyond, they get what the step has declared so far."""
    unpacked: int = 100
    """Of those, how many are kept as they are; the others are packed."""
    open: int = 100_000
    """Queries, jobs, runs and steps that are not over."""
    size: int = 32 << 20
    """Bytes, packed, of events and declarations that are held."""


LIMITS = Limits()


@dataclass
class Past:
    """What is left of queries that were let go of: the coverage counts them."""

    queries: int = 0
    reported: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    unexecuted: list[dict[str, Any]] = field(default_factory=list)
    """What declared datasets that no query has."""

    def count(self, root: Execution, *, reported: bool, told: Callable[[Execution], dict[str, Any]]) -> None:
        """Take one of the user's queries into account."""
        self.queries += 1
        self.reported += reported
        if not reported and len(self.left_out) < _MOST_TOLD:
            self.left_out.append(told(root))

    def idle(self, step: Step) -> None:
        """Note what has a run of its own because no query had its datasets.

        A block that both reads and writes needs no query: it is code of its own. So is a function that was called or
        sent to executors outside of any step. Of a client of Spark Connect nobody knows the queries.
        """
        if step.remote or step.is_call or (step.is_block and step.inputs and step.outputs):
            return
        kind = "step" if step.is_block else "tag" if step.tagged else "function"
        if len(self.unexecuted) < _MOST_TOLD:
            self.unexecuted.append({"what": kind, "step": step.name, "tagged": step.tagged})


def overdue(match: Matcher, runs: Collection[AgentRun], limits: Limits, heard: float) -> list[AgentRun]:
    """Runs that are to be closed now, though something might still be said about them.

    Those whose query or job was over long ago without a word of the agent's, which has been heard up to the time
    `heard`, and the oldest of too many that wait for their step.
    """
    held = [run for run in runs if run.said and run.kind != "APPLICATION"]
    found = held[: max(len(held) - limits.held, 0)]
    for run in held[len(found) : -limits.unpacked]:
        run.pack()
    witnessed = match.witnessed
    old = {id(item) for item in islice(witnessed.executions.values(), _surplus(witnessed.executions, limits))}
    old.update(id(item) for item in islice(witnessed.jobs.values(), _surplus(witnessed.jobs, limits)))
    early = {run.id for run in found}
    for run in runs if old else ():
        truth = match.job_of(run) if run.kind == "RDD_JOB" else run.execution
        if truth is None or id(truth) not in old or run.id in early or not _is_past(truth, heard):
            continue
        waits = run.said and any(step.is_awaited for step in match.declaring(run.execution, run.carried))
        if run.kind != "APPLICATION" and not waits:
            found.append(run)
    return found


def spent(
    match: Matcher, open_runs: Collection[str], limits: Limits, heard: float
) -> Iterator[tuple[Execution, list[Execution]]]:
    """Of the older queries those that nothing can change any more: each root with all that ran on its behalf."""
    witnessed = match.witnessed
    for item in list(islice(witnessed.executions.values(), _surplus(witnessed.executions, limits))):
        root = witnessed.root_of(item)
        if item is not root or witnessed.executions.get((item.epoch, item.number)) is not item:
            continue  # it goes with its root, or has gone with it
        family = witnessed.family_of(root)
        if all(_is_past(one, heard) and one.run not in open_runs for one in family):
            yield root, family


def forget_jobs(match: Matcher, open_jobs: Collection[int | None], limits: Limits, heard: float) -> None:
    """Let go of older jobs that have ended and that no open run names."""
    jobs = match.witnessed.jobs
    for key in list(islice(jobs, _surplus(jobs, limits))):
        if _is_past(jobs[key], heard) and jobs[key].number not in open_jobs:
            del jobs[key]


def forget_steps(match: Matcher, open_steps: Collection[str | None], limits: Limits) -> set[str]:
    """Let go of steps that are told and older than every query that is kept. Returns their ids."""
    steps = match.steps
    if len(steps.by_id) <= limits.recent // 4:
        return set()
    starts = [item.start for item in match.witnessed.executions.values() if item.start is not None]
    oldest = min(starts, default=match.witnessed.latest)
    named = {item.step for item in match.witnessed.executions.values()}
    named.update(tag for item in match.witnessed.executions.values() for tag in item.tags)
    gone = {
        step.id
        for step in steps.by_id.values()
        if step.told and step.end is not None and step.end < oldest and step.id not in named | set(open_steps)
    }
    steps.forget(gone)
    return gone


def check(folder: RunFolder, match: Matcher, runs: Collection[AgentRun], limits: Limits) -> None:
    """Raises JournalError for an application that holds more than a relay of many can carry."""
    witnessed = match.witnessed
    count = len(witnessed.executions) + len(witnessed.jobs) + len(runs) + len(match.steps.by_id)
    size = sum(run.size for run in runs) + match.steps.size
    if count > limits.open or size > limits.size:
        raise JournalError(
            f"{folder.path}: has {count} queries, jobs and steps open at once, of {size} bytes, which is more than a "
            "relay of many applications carries; its lineage is not delivered."
        )


def _is_past(item: Execution | Job, heard: float) -> bool:
    """Whether it is over by itself, and all that the agent has said of it was heard."""
    return item.end is not None and item.end < heard and not item.cut_off


def _surplus(found: Collection[object], limits: Limits) -> int:
    # Not at every single one: looking at them costs something.
    return len(found) - limits.recent if len(found) > limits.recent * 5 // 4 else 0
