"""What a settler knows, as JSON, so that a relay goes on where another one stopped without reading all anew."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset
from sparklineage.relay.match import AgentRun
from sparklineage.relay.steps import Step, Steps
from sparklineage.relay.witnessed import Execution, Job, Witnessed

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = ("application", "ended", "latest", "over", "stopped_by", "exit", "epoch")


def of_run(run: AgentRun) -> dict[str, Any]:
    """One open run of the agent."""
    run = run.opened()
    found = {item.name: getattr(run, item.name) for item in fields(run)}
    execution = run.execution
    found["execution"] = [execution.epoch, execution.number] if execution is not None else None
    found["said"] = sorted(run.said)
    return found


def to_run(found: Mapping[str, Any], witnessed: Witnessed) -> AgentRun:
    """What `of_run` was given, with the execution that is known now."""
    key = found["execution"]
    execution = witnessed.executions.get((key[0], key[1])) if key else None
    return AgentRun(**{**found, "execution": execution, "said": set(found["said"])})


def of_witnessed(witnessed: Witnessed) -> dict[str, Any]:
    """Everything that is held of Spark's own knowledge."""
    return {
        **{name: getattr(witnessed, name) for name in _PLAIN},
        "executions": [vars(item) for item in witnessed.executions.values()],
        "jobs": [[epoch, vars(job)] for (epoch, _), job in witnessed.jobs.items()],
        "index": witnessed.index(),
    }


def to_witnessed(found: Mapping[str, Any], witnessed: Witnessed) -> None:
    """Put into a fresh one what `of_witnessed` was given."""
    for name in _PLAIN:
        setattr(witnessed, name, found[name])
    for item in found["executions"]:
        functions = tuple((kind, name) for kind, name in item["functions"])
        made = Execution(**{**item, "functions": functions, "tags": tuple(item["tags"])})
        witnessed.executions[made.epoch, made.number] = made
    for epoch, item in found["jobs"]:
        key = item["execution"]
        job = Job(**{**item, "execution": (key[0], key[1]) if key else None})
        witnessed.jobs[epoch, job.number] = job
    witnessed.restore_index(found["index"])


def of_steps(steps: Steps) -> dict[str, Any]:
    """Everything that the job has declared and that is held."""
    return {
        "by_id": [_of_step(step) for step in steps.by_id.values()],
        "functions": [[kind, name, _of_step(step)] for (kind, name), step in steps.functions.items()],
        "size": steps.size,
        "sizes": steps.sizes,
        "calls": sorted(steps.calls),
        "named": {name: sorted(ids) for name, ids in steps.named.items()},
    }


def to_steps(found: Mapping[str, Any], steps: Steps) -> None:
    """Put into a fresh one what `of_steps` was given."""
    for item in found["by_id"]:
        step = steps.by_id[item["id"]] = _to_step(item)
        if step.stream is not None:
            steps.streams.setdefault(step.stream, []).append(step.id)
    for kind, name, item in found["functions"]:
        steps.functions[kind, name] = _to_step(item)
    steps.size, steps.sizes = found["size"], dict(found["sizes"])
    steps.calls = set(found.get("calls", ()))
    steps.named = {name: set(ids) for name, ids in found.get("named", {}).items()}


def _of_step(step: Step) -> dict[str, Any]:
    sides = {side: [vars(item) for item in getattr(step, side).values()] for side in ("inputs", "outputs")}
    return {**vars(step), **sides}


def _to_step(found: Mapping[str, Any]) -> Step:
    sides = {}
    for side in ("inputs", "outputs"):
        items = [Dataset(**item) for item in found[side]]
        sides[side] = {Dataset(item.namespace, item.name): item for item in items}
    return Step(**{**found, **sides})
