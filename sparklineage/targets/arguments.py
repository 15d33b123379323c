"""Arguments of spark-submit that somebody has: where they end, and which properties they set."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sparklineage.config.conf_values import typed_theirs
from sparklineage.config.spark_options import ALIASES, PROPERTIES, SWITCHES, VALUED
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.targets.interface import Existing

# Spark splits an option at the first `=`, and only where something follows.
_SPELLED = re.compile(r"(--[^=]+)=(.+)", re.DOTALL)
_FLAGS = {
    **PROPERTIES,
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-java-options": "spark.driver.extraJavaOptions",
}


def read_arguments(existing: Existing) -> list[str]:
    """A JSON list of texts. Raises ConfigError for anything else."""
    if not existing.text.strip():
        raise ConfigError(f"{existing.name}: there is nothing in it; leave --into out for a new command.")
    try:
        found = json.loads(existing.text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{existing.name}: is no JSON list of arguments: {error}.") from None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ConfigError(
            f'{existing.name}: is no JSON list of texts; write one such as ["--master", "yarn", "job.py"].'
        )
    return found


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options of spark-submit, and the application with all behind it."""
    at = 0
    while at < len(argv):
        word = argv[at]
        match = _SPELLED.fullmatch(word)
        flag = ALIASES.get(match[1] if match else word, match[1] if match else word)
        if flag in VALUED:
            at += 1 if match else 2
        elif flag in SWITCHES:
            at += 1
        else:
            break
    return list(argv[:at]), list(argv[at:])


def options_conf(options: Sequence[str], name: str) -> ConfSet:
    """The properties that options set: one of an option's own (`--jars`) beats `--conf`, and the last one counts."""
    by_conf: dict[str, ConfEntry] = {}
    by_flag: dict[str, ConfEntry] = {}
    for flag, value in _valued(options):
        if flag == "--conf" and "=" in value:
            key, _, text = value.partition("=")
            by_conf[key.strip()] = _entry(key.strip(), text, f"{name}: --conf")
        elif flag in _FLAGS:
            by_flag[_FLAGS[flag]] = _entry(_FLAGS[flag], value, f"{name}: {flag}")
    return ConfSet(tuple({**by_conf, **by_flag}.values()))


def with_options(options: Sequence[str], added: ConfSet) -> list[str]:
    """The options with properties in the place of those that they replace, and the others behind them."""
    replaced, more = changes(options, added)
    words: list[str] = []
    at = 0
    for group in lines(options):
        words += replaced.get(at, group)
        at += len(group)
    return [*words, *more]


def changes(options: Sequence[str], added: ConfSet) -> tuple[dict[int, list[str]], list[str]]:
    """By the place of an option what takes its place, its value included; and the options that come behind."""
    places: dict[str, tuple[int, bool]] = {}
    at = 0
    for group in lines(options):
        key = next(iter(options_conf(group, "")), "")
        # An option of its own beats --conf, wherever it stands.
        by_conf = group[0].startswith(("--conf", "-c"))
        if key in added and not (by_conf and key in places and not places[key][1]):
            places[key] = at, by_conf
        at += len(group)
    replaced = {
        at: ConfSet(tuple(entry for entry in added.entries if entry.key == key)).as_args()
        for key, (at, _) in places.items()
    }
    return replaced, added.without(*places).as_args()


def in_a_command(word: str) -> None:
    """Raises ConfigError for a word that no command line can carry."""
    if found := re.search(r"[\0\ud800-\udfff]", word):
        shown = mask(word)[:100].encode("ascii", "backslashreplace").decode()
        raise ConfigError(
            f"{shown!r} cannot stand on a command line: it holds the character U+{ord(found[0]):04X}; leave that out."
        )


def lines(argv: Sequence[str]) -> Iterator[list[str]]:
    """The words of a command grouped for reading: an option and its value stay together."""
    at = 0
    while at < len(argv):
        valued = ALIASES.get(argv[at], argv[at]) in VALUED and at + 1 < len(argv)
        yield list(argv[at : at + 2]) if valued else [argv[at]]
        at += 2 if valued else 1


def _valued(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    for group in lines(options):
        match = _SPELLED.fullmatch(group[0])
        if len(group) == 2:
            yield ALIASES.get(group[0], group[0]), group[1]
        elif match:
            yield ALIASES.get(match[1], match[1]), match[2]


def _entry(key: str, text: str, source: str) -> ConfEntry:
    return ConfEntry(key=key, value=typed_theirs(key, text), source=source)
