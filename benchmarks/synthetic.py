"""Journals of any length, with lines as long as the agent's and the witness's own."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from sparklineage.journal import RunFolder, create_folder, write_json
from sparklineage.model.clock import to_iso
from sparklineage.relay import Follower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START = 1_800_000_000_000
_QUERY_MS = 40
_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.53.0/integration/spark"
_GONE = 1 << 22
"""No process can have this id."""
_FACET = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet"
PER_QUERY = 4
"""Events of the agent for one query: START, two RUNNING, COMPLETE."""


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def write_run(root: Path, number: int, *, queries: int, steps: int = 0, settled: bool = False) -> RunFolder:
    """The folder of one application that has ended: `PER_QUERY * queries + 2` events of the agent.

    `steps` blocks, one after the other, hold the queries; none belongs to a step where it is 0.
    """
    folder = create_folder(root, run_id(number))
    end = _START + (queries + 1) * _QUERY_MS
    job = {"namespace": "bench", "name": "orders_daily"}
    record = {"format": 1, "runId": folder.run_id, "job": job, "parent": None, "startedAt": _START, "witness": True}
    write_json(folder.run, record)
    _lines(folder.agent, _agent(folder.run_id, queries, end))
    _lines(folder.witness, _witness(folder.run_id, queries, steps, end))
    if steps:
        _lines(folder.steps, _steps(queries, steps))
    write_json(folder.outcome, {"format": 1, "state": "COMPLETE", "exitStatus": 0, "endedAt": end, "message": None})
    if settled:
        Follower(folder).finish()
    return folder


def _lines(path: Path, records: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, separators=(",", ":")) + "\n" for record in records)


def _agent(application: str, queries: int, end: int) -> Iterator[dict[str, Any]]:
    yield _event("START", _START, application, "orders_daily", job_type="APPLICATION", facets={})
    parent = {"parent": _facet(run={"runId": application}, job={"namespace": "bench", "name": "orders_daily"})}
    for number in range(queries):
        begin = _START + number * _QUERY_MS
        run = f"01900000-0000-7000-9000-{number:012d}"
        name = f"orders_daily.execute_insert_into_hadoop_fs_relation_command.out_{number % 40}"
        sides = {
            "inputs": [_dataset(f"/data/in_{number % 40}")],
            "outputs": [_dataset(f"/data/out_{number % 40}")],
        }
        for kind, at in (("START", 0), ("RUNNING", 5), ("RUNNING", 15), ("COMPLETE", 30)):
            details = {"spark_jobDetails": _facet(jobId=number)} if kind == "RUNNING" else {}
            yield {**_event(kind, begin + at, run, name, job_type="SQL_JOB", facets={**parent, **details}), **sides}
    yield _event("COMPLETE", end, application, "orders_daily", job_type="APPLICATION", facets={})


def _witness(application: str, queries: int, steps: int, end: int) -> Iterator[dict[str, Any]]:
    yield {"type": "application", "format": 1, "time": _START, "runId": application, "applicationName": "orders",
           "pid": _GONE, "host": socket.gethostname()}  # fmt: skip
    for number in range(queries):
        begin = _START + number * _QUERY_MS
        yield {
            "type": "executionStart",
            "time": begin,
            "executionId": number,
            "rootExecutionId": number,
            "description": f"parquet at orders.py:{number}",
            "command": "Execute InsertIntoHadoopFsRelationCommand",
        }
        step = _step_id(number * steps // queries) if steps else None
        yield {"type": "jobStart", "time": begin + 5, "jobId": number, "executionId": number, "step": step}
        yield {"type": "jobEnd", "time": begin + 15, "jobId": number, "error": None}
        yield {"type": "executionEnd", "time": begin + 30, "executionId": number, "error": None, "stackTrace": None}
    yield {"type": "applicationEnd", "time": end}


def _steps(queries: int, steps: int) -> Iterator[dict[str, Any]]:
    for number in range(steps):
        begin = _START + -(-number * queries // steps) * _QUERY_MS
        end = _START + -(-(number + 1) * queries // steps) * _QUERY_MS - 1
        declared = [{"namespace": "sqlite:/data/w.db", "name": f"table_{number % 40}"}]
        yield {"type": "stepStart", "format": 1, "time": begin, "step": _step_id(number), "name": f"block {number}",
               "parentStep": None, "inputs": declared, "outputs": []}  # fmt: skip
        yield {"type": "stepEnd", "time": end, "step": _step_id(number), "error": None}


def _step_id(number: int) -> str:
    return f"01900000-0000-7000-a000-{number:012d}"


def _facet(**fields: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": _FACET, **fields}


def _event(kind: str, time: int, run: str, name: str, *, job_type: str, facets: dict[str, Any]) -> dict[str, Any]:
    common = {
        "spark_properties": _facet(properties={"spark.master": "local[2]", "spark.app.name": "orders"}),
        "processing_engine": _facet(version="4.2.0", name="spark", openlineageAdapterVersion="1.53.0"),
        "environment-properties": _facet(**{"environment-properties": {}}),
    }
    return {
        "eventTime": to_iso(time),
        "producer": _PRODUCER,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "eventType": kind,
        "run": {"runId": run, "facets": {**facets, **common}},
        "job": {
            "namespace": "bench",
            "name": name,
            "facets": {"jobType": _facet(processingType="BATCH", integration="SPARK", jobType=job_type)},
        },
        "inputs": [],
        "outputs": [],
    }


def _dataset(name: str) -> dict[str, Any]:
    fields = [{"name": f"column_{number}", "type": "long"} for number in range(8)]
    return {"namespace": "file", "name": name, "facets": {"schema": _facet(fields=fields)}}
