"""`sparklineage relay watch`: deliver the journal while applications run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.model.backend import Backend

_DRAIN = 10.0

_DESCRIPTION = """\
Deliver a journal, or a spool that several applications write into, while they run: for the service of a node or a
container beside a driver. Each application is followed, closed when its end is known, and delivered in the order of
its events. Ends on TERM and INT with status 0: what has no answer by then stays in the journal and is sent next time.
A line a finished run on stdout; troubles, once each, on stderr. Runs of `submit` are its own as long as it lives."""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`relay watch` and its options."""
    watch = actions.add_parser("watch", help="deliver the journal while applications run", description=_DESCRIPTION)
    watch.add_argument("--backend", metavar="URL", help="address of the OpenLineage HTTP receiver")
    watch.add_argument("--journal", metavar="DIR", help="root of the journal")
    watch.add_argument("--config", metavar="FILE", help="configuration file")
    watch.add_argument("--profile", metavar="NAME", help="profile of the configuration file")
    watch.add_argument("--all", action="store_true", help="also runs that were submitted without this backend")
    watch.add_argument("--sidecar", action="store_true", help="the drivers are in other containers of this pod, and "
                       "all have ended when this one is told to end")  # fmt: skip
    watch.add_argument("--drain-timeout", metavar="SECONDS", type=float, default=_DRAIN,
                       help=f"how long to go on delivering once it is told to end ({_DRAIN:g})")  # fmt: skip
    watch.add_argument("--once", action="store_true", help="end as soon as nothing moves any more")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Watches until told to end. Raises ConfigError without a backend, JournalBusyError where the root is watched."""
    from sparklineage.config import load_settings  # noqa: PLC0415
    from sparklineage.model.masking import secrets_of  # noqa: PLC0415
    from sparklineage.relay.deliver import Waits  # noqa: PLC0415
    from sparklineage.relay.retire import Keep  # noqa: PLC0415
    from sparklineage.relay.service import Bell, watch  # noqa: PLC0415
    from sparklineage.relay.sinks.http import HttpSink  # noqa: PLC0415
    from sparklineage.relay.watch import Watcher  # noqa: PLC0415

    if not args.drain_timeout > 0:
        raise UsageError(f"--drain-timeout is {args.drain_timeout:g}; write seconds, such as {_DRAIN:g}.")
    flags = {"--backend": args.backend, "--journal": args.journal}
    config = Path(args.config) if args.config else None
    settings = load_settings(environ=environ, flags=flags, directory=Path(), config=config, profile=args.profile)
    if settings.backend.value is None:
        raise ConfigError("No backend is configured; set OPENLINEAGE_URL or MARQUEZ_URL, or give --backend URL.")
    backend = _complete(settings.backend.value, environ)
    root = settings.journal.value

    def make() -> Watcher:
        return Watcher(
            root,
            lambda until: HttpSink(backend, until=until),
            say=_say,
            warn=_warn,
            everything=args.all,
            beside=args.sidecar,
            secrets=[*secrets_of(environ), *backend.secrets],
            waits=Waits(first=settings.retry.first, longest=settings.retry.longest),
            keep=Keep(size=settings.limits.size, age=settings.limits.age),
        )

    watch(root, make, Bell(), drain=args.drain_timeout, once=args.once)
    return 0


def _complete(backend: Backend, environ: Mapping[str, str]) -> Backend:
    from sparklineage.config.secrets import resolve  # noqa: PLC0415

    return backend.with_secrets(lambda reference, source: resolve(reference, source=source, environ=environ))


def _say(text: str) -> None:
    print(text, flush=True)


def _warn(text: str) -> None:
    print(f"sparklineage: {text}", file=sys.stderr, flush=True)
