"""The run that started this one, as an orchestrator hands it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A parent run, and the root run it belongs to (by default itself)."""

    namespace: str
    name: str
    run_id: str
    root_namespace: str | None = None
    root_name: str | None = None
    root_run_id: str | None = None

    def facet(self) -> dict[str, Any]:
        """A `ParentRunFacet` without its underscored keys."""
        return {
            "run": {"runId": self.run_id},
            "job": {"namespace": self.namespace, "name": self.name},
            "root": {
                "run": {"runId": self.root_run_id or self.run_id},
                "job": {
                    "namespace": self.root_namespace or self.namespace,
                    "name": self.root_name or self.name,
                },
            },
        }

    def spark_properties(self) -> tuple[tuple[str, str], ...]:
        """The agent's six properties for it."""
        return (
            ("spark.openlineage.parentJobNamespace", self.namespace),
            ("spark.openlineage.parentJobName", self.name),
            ("spark.openlineage.parentRunId", self.run_id),
            ("spark.openlineage.rootParentJobNamespace", self.root_namespace or self.namespace),
            ("spark.openlineage.rootParentJobName", self.root_name or self.name),
            ("spark.openlineage.rootParentRunId", self.root_run_id or self.run_id),
        )
