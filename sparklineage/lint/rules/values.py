"""Values that the agent cannot read, or reads as something else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.config.catalogue import CatalogueKey, catalogue
from sparklineage.errors import suggestion
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_FAILS = "The agent cannot read its configuration: the job runs, and no event is sent."
# What java.util.UUID.fromString takes.
_UUID = re.compile(r"(?i)[0-9a-f]{1,8}(?:-[0-9a-f]{1,4}){3}-[0-9a-f]{1,12}")
_WHOLE_NAMES = re.compile(r"spark\.openlineage\.transport\.(?:properties|urlParams|headers)\.")
_BOOLS = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_DURATION = re.compile(r"(\d{1,9})\s*(ms|s|m|min|h)")
_MILLIS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_PARENT = ("parentJobNamespace", "parentJobName", "parentRunId")


@rule("SL030", "list-without-brackets", "error", "A list that is not written [a;b]")
def bracket_list(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent makes a list only of a value in brackets with semicolons: `[a;b]`. Without the brackets the value is
    one text where a list is needed; with commas the list has one entry, commas and all.

    Source: agent source, ArgumentParser.
    """
    for setting, key in _known(sheet):
        value = setting.value
        if key.type != "[a;b] list" or setting.origin == "yaml":
            continue
        bare = not (value.startswith(("[", UNKNOWN)) and value.endswith(("]", UNKNOWN)))
        commas = "," in value and ";" not in value and value.startswith("[")
        if bare or commas:
            yield Hit(
                at=setting,
                found=f"{setting.name} is not written as [a;b].",
                reality="The agent reads one entry, with the commas in it."
                if commas and not bare
                else "The agent makes no list of it.",
                fix="Write the list in brackets, with semicolons: [a;b;c].",
            )


@rule("SL031", "text-in-brackets", "error", "A text in brackets becomes a list")
def bracket_text(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """In Spark's configuration every value that begins with `[` and ends with `]` is made a list, also a namespace, a
    header or a pattern, and a list is then found where one text is needed.

    Source: agent source, ArgumentParser.
    """
    for setting, key in _known(sheet):
        text = key.type in {"text", "url", "uuid", "path", "class", "regex"}
        if text and setting.origin != "yaml" and setting.value.startswith("[") and setting.value.endswith("]"):
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} begins with [ and ends with ].",
                reality="The agent makes a list of it, where it needs a text.",
                fix="Put the pattern in a group: (?:[…])." if key.type == "regex" else "Write it without the brackets.",
            )


@rule("SL032", "value-and-keys-below", "error", "A value at a key that has keys below it")
def clash(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The keys make a tree. A value at a name that also has names below it cannot be put there (`ClassCastException`).
    `spark.openlineage.timeout` is such a name since 1.35.0, on its own as well: an old `timeout=5000` makes the whole
    configuration unreadable (`MismatchedInputException`).

    Source: executed with Jackson; agent source, ArgumentParser.
    """
    version = agent_version(sheet, target)
    names = {setting.key for setting in sheet.settings if setting.value.strip()}
    parents = {key[:at] for key in names if not _WHOLE_NAMES.match(key) for at in _dots(key)}
    for setting in sheet.below(""):
        if setting.origin == "yaml" and setting.key != f"{AGENT_PREFIX}timeout":
            continue
        old = setting.key == f"{AGENT_PREFIX}timeout" and not (version and numbers(version) < (1, 35))
        if setting.value.strip() and (old or setting.key in parents):
            yield Hit(
                at=setting,
                found=f"{setting.name} has a value, "
                + ("and has been a group of keys since agent 1.35.0." if old else "and other keys stand below it."),
                reality=_FAILS,
                fix="Write transport.timeoutInMillis for the time limit of a request."
                if old
                else "Remove the value, or the keys below it.",
            )


@rule("SL033", "not-a-uuid", "error", "An id that is no UUID")
def not_a_uuid(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Run ids are UUIDs. A `parentRunId` or `rootParentRunId` that is none is dropped in silence, and with it the whole
    parent; an `applicationRunId` that is none makes the listener fail, and there are no events.

    Source: agent source; OpenLineage#4215.
    """
    for setting, key in _known(sheet):
        if key.type == "uuid" and setting.known and not _UUID.fullmatch(setting.value.strip()):
            application = key.key.endswith("applicationRunId")
            yield Hit(
                at=setting,
                found=f"{setting.name} is no UUID.",
                reality="The listener fails at it: no event is sent."
                if application
                else "The agent drops it in silence, and the parent with it.",
                fix="Give a UUID such as 01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42, made anew for every run.",
            )


@rule("SL034", "wrong-type", "error", "A value of the wrong type")
def wrong_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """A number is written as digits alone, without a unit, and a switch as `true` or `false`. Anything else makes the
    whole configuration unreadable (`InvalidFormatException`). Only `facets.<name>.disabled` is milder: what is not
    exactly `true` or `false` is ignored with a warning.

    Source: executed with Jackson; agent source.
    """
    for setting, key in _known(sheet):
        value = setting.value.strip()
        need = _need(key, value, yaml=setting.origin == "yaml") if setting.known else None
        if need:
            mild = key.type == "exact bool"
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} is not {need}.",
                reality="The agent warns and ignores it." if mild else _FAILS,
                fix=_number_for(key.key, value) or f"Write {need}.",
                severity="warning" if mild else None,
            )


