"""Journals made by hand, in the agent's and the witness's own forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sparklineage.journal import RunFolder, create_folder
from sparklineage.model.clock import to_iso

APP = "01900000-0000-7000-8000-000000000001"
T0 = 1_800_000_000_000


def folder(root: Path, run_id: str = APP, **run: Any) -> RunFolder:
    """A run folder with its run.json."""
    made = create_folder(root, run_id)
    record = {
        "format": 1,
        "runId": run_id,
        "job": {"namespace": "ns", "name": "app"},
        "parent": None,
        "startedAt": T0,
        **run,
    }
    made.run.write_text(json.dumps(record))
    return made


def apart(root: Path, run_id: str = APP) -> RunFolder:
    """The folder of a run in a spool, whose relay keeps what it writes elsewhere; nothing is in it yet."""
    made = RunFolder(root / "spool" / run_id, root / "state" / run_id)
    for path in (made.path, made.state, made.deliveries):
        path.mkdir(parents=True)
    return made


def add(path: Path, *records: dict[str, Any]) -> None:
    """Append records as lines."""
    with path.open("a", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


def event(
    kind: str,
    time: int,
    run: str = APP,
    job: str = "app",
    job_type: str = "SQL_JOB",
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    facets: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An event as the agent writes it; `time` in milliseconds after T0."""
    return {
        "eventTime": to_iso(T0 + time),
        "producer": "https://example.org/agent",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "eventType": kind,
        "run": {"runId": run, "facets": facets or {}},
        "job": {"namespace": "ns", "name": job, "facets": {"jobType": {"jobType": job_type}}},
        "inputs": [{"namespace": "file", "name": name} for name in inputs],
        "outputs": [{"namespace": "file", "name": name} for name in outputs],
    }


def application(kind: str, time: int, run: str = APP) -> dict[str, Any]:
    """The application's own event."""
    return event(kind, time, run, job_type="APPLICATION")


def witnessed(kind: str, time: int, **fields: Any) -> dict[str, Any]:
    """A record of the witness."""
    return {"type": kind, "time": T0 + time, **fields}


def execution(
    number: int, start: int, end: int | None = None, error: str | None = None, root: int | None = None, **fields: Any
) -> list[dict[str, Any]]:
    """Start and, with `end`, the end of one SQL execution."""
    records = [
        witnessed(
            "executionStart",
            start,
            executionId=number,
            rootExecutionId=number if root is None else root,
            description=fields.pop("description", f"save at job.py:{number}"),
            command=fields.pop("command", "Execute InsertIntoHadoopFsRelationCommand"),
        )
    ]
    if end is not None:
        records.append(
            witnessed("executionEnd", end, executionId=number, error=error, stackTrace=fields.pop("stack_trace", None))
        )
    return records


def outcome(made: RunFolder, state: str = "COMPLETE", time: int = 99_000, message: str | None = None) -> None:
    """outcome.json as `submit` writes it."""
    made.outcome.write_text(
        json.dumps({"format": 1, "state": state, "exitStatus": 0, "endedAt": T0 + time, "message": message})
    )
