"""Run events in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.model.clock import to_iso
from sparklineage.model.event import DECLARED

if TYPE_CHECKING:
    from collections.abc import Sequence

APPLICATION = "0199a000-0000-7000-8000-000000000000"


def event(
    kind: str,
    run: str,
    job: str,
    *,
    at: int = 0,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    declared: Sequence[str] = (),
    job_type: str | None = "SQL_JOB",
    parent: str | None = "etl",
    error: str | None = None,
) -> dict[str, Any]:
    """A run event of the namespace `ns`; dataset names are paths in the namespace `file`."""
    facets: dict[str, Any] = {}
    if parent:
        facets["parent"] = {"run": {"runId": APPLICATION}, "job": {"namespace": "ns", "name": parent}}
    if error:
        facets["errorMessage"] = {"message": error}

    def datasets(names: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"namespace": "file", "name": name, "facets": {DECLARED: {"step": "s"}} if name in declared else {}}
            for name in names
        ]

    return {
        "eventType": kind,
        "eventTime": to_iso(at),
        "run": {"runId": run, "facets": facets},
        "job": {
            "namespace": "ns",
            "name": job,
            "facets": {"jobType": {"jobType": job_type}} if job_type else {},
        },
        "inputs": datasets(inputs),
        "outputs": datasets(outputs),
    }
