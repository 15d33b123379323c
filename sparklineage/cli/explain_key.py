"""`sparklineage explain KEY`: one key, of the file or of Spark."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from sparklineage.cli.configured import finished_of, spec_of
from sparklineage.cli.explain import more_of
from sparklineage.cli.terminal import look_of, warn
from sparklineage.errors import SparklineageError, UsageError, suggestion

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.config.catalogue import CatalogueKey
    from sparklineage.config.keys import Key


def explain_key(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what is known of `args.key`, and its value where the configuration can be read. Raises UsageError."""
    key, known = _looked_up(args.key)
    if key is None and known is None:
        raise UsageError(f"explain: {args.key} is no known key.{_nearest(args.key)}")
    value = _value(args, environ, key, known)
    if args.format == "json":
        fields = dict(_fields(key, known))
        print(json.dumps({"key": args.key, **fields, **value}, indent=2, ensure_ascii=False))
        return 0
    print("\n".join(_text(key, known, value, look_of(sys.stdout, environ).width)))
    return 0


def _looked_up(name: str) -> tuple[Key | None, CatalogueKey | None]:
    from sparklineage.config.catalogue import PREFIX, catalogue  # noqa: PLC0415
    from sparklineage.config.definition import definition  # noqa: PLC0415
    from sparklineage.config.keys import PLATFORM_KEYS  # noqa: PLC0415

    known = catalogue().find(name) or catalogue().find(PREFIX + name)
    # A bare `spark.…` is a property of Spark, whatever may stand below `spark:` in a file.
    key = None if name.startswith("spark.") else definition().find(name)
    if known is not None and known.key.startswith(PREFIX) and key is None:
        key = definition().find(name.removeprefix(PREFIX))
    if key is None:
        key = next((one for one in PLATFORM_KEYS if name == f"platform.{one.name}"), None)
    return key, known or (key.catalogue if key is not None else None)


def _nearest(name: str) -> str:
    from sparklineage.config.catalogue import catalogue  # noqa: PLC0415
    from sparklineage.config.definition import definition  # noqa: PLC0415

    near = catalogue().nearest(name) if name.startswith("spark.") else None
    return f" Did you mean {near}?" if near else suggestion(name, definition().keys)


def _fields(key: Key | None, known: CatalogueKey | None) -> Iterator[tuple[str, Any]]:
    """What is known, in the order of the print."""
    from sparklineage.config.catalogue import PREFIX  # noqa: PLC0415

    yield "what", key.doc if key is not None else known.doc if known is not None else ""
    if key is not None and not key.raw:
        yield "in the file", key.name
    spark = key.spark if key is not None else known.key if known is not None else None
    if spark is not None:
        yield "in Spark", spark
    yield "type", _type(key, known)
    default = key.default if key is not None else known.default if known is not None else None
    if default:
        yield "default", default
    if known is not None and known.transports:
        yield "read by", f"transport of type {', '.join(known.transports)}"
        if known.required:
            yield "needed by", ", ".join(known.required)
    if known is not None and known.reader == "agent":
        yield "agent", _versions(known)
    if key is not None and key.variables:
        yield "variables", ", ".join(key.variables)
    if key is not None and key.flag:
        yield "option", key.flag
    if known is not None and known.replacement:
        yield "write instead", " and ".join(known.replacement)
    if mistakes := list(_mistakes((key.name if key else "", spark or "", known.key if known else ""))):
        yield "common mistakes", mistakes
    if known is not None and known.source and known.key.startswith(PREFIX):
        yield "known from", known.source


def _type(key: Key | None, known: CatalogueKey | None) -> str:
    if key is None:
        return known.type if known is not None else "text"
    if key.secret:
        return "secret: a reference such as env:NAME"
    if key.limits.values:
        return "one of " + ", ".join(key.limits.values) + (", or a class" if key.limits.open else "")
    unit = key.limits.unit
    return f"{key.kind}" + (f"; a bare number counts {unit}" if unit else "")


def _versions(known: CatalogueKey) -> str:
    if known.status == "never-existed":
        return "no agent has ever read it"
    if known.status == "test-only":
        return "for the agent's own tests"
    text = f"since {known.since}" if known.since else "all that are known"
    if known.removed:
        text += f", not read since {known.removed}"
    return text + "".join(f"; {value} since {since}" for value, since in known.since_values.items())


def _mistakes(names: tuple[str, ...]) -> Iterator[str]:
    """The rules of `lint` whose words name the key."""
    from sparklineage.lint import RULES  # noqa: PLC0415

    short = {name.removeprefix("spark.openlineage.") for name in names if name}
    for rule in RULES.values():
        if any(f"`{name}" in rule.description or f"`spark.openlineage.{name}" in rule.description for name in short):
            yield f"{rule.code} {rule.title}"


def _value(
    args: argparse.Namespace, environ: Mapping[str, str], key: Key | None, known: CatalogueKey | None
) -> dict[str, Any]:
    """Value, source and what lost; empty where nothing is set or the configuration cannot be read."""
    try:
        spec = spec_of(args, environ)
        item = spec.resolved.get(args.key) or (spec.resolved.get(key.name) if key is not None else None)
        if item is not None:
            return {"value": item.shown, "source": item.source, "more": more_of(item)}
        spark = key.spark if key is not None else known.key if known is not None else None
        entry = finished_of(spec, args, environ).conf.entry(spark or "") if spark else None
    except SparklineageError as error:
        warn(f"the value here is not known: {error}")
        return {}
    return {"value": entry.shown, "source": entry.source, "more": []} if entry is not None else {}


def _text(key: Key | None, known: CatalogueKey | None, value: Mapping[str, Any], width: int) -> Iterator[str]:
    width = max(min(width, 120), 60)
    for label, text in _fields(key, known):
        for line in text if isinstance(text, list) else [text]:
            yield from textwrap.wrap(
                str(line), width, initial_indent=f"{label:<16}", subsequent_indent=" " * 16, break_long_words=False
            )
            label = ""  # noqa: PLW2901  only the first line names it
    if value:
        yield f"{'value here':<16}{value['value']}  ({value['source']})"
        yield from (f"{'':<16}{line}" for line in value["more"])
    else:
        yield f"{'value here':<16}not set"
