"""`sparklineage graph`: the datasets and jobs of one run, or of every run in the journal."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from sparklineage.assemble.unexecuted import unexecuted_of
from sparklineage.cli.choose import choose_run
from sparklineage.cli.selection import add_journal_option, empty_journal, journal_root
from sparklineage.cli.terminal import look_of, warn
from sparklineage.errors import JournalError
from sparklineage.graph import build, draw, to_dot, to_json, to_mermaid
from sparklineage.journal import read_json, run_folders

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sparklineage.journal import RunFolder

    Read = Callable[[RunFolder], Iterable[Mapping[str, Any]]]

FORMATS = ("text", "json", "dot", "mermaid")


def add_parser(subparsers: Any) -> None:
    """Add `graph` to the commands of a parser."""
    parser = subparsers.add_parser(
        "graph",
        help="draw the datasets and jobs of one run, or of all",
        description="Draw which job read and wrote which dataset: of one run, or of every run in the journal.",
    )
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="a run id, its beginning, or `latest` (default: all runs together)"
    )
    add_journal_option(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--all", action="store_true", help="also Spark's own file listing and runs without datasets")
    parser.add_argument("--full", action="store_true", help="names in full (json always has them)")


def run(args: argparse.Namespace, environ: Mapping[str, str], *, read: Read | None = None) -> int:
    """Print the graph; `read` gives the settled events of one folder."""
    if read is None:
        from sparklineage.relay import read_events  # noqa: PLC0415

        read = read_events
    root = journal_root(args.journal, environ)
    folders = run_folders(root)
    if args.run is not None:
        chosen = choose_run(folders, root, args.run)
        events: Iterable[Mapping[str, Any]] = read(chosen)
        nothing = f"Run {chosen.run_id} has read and written no dataset."
    else:
        events = _all_events(folders, read)
        nothing = "No run has read or written a dataset yet." if folders else empty_journal(root)
    graph = build(events, all_runs=args.all)
    if args.format == "json":
        print(to_json(graph))
    elif args.format == "dot":
        print(to_dot(graph, full=args.full))
    elif args.format == "mermaid":
        print(to_mermaid(graph, full=args.full))
    else:
        # An application without jobs still has a state, and perhaps an error.
        drawing = draw(graph, look_of(sys.stdout, environ), full=args.full)
        print("\n".join(part for part in (drawing, "" if graph.jobs else nothing) if part))
    if args.run is not None:
        _warn_of_the_unexecuted(chosen)
    return 0


def _warn_of_the_unexecuted(folder: RunFolder) -> None:
    """What the application itself could not say where it was settled after its end."""
    with contextlib.suppress(JournalError):
        for line in unexecuted_of(read_json(folder.settled) or {}):
            warn(line)


def _all_events(folders: Iterable[RunFolder], read: Read) -> Iterator[Mapping[str, Any]]:
    for folder in folders:
        try:
            yield from read(folder)
        except JournalError as error:
            # One damaged run must not hide the others.
            warn(f"left out run {folder.run_id}: {error}")