@rule("SL035", "unknown-choice", "warning", "A choice that the agent does not know")
def unknown_choice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The key takes one of a few words, and this is none of them. An unknown `circuitBreaker.type` is the dangerous
    case: the agent silently uses no circuit breaker at all.

    Source: agent source.
    """
    for setting, key in _known(sheet):
        value = setting.value.strip()
        if key.type != "enum" or key.open or not setting.known:
            continue
        if value.lower() not in {choice.lower() for choice in key.values}:
            breaker = key.key.endswith("circuitBreaker.type")
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} is not one that the agent knows.",
                reality="The agent silently goes without a circuit breaker." if breaker else "The agent cannot use it.",
                fix=suggestion(value, key.values).strip() or f"Write one of {', '.join(key.values)}.",
                severity="error" if breaker else None,
            )


@rule("SL036", "breaker-without-limit", "error", "A timeout breaker without its limit")
def breaker_limit(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`circuitBreaker.type=timeout` has no limit of its own: `circuitBreaker.timeoutInSeconds` is required.

    Source: agent source; OpenLineage#3875.
    """
    kind = sheet.agent("circuitBreaker.type")
    missing = sheet.agent("circuitBreaker.timeoutInSeconds") is None and not sheet.partial
    if kind and kind.value.strip().lower() == "timeout" and missing:
        yield Hit(
            at=kind,
            found=f"{kind.name} is timeout, without circuitBreaker.timeoutInSeconds.",
            reality="The breaker has no limit to keep.",
            fix="Add spark.openlineage.circuitBreaker.timeoutInSeconds=60.",
        )


@rule("SL037", "unreadable-context", "warning", "A context that cannot be read")
def context(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`spark.openlineage.context` is JSON with `parent.run.runId`, `parent.job.namespace` and `parent.job.name`. What
    is not is logged and ignored, and the six older parent keys count instead, if they are there.

    Source: agent source; OpenLineage#4682.
    """
    setting = sheet.agent("context")
    if setting and setting.known and setting.value.strip() and not _is_context(setting.value):
        yield Hit(
            at=setting,
            found=f"{setting.name} is no JSON with parent.run.runId, parent.job.namespace and parent.job.name.",
            reality="The agent logs a warning and leaves the parent to the older keys.",
            fix='Write {"parent": {"run": {"runId": "UUID"}, "job": {"namespace": "…", "name": "…"}}}.',
        )


@rule("SL038", "incomplete-parent", "error", "A parent that is not complete")
def incomplete_parent(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The parent of the application is reported only when `parentJobNamespace`, `parentJobName` and `parentRunId` are
    all there. Two of the three are as good as none.

    Source: agent source.
    """
    given = [setting for name in _PARENT if (setting := sheet.agent(name)) and not setting.late]
    if not given or len(given) == len(_PARENT) or sheet.partial or sheet.agent("context"):
        return
    missing = [name for name in _PARENT if sheet.agent(name) is None]
    if not any(variable.key.startswith("OPENLINEAGE__PARENT") for variable in sheet.environment):
        yield Hit(
            at=given[0],
            found=f"{given[0].name} is set without {' and '.join(missing)}.",
            reality="The agent leaves the parent out altogether.",
            fix=f"Add {' and '.join(AGENT_PREFIX + name for name in missing)}.",
        )


def _known(sheet: Sheet) -> Iterator[tuple[Setting, CatalogueKey]]:
    """The agent's settings that it reads, with what is known of their keys; it skips blank ones."""
    for setting in sheet.below(""):
        key = catalogue().find(setting.key)
        if key is not None and key.status == "active" and setting.value.strip():
            yield setting, key


def _dots(key: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(r"\.", key))


def _need(key: CatalogueKey, value: str, *, yaml: bool) -> str | None:
    """What the key needs and this value is not; None where it is."""
    if key.type == "bool":
        return None if value in _BOOLS else "true or false"
    if key.type == "exact bool":
        return None if value in {"true", "false"} else "exactly true or false"
    if key.type == "int":
        # YAML has numbers of its own, which are cut to whole ones.
        whole = re.fullmatch(r"[+-]?\d+(?:\.\d*)?" if yaml else r"[+-]?\d+", value)
        return None if whole else "a whole number without a unit"
    if key.type == "number":
        return None if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", value) else "a number without a unit"
    return None


def _number_for(key: str, value: str) -> str | None:
    """`Write 5000.` for `5s` where the key tells its unit."""
    match = _DURATION.fullmatch(value)
    if not match:
        return None
    millis = int(match[1]) * _MILLIS[match[2]]
    if "Millis" in key:
        return f"Write {millis}."
    return f"Write {millis // 1000}." if "Seconds" in key and millis % 1000 == 0 else None


def _is_context(text: str) -> bool:
    try:
        parent: Any = json.loads(text)["parent"]
        return all((parent["run"]["runId"], parent["job"]["namespace"], parent["job"]["name"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
