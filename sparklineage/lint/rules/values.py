"""Values that the agent cannot read, or reads as something else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.errors import suggestion
from sparklineage.lint.rules.destinations import TRANSPORT, known, split
from sparklineage.lint.rules.interface import FAILS, GREEN, Hit, rule, unreadable
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.catalogue import CatalogueKey
    from sparklineage.lint.finding import Severity
    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

# What java.util.UUID.fromString takes.
_UUID = re.compile(r"(?i)[0-9a-f]{1,8}(?:-[0-9a-f]{1,4}){3}-[0-9a-f]{1,12}")
_BOOLS = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_DURATION = re.compile(r"(\d{1,9})\s*(ms|s|m|min|h)")
_MILLIS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_TYPED = ("circuitBreaker.type", "namespaceResolvers.<resolved>.type", "transport.compression")
_MILD: Mapping[str, tuple[str, Severity]] = {
    f"{AGENT_PREFIX}debug.smartMode": ("The agent warns, and takes any-missing.", "warning"),
    f"{AGENT_PREFIX}metrics.type": ("The agent ignores it without a word, and sends no metrics.", "info"),
}

_AS_WRITTEN = frozenset((f"{AGENT_PREFIX}appName", f"{AGENT_PREFIX}dataset.removePath.pattern"))
"""Texts that the agent reads from Spark's configuration one by one."""
_NO_UUID = {
    "applicationRunId": "The listener fails at it: no event is sent.",
    "parentRunId": "The agent drops it in silence, and the parent with it.",
    "rootParentRunId": "The agent drops it in silence, and takes the run of the parent for the root's.",
}


@rule("SL030", "list-without-brackets", "error", "A list that is not written [a;b]")
def bracket_list(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent makes a list only of a value in brackets with semicolons: `[a;b]`. Without the brackets the value is
    one text where a list is needed, and the whole configuration is unreadable; with commas the list has one entry,
    commas and all.

    Source: executed, agent 1.53.0.
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
                reality="The agent reads one entry, with the commas in it." if commas and not bare else FAILS,
                fix="Write the list in brackets, with semicolons: [a;b;c].",
            )


@rule("SL031", "text-in-brackets", "error", "A text in brackets becomes a list")
def bracket_text(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """In Spark's configuration every value that begins with `[` and ends with `]` is made a list, also a namespace, a
    header or a pattern. A list where one text is needed makes the whole configuration unreadable
    (`MismatchedInputException`). Only `appName` and `dataset.removePath.pattern` stay what they are.

    Source: executed, agent 1.53.0.
    """
    for setting, key in _known(sheet):
        text = key.type in {"text", "url", "uuid", "path", "class", "regex", "a;b list"}
        if not text or setting.origin == "yaml" or setting.key in _AS_WRITTEN:
            continue
        if setting.value.startswith("[") and setting.value.endswith("]"):
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} begins with [ and ends with ].",
                reality=f"The agent makes a list of it, where it needs a text: {GREEN}",
                fix="Put the pattern in a group: (?:[…])." if key.type == "regex" else "Write it without the brackets.",
            )


