"""`sparklineage explain`: what is configured, where each value came from, what lost against it, what a key means."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS
from sparklineage.cli.configured import add_options, finished_of, spec_of, with_defaults
from sparklineage.cli.explain_table import Row, table, wrapped
from sparklineage.cli.terminal import look_of, warn
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_merge import TRANSPORT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.assemble import Finished
    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec

_TYPE = f"{TRANSPORT}type"
_ABOUT = """\
Without KEY: the finished Spark properties and the toolkit's own settings, each with the place that it came from, what
lost against it and why, and what was joined; the user's spark-defaults.conf is part of it. With KEY (of
sparklineage.yml, or a Spark property): what it is, its type, default and versions, what people get wrong, and its
value here. Secrets are masked, and none is fetched."""


def add_parser(subparsers: Any) -> None:
    """Add `explain` to the commands of a parser."""
    parser = subparsers.add_parser("explain", help=COMMANDS["explain"], description=_ABOUT)
    parser.add_argument("key", nargs="?", metavar="KEY", help="such as transport.url or spark.extraListeners")
    add_options(parser)
    parser.add_argument("--into", metavar="FILE", help="a properties file to join with instead of the "
                        "spark-defaults.conf that Spark would read")  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print it. Raises ConfigError for a wrong configuration, and for a KEY that nobody knows."""
    if args.key is not None:
        from sparklineage.cli.explain_key import explain_key  # noqa: PLC0415

        return explain_key(args, environ)
    spec = spec_of(args, environ)
    done, joined = all_of(spec, args, environ)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    if args.format == "json":
        print(json.dumps(_as_json(spec, done, joined), indent=2, ensure_ascii=False))
        return 0
    look = look_of(sys.stdout, environ)
    print("\n".join(_text(spec, done, joined, look.width)))
    return 0


def all_of(spec: Spec, args: argparse.Namespace, environ: Mapping[str, str]) -> tuple[Finished, str | None]:
    """The finished conf set joined with the user's properties file, and where that is."""
    done = finished_of(spec, args, environ)
    if args.into:
        return done, args.into
    done, path = with_defaults(done, environ)
    return done, str(path) if path else None


def _text(spec: Spec, done: Finished, joined: str | None, width: int) -> Iterator[str]:
    profile = spec.profile or (f"none of {', '.join(spec.profiles)}" if spec.profiles else "none")
    yield f"file      {spec.file or 'none'}"
    yield f"profile   {profile}" + (f", platform {spec.platform}" if spec.platform else "")
    install = done.install
    if install is not None:
        yield f"Spark     {install.version}, Scala {install.scala}: {install.home}"
    else:
        yield "Spark     none found"
    if joined:
        yield f"joined    {joined}"
    mode, why = _delivery(done)
    yield f"delivery  {mode} ({why})"
    rows = [Row(item.key, item.shown, item.source, more_of(item), _parts(item)) for item in done.conf.entries]
    if rows:
        yield from ("", "Spark properties", "", *table(rows, width))
    if backend := _backend(spec, done):
        used = mode == "outbox"
        rows = [Row(name, item.shown, item.source, more_of(item)) for name, item in backend.items()]
        yield from ("", "Delivered by the relay" if used else f"Not used, because {why}", "", *table(rows, width))
    own = [item for item in spec.resolved.values() if item.key.spark is None]
    rows = [Row(name_of(spec, item), item.shown, item.source, more_of(item)) for item in own]
    yield from ("", "Settings of the toolkit", "", *table(rows, width))
    for note in done.notes:
        yield from ("", *wrapped(f"note: {note}", width, rest=""))


def _delivery(done: Finished) -> tuple[str, str]:
    """Who delivers, and why: a transport among the user's own properties decides, whatever the configuration says."""
    theirs = done.users.entry(_TYPE)
    if theirs is None or theirs.value.blank:
        return done.mode, done.why_mode
    return "direct", f"{theirs.key} is {theirs.shown} in {theirs.source}"


def _backend(spec: Spec, done: Finished) -> dict[str, Resolved]:
    """What the relay is told of the backend, by key of the file; empty where the agent would be told it."""
    found = spec.resolved.items() if done.mode == "outbox" and done.agent_jar is not None else ()
    return {name: item for name, item in found if name.startswith("transport.")}


def _parts(entry: ConfEntry) -> tuple[str, ...]:
    found = entry.value.entries if isinstance(entry.value, CommaList) else ()
    return found if ",".join(found) == entry.shown else ()


def _more(lost: Any, joined: tuple[str, ...]) -> tuple[str, ...]:
    lines = (f"joined from {' and '.join(joined)}",) if joined else ()
    return (*lines, *(f"not {other.value} ({other.source}): {other.reason}" for other in lost))


def more_of(item: Resolved | ConfEntry) -> tuple[str, ...]:
    """What lost against a setting or a property, and what was joined in it."""
    if isinstance(item, ConfEntry):
        return _more(item.lost, item.joined)
    lines = (f"joined from {' and '.join(item.joined)}",) if item.joined else ()
    return (*lines, *(f"not {other.shown} ({other.source}): {other.why}" for other in item.lost))


def name_of(spec: Spec, item: Resolved) -> str:
    """The key's name in the file."""
    return next((name for name, other in spec.resolved.items() if other is item), item.key.name)


def _as_json(spec: Spec, done: Finished, joined: str | None) -> dict[str, Any]:
    mode, why = _delivery(done)
    own = {name: item for name, item in spec.resolved.items() if item.key.spark is None}
    return {
        "file": str(spec.file) if spec.file else None,
        "profile": spec.profile,
        "platform": spec.platform,
        "spark": {"version": done.install.version, "scala": done.install.scala, "home": str(done.install.home)}
        if done.install
        else None,
        "joinedWith": joined,
        "delivery": {"mode": mode, "why": why},
        "properties": [
            {
                "key": entry.key,
                "value": entry.shown,
                "source": entry.source,
                "why": entry.why,
                "joined": list(entry.joined),
                "lost": [{"value": lost.value, "source": lost.source, "why": lost.reason} for lost in entry.lost],
            }
            for entry in done.conf.entries
        ],
        "backend": {"used": mode == "outbox", "settings": [*_settings(_backend(spec, done))]},
        "settings": [*_settings(own)],
        "notes": list(done.notes),
        "warnings": list(spec.warnings),
    }


def _settings(found: Mapping[str, Resolved]) -> Iterator[dict[str, Any]]:
    for name, item in found.items():
        yield {
            "key": name,
            "value": item.shown,
            "source": item.source,
            "joined": list(item.joined),
            "lost": [{"value": lost.shown, "source": lost.source, "why": lost.why} for lost in item.lost],
        }
