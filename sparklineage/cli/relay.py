"""`sparklineage relay drain`: deliver what earlier runs left in the journal. The other actions have their modules."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli import relay_build, relay_watch
from sparklineage.errors import ConfigError, DeliveryError, JournalError, JournalTooNewError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from sparklineage.journal import RunFolder
    from sparklineage.model.backend import Backend
    from sparklineage.relay import Drained, HttpSink
    from sparklineage.relay.deliver import Waits
    from sparklineage.relay.retire import Keep

_LOCK_WAIT = 15.0
"""Seconds to wait for a run whose `submit` has just left: its relay still answers for one event."""
_RETIRE = 60.0
"""Seconds for finished runs that leave the journal."""

_MENDED = "Once the reason is mended, `sparklineage relay drain --again RUN` sends all events of a run once more."

_DESCRIPTION = """\
Send the events that wait in the journal to the backend (OPENLINEAGE_URL or MARQUEZ_URL, a configuration file, or
--backend). Without RUN: every run that was submitted with this backend and has events left, those included whose
`submit` was killed; they are closed first. Runs whose driver is alive are left alone. Without a backend, runs that
were left without an end are closed in the journal."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`relay drain` and its options."""
    parser = subparsers.add_parser("relay", help="deliver what waits in the journal", description=_DESCRIPTION)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    drain = actions.add_parser("drain", help="send waiting events to the backend", description=_DESCRIPTION)
    drain.add_argument(
        "run", nargs="*", metavar="RUN", help="run id or a unique beginning of it; default: all that wait"
    )
    drain.add_argument("--backend", metavar="URL", help="address of the OpenLineage HTTP receiver")
    drain.add_argument("--journal", metavar="DIR", help="root of the journal")
    drain.add_argument("--config", metavar="FILE", help="configuration file")
    drain.add_argument("--profile", metavar="NAME", help="profile of the configuration file")
    drain.add_argument("--all", action="store_true", help="also runs that were submitted without this backend")
    drain.add_argument("--again", action="store_true", help="send the events of the named runs from the first one, "
                       "also those accepted or refused before")  # fmt: skip
    drain.add_argument("--timeout", metavar="SECONDS", type=float, default=300.0, help="give up after this time (300)")
    relay_watch.add_parser(actions)
    relay_build.add_parser(actions)


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints a line a run, and raises once all are done.

    JournalTooNewError or JournalError for a run that cannot be read, DeliveryError where anything still waits or was
    refused.
    """
    if args.action == "watch":
        return relay_watch.run(args, environ)
    if args.action == "build":
        return relay_build.run(args)
    from sparklineage.config import load_settings  # noqa: PLC0415
    from sparklineage.journal import run_folders  # noqa: PLC0415
    from sparklineage.model.masking import secrets_of  # noqa: PLC0415
    from sparklineage.relay import HttpSink, folders_for  # noqa: PLC0415
    from sparklineage.relay.deliver import Waits  # noqa: PLC0415
    from sparklineage.relay.retire import Keep  # noqa: PLC0415

    flags = {"--backend": args.backend, "--journal": args.journal}
    config = Path(args.config) if args.config else None
    settings = load_settings(environ=environ, flags=flags, directory=Path(), config=config, profile=args.profile)
    backend, root = settings.backend.value, settings.journal.value
    keep = Keep(size=settings.limits.size, age=settings.limits.age)
    if backend is None:
        closed = _close_lost(root, args.run, secrets_of(environ))
        if _retire(root, keep) or closed:
            return 0
        if settings.mode.value == "direct":
            raise ConfigError(f"Delivery is direct ({settings.mode.source}): the agent sends its events itself.")
        raise ConfigError("No backend is configured; set OPENLINEAGE_URL or MARQUEZ_URL, or give --backend URL.")
    if args.again and not args.run:
        raise UsageError("--again needs the RUN that it is for; `sparklineage runs` lists them.")
    if not args.timeout > 0:
        raise UsageError(f"--timeout is {args.timeout:g}; write seconds, such as 300.")
    named = bool(args.run)
    if named:
        from sparklineage.cli.choose import choose_runs  # noqa: PLC0415

        folders = choose_runs(root, args.run)
    else:
        folders = run_folders(root) if args.all else folders_for(root, backend.key)
    if folders:
        backend = _complete(backend, environ)
    else:
        print(f"Nothing waits for {backend.shown} in {root}.")
    _tell_of_others([] if named or args.all else run_folders(root), root, backend.key)
    secrets = [*secrets_of(environ), *backend.secrets]
    waits = Waits(first=settings.retry.first, longest=settings.retry.longest)
    until = time.monotonic() + args.timeout
    sink = HttpSink(backend, until=until)
    results = [
        _one(folder, sink, until, again=args.again, named=named, secrets=secrets, waits=waits) for folder in folders
    ]
    sink.close()
    _retire(root, keep)
    letters = [folder.refused(sink.key) for folder, result in zip(folders, results, strict=True) if result.refused]
    _judge(results, backend.shown, letters, named=named)
    old = [folder.refused(sink.key) for folder in (folders if named else run_folders(root))]
    old = [path for path in old if path.exists()]
    if old:
        _hint(f"{backend.shown} refused events of {_runs(len(old))} earlier; they are in {_places(old)}. {_MENDED}")
    return 0


def _complete(backend: Backend, environ: Mapping[str, str]) -> Backend:
    """With the secrets that lie with services. Raises ConfigError or MissingExtraError where one cannot be had."""
    from sparklineage.config.secrets import resolve  # noqa: PLC0415

    return backend.with_secrets(lambda reference, source: resolve(reference, source=source, environ=environ))


def _retire(root: Path, keep: Keep) -> bool:
    """Finished runs leave the journal where it is limited; whether any did. Prints a line for each."""
    from sparklineage.relay.retire import retire  # noqa: PLC0415

    any_left = False
    for item in retire(root, keep, until=time.monotonic() + _RETIRE):
        any_left = True
        print(item)
    return any_left


def _close_lost(root: Path, wanted: Sequence[str], secrets: Sequence[str]) -> bool:
    """Without a backend the journal is the store: runs without an end get one there; whether any did."""
    from sparklineage.cli.choose import choose_runs  # noqa: PLC0415
    from sparklineage.journal import run_folders  # noqa: PLC0415
    from sparklineage.relay.drain import close_lost  # noqa: PLC0415

    folders = choose_runs(root, wanted) if wanted else run_folders(root)
    closed = [folder for folder in folders if close_lost(folder, secrets=secrets)]
    for folder in closed:
        print(f"{folder.run_id}  the run had no end and was closed as ABORT")
    return bool(closed)


def _tell_of_others(folders: Sequence[RunFolder], root: Path, key: str) -> None:
    """Say how many of these runs are over, were meant for another backend or for none, and are with none as a whole."""
    from sparklineage.relay import arrivals  # noqa: PLC0415
    from sparklineage.relay.alive import is_alive  # noqa: PLC0415
    from sparklineage.relay.drain import wants  # noqa: PLC0415

    count = 0
    for folder in folders:
        with suppress(JournalError, OSError, ValueError, TypeError):
            if not wants(folder, key) and not is_alive(folder):
                is_got = folder.settled.exists() and any(not item.waiting for item in arrivals(folder))
                count += not is_got
    if count:
        verb = "was" if count == 1 else "were"
        _hint(f"{_runs(count)} in {root} {verb} submitted without this backend; with --all their events are sent, too.")


def _judge(results: Sequence[Drained], backend: str, letters: Sequence[Path], *, named: bool) -> None:
    trouble = [item.trouble for item in results if item.trouble is not None]
    trouble.sort(key=lambda item: isinstance(item, JournalTooNewError))
    for error in trouble[:-1]:
        _hint(str(error))
    if trouble:
        raise trouble[-1]
    busy = [item for item in results if item.busy]
    left = [item for item in results if not item.done and not item.busy]
    refused = sum(item.refused for item in results)
    dead = f"{refused} events were refused by {backend}; they are in {_places(letters)}." if refused else ""
    if left or (busy and named):
        waiting = sum(item.waiting for item in left)
        alive = "the run is alive or another process delivers it"
        reason = next((item.error for item in left if item.error), "the time was over" if left else alive)
        raise DeliveryError(
            f"{waiting} events of {_runs(len(left) + len(busy))} still wait for {backend}: {reason}; "
            f"they stay in the journal, run `sparklineage relay drain` again. {dead}".rstrip()
        )
    if dead:
        raise DeliveryError(f"{dead} {_MENDED}")
    if busy:
        _hint(
            f"{_runs(len(busy))} may still have events to send; run `sparklineage relay drain` again when the job has "
            "ended."
        )


def _places(paths: Sequence[Path]) -> str:
    return str(paths[0]) + (f" and {len(paths) - 1} more such files" if len(paths) > 1 else "")


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _hint(text: str) -> None:
    print(f"sparklineage: {text}", file=sys.stderr, flush=True)


def _one(
    folder: RunFolder,
    sink: HttpSink,
    until: float,
    *,
    again: bool,
    named: bool,
    secrets: Sequence[str],
    waits: Waits,
) -> Drained:
    from sparklineage.relay import drain  # noqa: PLC0415

    patience = min(until, time.monotonic() + _LOCK_WAIT)
    while True:
        found = drain(folder, sink, until=until, again=again, secrets=secrets, waits=waits)
        if not found.busy or time.monotonic() >= patience or not (named or folder.outcome.exists()):
            break
        time.sleep(0.2)
    if found.trouble is None:  # which is told at the end
        print(_line(found), file=sys.stdout, flush=True)
    return found


def _line(found: Drained) -> str:
    if found.busy:
        return f"{found.run_id}  alive or being delivered by another process; left alone"
    parts = [f"{found.delivered} delivered"]
    if found.refused:
        parts.append(f"{found.refused} refused (dead letters)")
    if found.waiting:
        parts.append(f"{found.waiting} waiting")
    if found.closed:
        parts.append("the run had no end and was closed as ABORT")
    if found.error:
        parts.append(found.error)
    return f"{found.run_id}  " + ", ".join(parts)