@rule("SL033", "not-a-uuid", "error", "An id that is no UUID")
def not_a_uuid(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Run ids are UUIDs. A `parentRunId` that is none is dropped in silence, and with it the whole parent; for a
    `rootParentRunId` that is none the agent takes the run of the parent; an `applicationRunId` that is none makes the
    listener fail, and there are no events.

    Source: executed, agent 1.53.0; OpenLineage#4215.
    """
    for setting, key in _known(sheet):
        if key.type == "uuid" and setting.known and not _UUID.fullmatch(setting.value.strip()):
            yield Hit(
                at=setting,
                found=f"{setting.name} is no UUID.",
                reality=_NO_UUID[key.key.removeprefix(AGENT_PREFIX)],
                fix="Give a UUID such as 01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42, made anew for every run.",
            )


@rule("SL034", "wrong-type", "error", "A value of the wrong type")
def wrong_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """A number is written as digits alone, without a unit, and a switch as `true` or `false`. Anything else makes the
    whole configuration unreadable (`InvalidFormatException`). Only `facets.<name>.disabled` is milder: what is not
    exactly `true` or `false` is ignored with a warning.

    Source: executed, agent 1.53.0.
    """
    for setting, key in _known(sheet):
        value = setting.value.strip()
        need = _need(key, value, yaml=setting.origin == "yaml") if setting.known else None
        if need and not (setting.origin == "yaml" and setting.key == f"{AGENT_PREFIX}disabled"):  # not read there
            mild = key.type == "exact bool"
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} is not {need}.",
                reality="The agent warns and ignores it." if mild else unreadable(setting),
                fix=_number_for(key, value) or f"Write {need}.",
                severity="warning" if mild else None,
            )


@rule("SL035", "unknown-choice", "warning", "A choice that the agent does not know")
def unknown_choice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The key takes one of a few words, and this is none of them. An unknown `circuitBreaker.type`, also `noop`, an
    unknown type of a namespace resolver and an unknown `compression` are the dangerous cases: unless a JAR of yours
    brings such a one, the whole configuration is unreadable. Capitals do not matter, but for the `compression` of a
    transport inside another, which must be exactly `gzip`. An unknown `debug.smartMode` is replaced by `any-missing`
    with a warning, an unknown `metrics.type` is ignored.

    Source: executed, agent 1.53.0, 1.37.0 and 1.32.0; agent source.
    """
    for setting, key in _known(sheet):
        value = setting.value.strip()
        fatal = key.key.endswith(_TYPED)
        if key.type != "enum" or (key.open and not fatal) or not setting.known or "." in value:
            continue
        meant = next((choice for choice in key.values if choice.lower() == value.lower()), None)
        nested = setting.key.startswith(TRANSPORT) and split(setting.key)[0] != TRANSPORT
        if meant is None or (nested and fatal and meant != value):
            reality, severity = _MILD.get(key.key, ("The agent cannot use it.", None))
            yield Hit(
                at=setting,
                found=f"The value of {setting.name} is not "
                + (f"exactly {meant}, inside another transport." if meant else "one that the agent knows."),
                reality=unreadable(setting) if fatal else reality,
                fix=suggestion(value, key.values).strip() or f"Write {_one_of(key.values)}.",
                severity="error" if fatal else severity,
            )


@rule("SL037", "unreadable-context", "warning", "A context that cannot be read")
def context(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`spark.openlineage.context` is JSON with `parent.run.runId`, `parent.job.namespace` and `parent.job.name`. What
    is not is logged and ignored, and the six older parent keys count instead, if they are there. Without the name or
    the namespace of the job there is no parent at all, whatever the older keys say.

    Source: executed, agent 1.53.0; OpenLineage#4682.
    """
    setting = sheet.agent("context")
    if setting and setting.known and setting.value.strip() and not _is_context(setting.value):
        yield Hit(
            at=setting,
            found=f"{setting.name} is no JSON with parent.run.runId, parent.job.namespace and parent.job.name.",
            reality="The agent leaves the parent to the older keys, or out altogether.",
            fix='Write {"parent": {"run": {"runId": "UUID"}, "job": {"namespace": "…", "name": "…"}}}.',
        )


def _known(sheet: Sheet) -> Iterator[tuple[Setting, CatalogueKey]]:
    """The agent's settings that it reads, with what is known of their keys; it skips blank ones."""
    for setting in sheet.below(""):
        key = known(setting.key)
        if key is not None and key.status == "active" and setting.value.strip():
            yield setting, key


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


def _one_of(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _number_for(key: CatalogueKey, value: str) -> str | None:
    """`Write 5000.` for `5s` where the unit of the key is a time."""
    match = _DURATION.fullmatch(value)
    step = {"ms": 1, "s": 1000}.get(key.unit or "")
    if match is None or step is None:
        return None
    whole, rest = divmod(int(match[1]) * _MILLIS[match[2]], step)
    return None if rest else f"Write {whole}."


def _is_context(text: str) -> bool:
    try:
        parent: Any = json.loads(text)["parent"]
        return all((parent["run"]["runId"], parent["job"]["namespace"], parent["job"]["name"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
