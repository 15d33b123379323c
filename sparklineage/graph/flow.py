"""The order in which data flows through the jobs of a graph."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparklineage.graph.nodes import Graph, JobNode, Key


def flow_order(graph: Graph) -> list[JobNode]:
    """Every job once, after the jobs that write what it reads; among equals the one that started first.

    Where jobs feed each other in a circle, the one that started first opens it.
    """
    writers: dict[Key, set[Key]] = {}
    readers: dict[Key, set[Key]] = {}
    for edge in graph.edges:
        side = writers if edge.direction == "output" else readers
        side.setdefault(edge.dataset, set()).add(edge.job)
    before: dict[Key, set[Key]] = {job.key: set() for job in graph.jobs}
    after: dict[Key, set[Key]] = {job.key: set() for job in graph.jobs}
    for dataset, froms in writers.items():
        for reader in readers.get(dataset, ()):
            for writer in froms - {reader}:
                before[reader].add(writer)
                after[writer].add(reader)
    rank = {job.key: (job.started_ms or 0, job.key) for job in graph.jobs}
    jobs = {job.key: job for job in graph.jobs}
    ready = [rank[key] for key, waits in before.items() if not waits]
    waiting = sorted(rank[key] for key, waits in before.items() if waits)
    heapq.heapify(ready)
    done: dict[Key, JobNode] = {}
    while len(done) < len(jobs):
        if not ready:
            heapq.heappush(ready, next(entry for entry in waiting if entry[1] not in done))
        key = heapq.heappop(ready)[1]
        if key in done:
            continue
        done[key] = jobs[key]
        for reader in after[key]:
            before[reader].discard(key)
            if not before[reader] and reader not in done:
                heapq.heappush(ready, rank[reader])
    return list(done.values())
