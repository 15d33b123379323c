"""Runs of our own: for what is declared and stands on no run of the agent's, and for streaming queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sparklineage.model import event as ol
    from sparklineage.relay.made import Application
    from sparklineage.relay.match import AgentRun, Matcher
    from sparklineage.relay.past import Past
    from sparklineage.relay.record import Outcome
    from sparklineage.relay.steps import Step
    from sparklineage.relay.witnessed import Execution


@dataclass
class OwnRuns:
    """Decides who has one; each is told once."""

    match: Matcher
    past: Past
    merged: set[str] = field(default_factory=set)
    """Steps and functions whose datasets stand on a run of the agent's, or of a stream."""

    def of_steps(
        self, steps: Iterable[Step], runs: Collection[AgentRun], application: Application, outcome: Outcome | None
    ) -> list[ol.Event]:
        """A run for every query of these steps that the agent left out, and for a step without any.

        `runs` are the agent's open ones. A block that failed has one in any case: the queries before may have ended
        well. What is declared inside of a batch is on the run of the stream and needs no other. With an outcome the
        application is over, and so is what waited for it.
        """
        earlier = self.match.steps.earlier
        fresh = {step.id: step for step in steps if not step.told and step.id not in earlier}
        if outcome is None:
            # A tagged DataFrame may be executed at any time, so its step has no query only when all is over.
            fresh = {
                step.id: step for step in fresh.values() if not step.tagged or step.folded or step.id in self.merged
            }
            if not fresh:
                return []
        for step in fresh.values():
            step.told = True
        made = []
        reached = self._reached(runs) | self._inherited(fresh.values())
        for root in self._left_out():
            around = self.match.declaring(root)
            owner = self.match.step_at(root)
            if not any(step.declares for step in around):
                continue
            # A query outside of any step, which functions or tags declare for, is told with the application.
            is_due = outcome is not None if owner is None or owner.id in earlier else owner.id in fresh
            if is_due:
                made += application.step_run(owner or around[0], root, outcome, around)
        for step in fresh.values():
            is_idle = step.declares and step.id not in reached and not step.folded
            if step.is_call and (is_idle or step.error is not None) and self.match.steps.is_repeated(step):
                continue
            if is_idle:
                self.past.idle(step)
                made += application.step_run(step, None, outcome, self._around(step))
            elif step.error is not None:
                made += application.step_run(step, None, outcome, () if step.id in reached else None)
        for step in self.match.steps.functions.values() if outcome is not None else ():
            # A helper, or a function that was sent to executors by hand, has declared on a block.
            is_idle = step.declares and step.id not in reached and step.id not in earlier
            is_idle = is_idle and not self.match.steps.is_told_by_name(step, reached)
            if is_idle and not self.match.steps.is_told_by_blocks(step):
                self.past.idle(step)
                made += application.step_run(step, None, outcome)
        return made

    def of_streams(
        self,
        application: Application,
        outcome: Outcome | None,
        over: Collection[str],
        is_told: Callable[[ol.Event], bool],
    ) -> list[ol.Event]:
        """What the runs of streaming queries have to say by now; of those whose steps are `over` the end, too.

        `is_told` is that of `Application.stream_run`.
        """
        made = []
        for number in [number for numbers in self.match.steps.streams.values() for number in numbers]:
            step = self.match.steps.get(number)
            if step is not None and not step.told and number not in self.match.steps.earlier:
                made += application.stream_run(step, outcome, over=number in over, is_told=is_told)
        return made

    def _left_out(self) -> list[Execution]:
        """The user's queries that stand on no run of the agent's, nor of a stream."""
        reported = self.match.reported_roots()
        roots = (root for root in self.match.witnessed.roots() if (root.epoch, root.number) not in reported)
        return [root for root in roots if self.match.stream_of(root) is None]

    def _around(self, step: Step) -> list[Step]:
        """The steps whose datasets a run of this one has. Over Spark Connect a run stands for the queries of the step,
        whatever they are, and so has what queries would get."""
        return self.match.steps.around(step) if step.remote else [step]

    def _inherited(self, steps: Iterable[Step]) -> set[str]:
        """Those whose datasets stand on the runs of steps inside of them."""
        inner = [step for step in steps if step.remote and step.declares and step.stream is None]
        return {item.id for step in inner for item in self._around(step) if item is not step}

    def _reached(self, runs: Iterable[AgentRun]) -> set[str]:
        """What declares for any query, or for an action on an RDD that the agent has reported."""
        found = set(self.merged)
        for run in runs:
            if run.kind == "RDD_JOB":
                found.update(step.id for step in self.match.declaring_job(run))
        for root in self.match.witnessed.roots():
            if self.match.stream_of(root) is not None:
                continue  # it is on the stream's run, or on one that the agent has of the first batch
            for item in self.match.witnessed.family_of(root):
                found.update(step.id for step in self.match.declaring(item))
        return found
