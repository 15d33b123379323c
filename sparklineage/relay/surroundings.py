"""Where an application ran: what its node knows of it and the application itself does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.relay.record import RunRecord

FIELDS = (
    "platform", "clusterId", "stepId", "instanceId", "releaseLabel", "jobId", "runId", "applicationId", "containerId",
    "attempt", "host", "user",
)  # fmt: skip
"""Of the run facet `sparklineage_cluster`, each a text but for `attempt`, a number from 1; each may be missing."""

# Of EMR: a step's process starts in /mnt/var/lib/hadoop/steps/<step id> (public code and error texts show it).
_STEP = re.compile(r"/steps/(s-[0-9A-Z]+)(?:/|$)")
# YARN's ContainerId: container_[e<epoch>_]<cluster timestamp>_<application>_<attempt>_<container>. In cluster mode it
# is also the driver's working directory.
_CONTAINER = re.compile(r"(?:^|/)(container_(?:e\d+_)?\d+_\d+_(\d+)_\d+)(?:/|$)")
_LONGEST = 256
"""Characters of what an application says of itself."""


@dataclass(frozen=True)
class Surroundings:
    """The place of every application on a node. `NOWHERE` adds nothing."""

    cluster: Mapping[str, str] = field(default_factory=dict)
    """Those of `FIELDS` that hold for all applications; without any there is no facet."""
    governance: Mapping[str, str | bool] = field(default_factory=dict)
    """For applications that bring none of their own."""
    namespace: str | None = None
    """Of the job of an application about which the agent says nothing."""

    def placed(self, record: RunRecord) -> RunRecord:
        """The record with what it lacks."""
        if not record.governance and self.governance:
            record = replace(record, governance=self.governance)
        if self.namespace and record.namespace == "default":
            record = replace(record, namespace=self.namespace)
        return record

    def facet(self, application: Mapping[str, Any] | None) -> dict[str, str | int]:
        """The known fields of `sparklineage_cluster`, given the witness's `application` record; perhaps none."""
        if not self.cluster:
            return {}
        said = application or {}
        directory = _text(said.get("workingDirectory"))
        step = _STEP.search(directory)
        container = _CONTAINER.search(_text(said.get("containerId"))) or _CONTAINER.search(directory)
        found: dict[str, str | int] = {
            "clusterId": _text(said.get("clusterId")),
            "stepId": _text(said.get("stepId")) or (step[1] if step else ""),
            "jobId": _text(said.get("jobId")),
            # Its `runId` is that of the lineage.
            "runId": _text(said.get("jobRunId")),
            "applicationId": _text(said.get("applicationId")),
            "containerId": container[1] if container else _text(said.get("containerId")),
            "attempt": int(container[2]) if container else 0,
            "host": _text(said.get("host")),
            "user": _text(said.get("user")),
            **self.cluster,
        }
        return {name: found[name] for name in FIELDS if found.get(name)}


NOWHERE = Surroundings()


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
