"""`sparklineage runs`: the applications in the journal, the newest first."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparklineage.cli.selection import (
    add_journal_option,
    empty_journal,
    journal_root,
    short_ids,
)
from sparklineage.cli.terminal import look_of
from sparklineage.errors import UsageError
from sparklineage.graph.cells import Look, cells, duration, printable
from sparklineage.graph.glyphs import ASCII, COLORS, DRAWN
from sparklineage.journal import run_folders
from sparklineage.model.clock import now_ms

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sparklineage.journal import RunFolder
    from sparklineage.relay import RunStatus

LIMIT = 20
_LOST = "LOST: the process is gone and nobody wrote down how it ended; `sparklineage relay drain` closes it"


def add_parser(subparsers: Any) -> None:
    """Add `runs` to the commands of a parser."""
    parser = subparsers.add_parser(
        "runs",
        help="list the applications in the journal",
        description="List the applications in the journal, the newest first: how each ended, what is delivered.",
    )
    add_journal_option(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="how to print (default: text)")
    parser.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help=f"at most so many runs, 0 for all (default: {LIMIT})"
    )
    parser.add_argument("--full", action="store_true", help="run ids in full")


def run(
    args: argparse.Namespace,
    environ: Mapping[str, str],
    *,
    status: Callable[[RunFolder], RunStatus] | None = None,
    now: int | None = None,
) -> int:
    """Print the list; `status` tells of one folder, `now` is the time in milliseconds."""
    if args.limit < 0:
        raise UsageError(f"runs: --limit takes a number from 0, not {args.limit}.")
    if status is None:
        from sparklineage.relay import status as status_of  # noqa: PLC0415

        status = status_of
    root = journal_root(args.journal, environ)
    folders = run_folders(root)[::-1]
    shown = folders[: args.limit or None]
    found = [status(folder) for folder in shown]
    if args.format == "json":
        print(json.dumps({"runs": [_record(item) for item in found]}, indent=2, ensure_ascii=False))
        return 0
    if not found:
        print(empty_journal(root))
        return 0
    ids = short_ids([folder.run_id for folder in folders])
    table = _Table(look_of(sys.stdout, environ), now_ms() if now is None else now)
    for line in table.lines(found, {} if args.full else ids):
        print(line)
    if len(folders) > len(shown):
        print(f"\n{len(folders) - len(shown)} older not shown; --limit 0 shows all.")
    return 0


def _record(status: RunStatus) -> dict[str, Any]:
    return {
        "runId": status.run_id,
        "namespace": status.namespace,
        "job": status.job,
        "state": status.state,
        "startedMs": status.started_ms,
        "endedMs": status.ended_ms,
        "events": status.events,
        "corrupt": status.corrupt,
        "problem": status.problem,
        "deliveries": [
            {"url": item.url, "delivered": item.delivered, "waiting": item.waiting, "refused": item.refused}
            for item in status.deliveries
        ],
    }


class _Table:
    HEAD = ("started", "run", "job", "state", "duration", "events", "backend")
    STATE = HEAD.index("state")

    def __init__(self, look: Look, now: int) -> None:
        self.look, self.now = look, now
        self.marks = (DRAWN if look.unicode else ASCII).states

    def lines(self, found: Sequence[RunStatus], ids: Mapping[str, str]) -> Iterator[str]:
        rows = [self._row(item, ids.get(item.run_id, item.run_id)) for item in found]
        widths = [max(cells(row[place]) for row in (self.HEAD, *rows)) for place in range(len(self.HEAD))]
        yield self.look.paint(self._line(self.HEAD, widths), "dim")
        for item, row in zip(found, rows, strict=True):
            yield self._line(row, widths, COLORS.get(item.state, ("yellow",)))
            for note in _notes(item):
                yield "  " + self.look.paint(printable(note), "yellow")
        if any(item.state == "LOST" and not item.problem for item in found):
            yield ""
            yield _LOST

    def _row(self, status: RunStatus, run_id: str) -> tuple[str, ...]:
        end = self.now if status.state == "RUNNING" else status.ended_ms
        took = None if end is None or status.started_ms is None else end - status.started_ms
        return (
            _local_time(status.started_ms),
            run_id,
            printable(status.job),
            "? unreadable" if status.problem else f"{self.marks.get(status.state, '?')} {status.state}",
            duration(took),
            str(status.events),
            "; ".join(map(_arrival, status.deliveries)) or "no backend",
        )

    def _line(self, row: Sequence[str], widths: Sequence[int], style: Sequence[str] = ()) -> str:
        padded = [text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True)]
        padded[self.STATE] = self.look.paint(padded[self.STATE], *style)
        return "  ".join(padded).rstrip()


def _notes(status: RunStatus) -> Iterator[str]:
    if status.problem:
        yield status.problem
    if status.corrupt:
        yield f"{status.corrupt} damaged {'line' if status.corrupt == 1 else 'lines'} of its journal skipped"
    for item in status.deliveries:
        if item.waiting and item.error:
            yield f"{item.waiting} waiting: {item.error}"


def _arrival(item: Any) -> str:
    parts = [f"{item.delivered} delivered"]
    if item.waiting:
        parts.append(f"{item.waiting} waiting")
    if item.refused:
        parts.append(f"{item.refused} refused")
    return f"{', '.join(parts)} ({printable(urlsplit(item.url).netloc.rpartition('@')[2] or item.url)})"


def _local_time(ms: int | None) -> str:
    if ms is None:
        return "?"
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
