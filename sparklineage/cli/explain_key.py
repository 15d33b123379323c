"""`sparklineage explain KEY`: one key, of the file or of Spark."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from sparklineage.cli.configured import spec_of
from sparklineage.cli.explain import all_of, more_of
from sparklineage.cli.explain_table import printable, wrapped
from sparklineage.cli.terminal import look_of, warn
from sparklineage.errors import SparklineageError, UsageError, suggestion

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.config.catalogue import CatalogueKey
    from sparklineage.config.keys import Key


_SECTIONS = {
    "profiles": "settings of which --profile or SPARKLINEAGE_PROFILE chooses; `default` counts where none is chosen",
    "platforms": "settings for one platform only, over the section that they stand in",
    "extends": "the profiles that a profile lies over, the weakest first",
    "spark": "properties of Spark, passed on as they are",
    "transport.transports": "of `composite`: the transports, each by a name of its own, or as a list",
    "transport.transport": "of `transform`: where the changed events go",
}
"""What stands in the file without being a key."""


def explain_key(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what is known of `args.key`, and its value where the configuration can be read. Raises UsageError."""
    key, known = _looked_up(args.key)
    look = look_of(sys.stdout, environ)
    if key is None and known is None:
        return _explain_section(args, look.width)
    value = _value(args, environ, key, known)
    if args.format == "json":
        fields = dict(_fields(key, known))
        print(json.dumps({"key": args.key, **fields, **value}, indent=2, ensure_ascii=False))
        return 0
    print("\n".join(_text(key, known, value, look.width)))
    return 0


def _explain_section(args: argparse.Namespace, width: int) -> int:
    """What stands below a name that is no key itself. Raises UsageError where nothing does."""
    from sparklineage.config.definition import definition  # noqa: PLC0415

    name = args.key.removeprefix("spark.openlineage.")
    below = {key.name: key.doc for key in definition().keys.values() if key.name.startswith(f"{name}.")}
    if not below and name not in _SECTIONS:
        raise UsageError(f"explain: {args.key} is no known key.{_nearest(args.key)}")
    if args.format == "json":
        print(json.dumps({"key": args.key, "what": _SECTIONS.get(name), "below": below}, indent=2, ensure_ascii=False))
        return 0
    if name in _SECTIONS:
        print("\n".join(wrapped(_SECTIONS[name], width, rest="")))
    for one, doc in below.items():
        print(one)
        print("\n".join(wrapped(doc, width, " " * 4, " " * 4)))
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
    if key is None and known is None and name.startswith("spark.") and not name.startswith(PREFIX):
        # Spark has hundreds of properties that have nothing to do with lineage; a slip is told all the same.
        key = None if catalogue().nearest(name) else definition().find(name)
    return key, known or (key.catalogue if key is not None else None)


def _nearest(name: str) -> str:
    from sparklineage.config.catalogue import catalogue  # noqa: PLC0415
    from sparklineage.config.definition import definition  # noqa: PLC0415

    near = catalogue().nearest(name) if name.startswith("spark.") else None
    return f" Did you mean {near}?" if near else suggestion(name, definition().keys)


def _fields(key: Key | None, known: CatalogueKey | None) -> Iterator[tuple[str, Any]]:
    """What is known, in the order of the print."""
    from sparklineage.config.catalogue import PREFIX  # noqa: PLC0415
    from sparklineage.config.keys import PLATFORM_KEYS  # noqa: PLC0415

    yield "what", key.doc if key is not None else known.doc if known is not None else ""
    if key is not None and not key.raw:
        yield "in the file", key.name if key not in PLATFORM_KEYS else f"platforms: NAME: {key.name}"
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
    names = {key.name if key else "", spark or "", known.key if known else ""}
    if mistakes := list(_mistakes((*names, *(name.removeprefix(PREFIX) for name in names)))):
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
    """The rules of `lint` whose words name the key; a name of one word is too common to look for."""
    from sparklineage.lint import RULES  # noqa: PLC0415

    for rule in RULES.values():
        if any("." in name and re.search(rf"`{re.escape(name)}(?![\w.])", rule.description) for name in names):
            yield f"{rule.code} {rule.title}"


def _value(
    args: argparse.Namespace, environ: Mapping[str, str], key: Key | None, known: CatalogueKey | None
) -> dict[str, Any]:
    """Value, source and what lost; empty where nothing is set or the configuration cannot be read."""
    try:
        spec = spec_of(args, environ)
        names = (args.key, key.stands_for or key.name) if key is not None else (args.key,)
        item = next((spec.resolved[name] for name in names if name in spec.resolved), None)
        spark = key.spark if key is not None else known.key if known is not None else None
        entry = all_of(spec, args, environ)[0].conf.entry(spark) if spark else None
    except SparklineageError as error:
        warn(f"the value here is not known: {error}")
        return {}
    # The finished property knows the user's own spark-defaults.conf; the setting looks as it was written.
    own = item is not None and entry is not None and item.source == entry.source and not args.key.startswith("spark.")
    found = item if own else entry or item
    return {"value": found.shown, "source": found.source, "more": more_of(found)} if found is not None else {}


def _text(key: Key | None, known: CatalogueKey | None, value: Mapping[str, Any], width: int) -> Iterator[str]:
    width = max(min(width, 120), 60)
    for label, text in _fields(key, known):
        for line in text if isinstance(text, list) else [text]:
            yield from textwrap.wrap(
                str(line), width, initial_indent=f"{label:<16}", subsequent_indent=" " * 16, break_long_words=False
            )
            label = ""  # noqa: PLW2901  only the first line names it
    if value:
        yield f"{'value here':<16}{printable(value['value'])}  ({value['source']})"
        for line in value["more"]:
            yield from wrapped(line, width, " " * 16)
    else:
        yield f"{'value here':<16}not set"
