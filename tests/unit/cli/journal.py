"""Journals with a few runs in them, as `submit` and the relay leave them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.journal import RunFolder, create_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

GOLDEN = Path(__file__).parents[2] / "golden" / "graph"
START = 1_795_288_738_458


def add_run(root: Path, run_id: str, job: str, *, started: int = START) -> RunFolder:
    """The folder of a run that `submit` has begun; its age is that of its run.json."""
    folder = create_folder(root, run_id)
    record = {"format": 1, "runId": run_id, "job": {"namespace": "ns", "name": job}, "startedAt": started}
    write_json(folder.run, record)
    os.utime(folder.run, (started / 1000, started / 1000))
    return folder


def settle(folder: RunFolder, events: Iterable[dict[str, Any]], state: str, *, ended: int, corrupt: int = 0) -> None:
    """What the relay writes when a run has ended."""
    lines = [json.dumps(event, ensure_ascii=False) for event in events]
    folder.events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    outcome = {"format": 1, "state": state, "exitStatus": 0 if state == "COMPLETE" else 3, "endedAt": ended}
    write_json(folder.outcome, outcome)
    settled = {"format": 1, "settledAt": ended, "endedAt": ended, "state": state, "events": len(lines), "closed": []}
    write_json(folder.settled, {**settled, "corrupt": {"agent.ndjson": list(range(corrupt))} if corrupt else {}})


def deliver(folder: RunFolder, sink: str, url: str, *, events: int, refused: int = 0) -> None:
    """A backend that is done with the first `events` lines."""
    lines = folder.events.read_bytes().splitlines(keepends=True)
    record = {"format": 1, "url": url, "offset": sum(map(len, lines[:events])), "delivered": events - refused}
    write_json(folder.delivery(sink), {**record, "refused": refused, "updatedAt": START, "lastError": None})


def golden(case: str) -> list[dict[str, Any]]:
    """The events of a golden case."""
    return [json.loads(line) for line in (GOLDEN / case / "events.ndjson").read_text(encoding="utf-8").splitlines()]
