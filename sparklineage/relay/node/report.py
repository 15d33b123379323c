"""How the runs of a node stand, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.journal import run_folders
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.relay.dropped import dropped
from sparklineage.relay.node.log import visible
from sparklineage.relay.spool import is_watched
from sparklineage.relay.status import status
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.relay.dropped import Dropped
    from sparklineage.relay.node.config import NodeConfig
    from sparklineage.relay.status import RunStatus

_ROWS = 20
_WIDEST = 40
_HEAD = ("RUN", "APPLICATION", "STATE", "STARTED", "EVENTS", "WAITING", "REFUSED")


def report(config: NodeConfig) -> dict[str, Any]:
    """Everything that `status` tells, as JSON has it. Raises JournalError where the spool cannot be read."""
    runs = [_run(status(folder)) for folder in run_folders(config.spool, config.state)]
    return {
        "format": 1,
        "version": VERSION,
        "time": now_ms(),
        "spool": str(config.spool),
        "backend": config.backend.shown,
        "watched": is_watched(config.spool, config.state),
        "running": sum(run["state"] == "RUNNING" for run in runs),
        "ended": sum(run["state"] != "RUNNING" for run in runs),
        "waiting": sum(run["waiting"] for run in runs),
        "refused": sum(run["refused"] for run in runs),
        "dropped": [_dropped(item) for item in dropped(config.state or config.spool)],
        "runs": runs,
    }


def _run(found: RunStatus) -> dict[str, Any]:
    cursors = found.deliveries
    return {
        "runId": found.run_id,
        "namespace": found.namespace,
        "job": found.job,
        "state": found.state,
        "startedAt": found.started_ms,
        "endedAt": found.ended_ms,
        "events": found.events,
        "delivered": sum(item.delivered for item in cursors),
        # Without a cursor nobody has begun.
        "waiting": sum(item.waiting for item in cursors) if cursors else found.events,
        "refused": sum(item.refused for item in cursors),
        "error": next((item.error for item in cursors if item.error), None),
        "problem": found.problem,
    }


def _dropped(item: Dropped) -> dict[str, Any]:
    return {"runId": item.run_id, "droppedAt": item.time, "events": item.events, "bytes": item.size}


def lines(found: dict[str, Any], *, everything: bool = False) -> Iterator[str]:
    """The report as a table: what needs somebody first, then what runs, then the newest."""
    runs: list[dict[str, Any]] = found["runs"]
    service = "running" if found["watched"] else "NOT running"
    yield f"relay {VERSION}, {service}: {found['spool']} to {found['backend']}"
    yield (
        f"{found['running']} running, {found['ended']} ended; {_events(found['waiting'])} waiting, "
        f"{found['refused']} refused"
    )
    gone = found["dropped"]
    if gone:
        last = to_iso(gone[-1]["droppedAt"])[:19]
        yield (
            f"{len(gone)} ended runs with {sum(item['events'] for item in gone)} events were DROPPED undelivered, "
            f"because the spool was larger than its hard limit; the last at {last}: {gone[-1]['runId']}"
        )
    if not runs:
        return
    order = sorted(runs, key=lambda run: (_rank(run), -(run["startedAt"] or 0)))
    shown = order if everything else order[:_ROWS]
    yield ""
    yield from _table([_HEAD, *map(_row, shown)])
    if len(shown) < len(runs):
        yield f"… and {len(runs) - len(shown)} more; --all shows them."
    troubles = dict.fromkeys(visible(run["problem"] or run["error"] or "") for run in shown)
    troubles.pop("", None)
    if troubles:
        yield ""
        yield from troubles


def _events(count: int) -> str:
    return f"{count} event{'s' * (count != 1)}"


def _rank(run: dict[str, Any]) -> int:
    if run["problem"] or run["refused"] or (run["waiting"] and run["state"] != "RUNNING"):
        return 0
    return 1 if run["state"] == "RUNNING" else 2


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    started = to_iso(run["startedAt"])[:19] if run["startedAt"] else "-"
    counts = (str(run[name]) for name in ("events", "waiting", "refused"))
    return (run["runId"], visible(run["job"])[:_WIDEST], run["state"], started, *counts)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [
            cell.rjust(width) if number > 3 else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        ]
        yield "  ".join(cells).rstrip()
