"""Keys that nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.rules.listener import LISTS
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_TIMEOUT = "spark.openlineage.timeout"
_BARE = "openlineage."
_SHARED = "spark.openlineage.transport.timeout"
"""In an openlineage.yml the Python client reads it, in seconds."""


@rule("SL001", "dead-key", "error", "The agent no longer reads this key")
def dead_key(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The key was removed from the agent. It ignores unknown keys without a word, so the setting has no effect;
    of an address that is set this way nothing is left, and the events are printed to the log instead of sent.

    Source: executed, agent 1.53.0; agent source, removals in 0.22.0 (OpenLineage#1711), 1.20.0 (#2912) and
    1.30.0 (#3522).
    """
    version = agent_version(sheet, target)
    for setting in sheet.settings:
        key = catalogue().find(setting.key)
        if key is None or key.status != "removed" or (version and key.known_in(version)):
            continue
        if key.key == _TIMEOUT and not (version and numbers(version) < (1, 35)):
            continue  # worse than dead: see SL032
        shared = setting.origin == "yaml" and key.key == _SHARED
        names = [_spelled(setting, _filled(name, key.key, setting.key)) + _note(name) for name in key.replacement]
        yield Hit(
            at=setting,
            found=f"{setting.name} is not read since agent {key.removed}.",
            reality="The Java agent ignores it without a word; only the Python client reads it."
            if shared
            else "The agent ignores it without a word.",
            fix=f"Write {_and(names)}.",
            severity="info" if shared else None,
        )


@rule("SL002", "never-existed", "error", "No agent has ever read this key")
def never_existed(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The key is passed around in threads and guides, or is a near miss of a real one, but no release reads it. The
    agent ignores it without a word.

    Source: executed, agent 1.53.0; agent source; OpenLineage#3967, #2589; `facets.variables` stands in the
    documentation, the code reads `facets.custom_environment_variables`.
    """
    for setting in sheet.settings:
        key = catalogue().find(setting.key)
        if key is None or key.status != "never-existed" or setting.key.startswith(_BARE):
            continue
        names = [_spelled(setting, _filled(name, name, setting.key)) for name in key.replacement]
        yield Hit(
            at=setting,
            found=f"{setting.name} does not exist in any agent.",
            reality="The agent ignores it without a word.",
            fix=f"Write {_and(names)}." if names else f"Remove it.{_nearest(key.doc)}",
        )


@rule("SL003", "unknown-key", "warning", "An unknown key")
def unknown_key(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """No known release of the agent reads this key, which is most often a slip of the pen. The agent ignores it
    without a word.

    Source: executed, agent 1.53.0; agent source (`FAIL_ON_UNKNOWN_PROPERTIES` is off).
    """
    for setting in sheet.settings:
        if not setting.key.startswith(AGENT_PREFIX) or catalogue().find(setting.key):
            continue
        near = catalogue().nearest(setting.key)
        foreign = setting.origin == "yaml" and near is None
        yield Hit(
            at=setting,
            found=f"{setting.name} is no key that any known agent reads.",
            reality="The agent ignores it without a word" + ("; other clients may read it." if foreign else "."),
            fix=f"Did you mean {_spelled(setting, near)}?" if near else "Look it up in docs/keys.md, or remove it.",
            severity="info" if foreign else None,
        )


@rule("SL004", "missing-prefix", "error", "The prefix spark. is missing")
def missing_prefix(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Spark drops properties whose names do not begin with `spark.`, with a warning (`Ignoring non-Spark config
    property`) that few people see; and the agent reads only names that begin with `spark.openlineage.`.

    Source: executed on Spark 3.5 and 4.2 (`--conf`, properties files); agent source.
    """
    for setting in sheet.settings:
        if setting.key.startswith(_BARE):
            in_code = setting.origin == "code"
            yield Hit(
                at=setting,
                found=f"{setting.key} does not begin with spark.",
                reality="The agent reads only names that begin with spark.openlineage."
                if in_code
                else "Spark drops it with a warning, so the agent never sees it.",
                fix=f"Write spark.{setting.key}.",
            )


@rule("SL005", "test-only-key", "warning", "A key for the agent's own tests")
def test_only_key(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The key is there for the agent's own tests. `circuitBreaker.type=static` and its `valuesReturned` open and close
    the breaker by a list, whatever happens; `testExtensionProvider` names a class that only the tests have.

    Source: executed, agent 1.53.0; agent source.
    """
    for setting in sheet.below(""):
        key = catalogue().find(setting.key)
        static = setting.key == f"{AGENT_PREFIX}circuitBreaker.type" and setting.value.strip().lower() == "static"
        if setting.value.strip() and (static or (key and key.status == "test-only")):
            yield Hit(
                at=setting,
                found=f"{setting.name}{'=static' if static else ''} is for the agent's own tests.",
                reality="In a job it drops events, or has no effect.",
                fix=f"Use {_spelled(setting, AGENT_PREFIX + 'circuitBreaker.type')}=asyncTaskQueue."
                if "circuitBreaker" in setting.key
                else "Remove it.",
            )


@rule("SL006", "key-twice", "warning", "A key that is given twice")
def key_twice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Of two values for one key in one place the last one counts, in properties files, on a command line, in JSON and
    in YAML, and nobody says so. Only of two types in an openlineage.yml it is the first. (For lists see SL040.)

    Source: executed on Spark 3.5 and 4.2 (`--conf`, properties files) and with agent 1.53.0 (openlineage.yml).
    """
    last: dict[tuple[int, bool, str], Setting] = {}
    for setting in sheet.settings:
        passed = setting.origin == "code" or setting.key in LISTS or setting.spelled.startswith("--")
        if passed or not setting.key.startswith("spark."):
            continue
        at = (setting.group, setting.late, setting.key)
        before = last.get(at)
        typed = setting.origin == "yaml" and setting.key.endswith(".type")
        if before and before.value != setting.value and not setting.late:
            yield Hit(
                at=before,
                found=f"{before.name} is given again in line {setting.place.line}, with another value.",
                reality=f"Only the {'first' if typed else 'later'} one counts.",
                fix="Remove the one that is not meant.",
            )
        last[at] = setting


def _nearest(doc: str) -> str:
    _, mark, near = doc.partition("nearest: ")
    return f" What comes nearest is {near}." if mark else ""


def _spelled(setting: Setting, name: str) -> str:
    """A property as this file would spell it."""
    return name.removeprefix(AGENT_PREFIX) if setting.origin == "yaml" else name


def _filled(replacement: str, family: str, key: str) -> str:
    """`…urlParams.<name>` with the name that a wrong key of a family has."""
    if "<name>" not in replacement or "<name>" not in family or UNKNOWN in key:
        return replacement
    stem = family.partition("<name>")[0]
    stem = stem if key.startswith(stem) else stem.rstrip(".")
    return replacement.replace("<name>", key.removeprefix(stem)) if key.startswith(stem) else replacement


def _note(name: str) -> str:
    """What to know of the value of a key that is to be written."""
    if name.endswith(".timeoutInMillis"):
        return " (in milliseconds)"
    return " (a base address such as http://marquez:5000)" if name.endswith(".url") else ""


def _and(names: Iterator[str] | list[str]) -> str:
    return " and ".join(names)
