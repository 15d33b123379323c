"""`sparklineage explain`: what is configured, where each value came from, what lost against it, what a key means."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS
from sparklineage.cli.configured import add_options, finished_of, spec_of
from sparklineage.cli.terminal import look_of, warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.assemble import Finished
    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec

_ABOUT = """\
Without KEY: the finished Spark properties and the toolkit's own settings, each with the place that it came from, what
lost against it and why, and what was joined. With KEY (of sparklineage.yml, or a Spark property): what it is, its
type, default and versions, what people get wrong, and its value here. Secrets are masked, and none is fetched."""
_WIDEST_KEY = 52


def add_parser(subparsers: Any) -> None:
    """Add `explain` to the commands of a parser."""
    parser = subparsers.add_parser("explain", help=COMMANDS["explain"], description=_ABOUT)
    parser.add_argument("key", nargs="?", metavar="KEY", help="such as transport.url or spark.extraListeners")
    add_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print it. Raises ConfigError for a wrong configuration, and for a KEY that nobody knows."""
    if args.key is not None:
        from sparklineage.cli.explain_key import explain_key  # noqa: PLC0415

        return explain_key(args, environ)
    spec = spec_of(args, environ)
    done = finished_of(spec, args, environ)
    for warning in spec.warnings:
        warn(f"warning: {warning}")
    if args.format == "json":
        print(json.dumps(_as_json(spec, done), indent=2, ensure_ascii=False))
        return 0
    look = look_of(sys.stdout, environ)
    print("\n".join(_text(spec, done, look.width)))
    return 0


def _text(spec: Spec, done: Finished, width: int) -> Iterator[str]:
    file = str(spec.file) if spec.file else "none"
    profile = spec.profile or (f"none of {', '.join(spec.profiles)}" if spec.profiles else "none")
    yield f"file      {file}"
    yield f"profile   {profile}" + (f", platform {spec.platform}" if spec.platform else "")
    yield f"delivery  {done.mode} ({done.why_mode})"
    yield from ("", "Spark properties", "")
    rows = [(entry.key, entry.shown, entry.source, _more(entry.lost, entry.joined)) for entry in done.conf.entries]
    yield from _table(rows, width)
    yield from ("", "Settings of the toolkit", "")
    own = [item for item in spec.resolved.values() if item.key.spark is None]
    yield from _table([(name_of(spec, item), item.shown, item.source, more_of(item)) for item in own], width)
    for note in done.notes:
        yield from ("", *textwrap.wrap(f"note: {note}", max(width, 40), break_long_words=False, break_on_hyphens=False))


def _table(rows: list[tuple[str, str, str, list[str]]], width: int) -> Iterator[str]:
    """Key, value and source in columns; a value that is too long for its column gets a line of its own."""
    key = min(max((len(row[0]) for row in rows), default=0), _WIDEST_KEY)
    value = max(min(max((len(row[1]) for row in rows), default=0), width - key - 40), 16)
    for name, text, source, more in rows:
        if len(name) <= key and len(text) <= value:
            yield f"{name:<{key}}  {text:<{value}}  {source}".rstrip()
        else:
            yield f"{name:<{key}}  {'':<{value}}  {source}".rstrip() if len(name) <= key else f"{name}  {source}"
            yield f"    {text}"
        yield from (f"    {line}" for line in more)


def _more(lost: Any, joined: tuple[str, ...]) -> list[str]:
    lines = [f"joined from {' and '.join(joined)}"] if joined else []
    return lines + [f"not {other.value} ({other.source}): {other.reason}" for other in lost]


def more_of(item: Resolved) -> list[str]:
    """What lost against a setting, and what was joined in it."""
    lines = [f"joined from {' and '.join(item.joined)}"] if item.joined else []
    return lines + [f"not {other.shown} ({other.source}): {other.why}" for other in item.lost]


def name_of(spec: Spec, item: Resolved) -> str:
    """The key's name in the file."""
    return next((name for name, other in spec.resolved.items() if other is item), item.key.name)


def _as_json(spec: Spec, done: Finished) -> dict[str, Any]:
    return {
        "file": str(spec.file) if spec.file else None,
        "profile": spec.profile,
        "platform": spec.platform,
        "delivery": {"mode": done.mode, "why": done.why_mode},
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
        "settings": [
            {
                "key": name,
                "value": item.shown,
                "source": item.source,
                "lost": [{"value": lost.shown, "source": lost.source, "why": lost.why} for lost in item.lost],
            }
            for name, item in spec.resolved.items()
            if item.key.spark is None
        ],
        "notes": list(done.notes),
        "warnings": list(spec.warnings),
    }
