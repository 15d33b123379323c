"""Job names below a parent as Marquez keeps them.

Marquez stores the application `small` of the parent `dag.task` as `dag.task.small`. The queries still name their
parent `small`, so Marquez invents a second job of that name and the chain is cut (its
`OpenLineageDao.buildJobFromEvent`, 0.51). Names that begin with the parent's from the start are taken as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Hierarchy:
    """An application's job and the job of the run that started it."""

    application: str
    parent: str

    def placed(self, event: bytes) -> bytes:
        """The event with its job, and the job it names as its parent, below the application's parent."""
        found: Any = json.loads(event)
        job, run = found.get("job"), found.get("run")
        if not isinstance(job, dict) or not isinstance(run, dict):
            return event
        changed = {**found, "job": self._below(job)}
        facets = ol.run_facets(found)
        parent = facets.get("parent")
        if isinstance(parent, dict) and isinstance(parent.get("job"), dict):
            facet = {**parent, "job": self._below(parent["job"])}
            changed["run"] = {**run, "facets": {**facets, "parent": facet}}
        return json.dumps(changed, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _below(self, job: Mapping[str, Any]) -> dict[str, Any]:
        name = job.get("name")
        ours = isinstance(name, str) and (name == self.application or name.startswith(f"{self.application}."))
        return {**job, "name": f"{self.parent}.{name}"} if ours else dict(job)


def hierarchy_of(events: Iterable[Mapping[str, Any]]) -> Hierarchy | None:
    """What the first event of the application says; None for an application without a parent."""
    for event in events:
        if ol.job_type(event) == "APPLICATION":
            facet = ol.run_facets(event).get("parent")
            job = facet.get("job") if isinstance(facet, dict) else None
            parent = job.get("name") if isinstance(job, dict) else None
            name = ol.job(event)[1]
            if not isinstance(parent, str) or not parent or name == parent or name.startswith(f"{parent}."):
                return None
            return Hierarchy(application=name, parent=parent)
    return None
