"""From settled OpenLineage run events to a graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.graph.nodes import DatasetNode, Direction, Edge, Graph, JobNode, Key, Kind, State
from sparklineage.model import event as read
from sparklineage.model.clock import from_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_KINDS: dict[str, Kind] = {
    "APPLICATION": "application",
    "SQL_JOB": "query",
    "RDD_JOB": "rdd",
    "STEP": "step",
}
_TERMINAL: dict[str, State] = {"COMPLETE": "COMPLETE", "FAIL": "FAIL", "ABORT": "ABORT"}

# The name that Spark's own listing of files and schemas gets from the agent.
_LISTING = "parallel_collection"

EdgeKey = tuple[Direction, Key]


@dataclass
class _Run:
    order: int
    job: Key
    kind: Kind | None = None
    parent: Key | None = None
    first_ms: int | None = None
    last_ms: int | None = None
    state: State = "RUNNING"
    error: str | None = None
    inner: bool = False
    """A query that Spark or Delta ran on behalf of another one."""
    edges: dict[EdgeKey, bool] = field(default_factory=dict)


def build(events: Iterable[Mapping[str, Any]], *, all_runs: bool = False) -> Graph:
    """The graph of the given run events, of one application or of many.

    Left out unless `all_runs`: Spark's own file listing, applications without datasets of their own, and
    queries without datasets that did not fail; with them the datasets that nobody else uses. Events that
    are no run events are passed over.
    """
    runs = _by_job(_runs(events))
    jobs = {key: _job(key, found) for key, found in runs.items()}
    edges = {key: _edges(found) for key, found in runs.items()}
    inner = {key for key, found in runs.items() if all(run.inner for run in found)}
    shown = set(jobs) if all_runs else _worth_showing(jobs, edges, inner)
    return Graph(
        jobs=tuple(jobs[key] for key in sorted(shown)),
        edges=tuple(
            sorted(
                Edge(job=job, direction=direction, dataset=dataset, declared=declared)
                for job in shown
                for (direction, dataset), declared in edges[job].items()
            )
        ),
        datasets=tuple(
            DatasetNode(namespace=namespace, name=name)
            for namespace, name in sorted({dataset for job in shown for _, dataset in edges[job]})
        ),
        applications=tuple(jobs[key] for key in sorted(jobs) if jobs[key].kind == "application"),
        folded=sum(job.runs for key, job in jobs.items() if key not in shown and job.kind != "application"),
    )


def _runs(events: Iterable[Mapping[str, Any]]) -> list[_Run]:
    runs: dict[str, _Run] = {}
    for event in events:
        job, run_id = _key(event.get("job")), read.run_id(event)
        if job is None or not run_id:
            continue
        run = runs.setdefault(run_id, _Run(order=len(runs), job=job))
        # The agent may find a better name for the job while its run goes on.
        run.job = job
        _note(run, event)
    return list(runs.values())


def _note(run: _Run, event: Mapping[str, Any]) -> None:
    facets = read.run_facets(event)
    run.kind = _KINDS.get(read.job_type(event).upper(), run.kind)
    run.parent = _key(_dict(facets.get("parent")).get("job")) or run.parent
    message = _dict(facets.get("errorMessage")).get("message")
    if isinstance(message, str) and message.strip():
        run.error = message
    execution = _dict(facets.get(read.EXECUTION))
    run.inner = run.inner or execution.get("executionId") != execution.get("rootExecutionId")
    if (time := _time(event.get("eventTime"))) is not None:
        run.first_ms = time if run.first_ms is None else min(run.first_ms, time)
        run.last_ms = time if run.last_ms is None else max(run.last_ms, time)
    state = _TERMINAL.get(str(event.get("eventType")).upper())
    # A COMPLETE of the agent after a FAIL of the same run is the false one.
    if state and run.state != "FAIL":
        run.state = state
    for edge, declared in _datasets(event):
        run.edges[edge] = run.edges.get(edge, True) and declared


def _datasets(event: Mapping[str, Any]) -> Iterator[tuple[EdgeKey, bool]]:
    sides: tuple[tuple[Direction, str], ...] = (("input", "inputs"), ("output", "outputs"))
    for direction, side in sides:
        for dataset in read.datasets(event, side):
            if key := _key(dataset):
                yield (direction, key), read.DECLARED in _dict(dataset.get("facets"))


def _by_job(runs: list[_Run]) -> dict[Key, list[_Run]]:
    found: dict[Key, list[_Run]] = {}
    for run in runs:
        found.setdefault(run.job, []).append(run)
    return found


def _job(key: Key, runs: list[_Run]) -> JobNode:
    latest = max(runs, key=lambda run: (-1 if run.first_ms is None else run.first_ms, run.order))
    took = None
    if latest.state != "RUNNING" and latest.first_ms is not None and latest.last_ms is not None:
        took = latest.last_ms - latest.first_ms
    kind = latest.kind or ("application" if latest.parent is None else "step")
    return JobNode(
        namespace=key[0],
        name=key[1],
        kind=kind,
        # The parent of an application is somebody else's: an Airflow task, a script.
        application=None if kind == "application" else latest.parent,
        state=latest.state,
        runs=len(runs),
        started_ms=latest.first_ms,
        duration_ms=took,
        error=latest.error if latest.state in {"FAIL", "ABORT"} else None,
    )


def _edges(runs: list[_Run]) -> dict[EdgeKey, bool]:
    found: dict[EdgeKey, bool] = {}
    for run in runs:
        for edge, declared in run.edges.items():
            found[edge] = found.get(edge, True) and declared
    return found


def _worth_showing(
    jobs: Mapping[Key, JobNode], edges: Mapping[Key, Mapping[EdgeKey, bool]], inner: set[Key]
) -> set[Key]:
    minor = {key for key, job in jobs.items() if job.kind == "rdd" or key in inner}
    shown = {
        key
        for key, job in jobs.items()
        if key not in minor and (edges[key] or (job.state == "FAIL" and job.kind != "application"))
    }
    used = {dataset for key in shown for _, dataset in edges[key]}
    return shown | {key for key in minor if not _is_listing(jobs[key], edges[key], used)}


def _is_listing(job: JobNode, edges: Mapping[EdgeKey, bool], used: set[Key]) -> bool:
    """Whether a job only prepares another: it writes nothing and reads nothing that is news."""
    if any(direction == "output" or declared for (direction, _), declared in edges.items()):
        return False
    return _LISTING in job.name or all(dataset in used for _, dataset in edges)


def _key(value: object) -> Key | None:
    found = _dict(value)
    namespace, name = found.get("namespace"), found.get("name")
    return (namespace, name) if isinstance(namespace, str) and isinstance(name, str) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _time(value: object) -> int | None:
    try:
        return from_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None
