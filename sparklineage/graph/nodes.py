"""What a graph consists of: datasets, jobs and the edges between them. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Key = tuple[str, str]
"""Namespace and name: what tells one dataset or job from another."""

Kind = Literal["application", "query", "rdd", "step"]
State = Literal["COMPLETE", "FAIL", "ABORT", "RUNNING"]
Direction = Literal["input", "output"]


@dataclass(frozen=True, kw_only=True, order=True)
class DatasetNode:
    """A dataset that some job reads or writes."""

    namespace: str
    name: str

    @property
    def key(self) -> Key:
        return self.namespace, self.name


@dataclass(frozen=True, kw_only=True)
class JobNode:
    """A job, with the state, times and error of its latest run."""

    namespace: str
    name: str
    kind: Kind
    application: Key | None
    """The job of the application run around it; None for an application or a job without a parent."""
    state: State
    runs: int
    """How many runs of it the events tell of."""
    started_ms: int | None
    duration_ms: int | None
    """From its first event to its terminal one; None while it runs."""
    error: str | None

    @property
    def key(self) -> Key:
        return self.namespace, self.name


@dataclass(frozen=True, kw_only=True, order=True)
class Edge:
    """A job reads (`input`) or writes (`output`) a dataset; `declared` by hand where no listener saw it."""

    job: Key
    direction: Direction
    dataset: Key
    declared: bool


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes and edges in a stable order: by namespace and name."""

    datasets: tuple[DatasetNode, ...] = ()
    jobs: tuple[JobNode, ...] = ()
    edges: tuple[Edge, ...] = ()
    applications: tuple[JobNode, ...] = ()
    """The applications around the jobs, also those without datasets of their own."""
    folded: int = 0
    """How many runs are not shown because they tell nothing of datasets."""
    by_job: dict[Key, tuple[Edge, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[Key, list[Edge]] = {job.key: [] for job in self.jobs}
        for edge in self.edges:
            found[edge.job].append(edge)
        object.__setattr__(self, "by_job", {key: tuple(edges) for key, edges in found.items()})

    def inputs(self, job: JobNode) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.by_job[job.key] if edge.direction == "input")

    def outputs(self, job: JobNode) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.by_job[job.key] if edge.direction == "output")

    @cached_property
    def written(self) -> frozenset[Key]:
        """The datasets that some job writes; the others are sources."""
        return frozenset(edge.dataset for edge in self.edges if edge.direction == "output")

    @cached_property
    def read(self) -> frozenset[Key]:
        """The datasets that some job reads; the others are results."""
        return frozenset(edge.dataset for edge in self.edges if edge.direction == "input")
