"""Keys that belong together: one that rules out others, and one that others need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.rules.destinations import destinations
from sparklineage.lint.rules.interface import GREEN, Hit, assigned, rule, spelled, unreadable
from sparklineage.lint.settings import AGENT_PREFIX
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

_WHOLE_NAMES = re.compile(r"spark\.openlineage\.transport\.(?:properties|urlParams|headers)\.")
_TYPED_GROUP = re.compile(r"spark\.openlineage\.(?:circuitBreaker|dataset\.namespaceResolvers\.[^.]+)\.")
_LIMIT = "circuitBreaker.timeoutInSeconds"
_PARENT = ("parentJobNamespace", "parentJobName", "parentRunId")


@rule("SL032", "value-and-keys-below", "error", "A value at a key that has keys below it")
def clash(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The keys make a tree. A value at a name that also has names below it cannot be put there (`ClassCastException`).
    `spark.openlineage.timeout` is such a name since 1.35.0, on its own as well: an old `timeout=5000` makes the whole
    configuration unreadable (`MismatchedInputException`).

    Source: executed, agent 1.53.0; that it was harmless before, with 1.32.0.
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
                reality=unreadable(setting),
                fix=f"Write {spelled(setting, 'transport.timeoutInMillis')} for the time limit of a request."
                if old
                else "Remove the value, or the keys below it.",
            )


@rule("SL036", "breaker-without-limit", "error", "A circuit breaker without its limit")
def breaker_limit(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """Circuit breakers have no time limit of their own. Without `circuitBreaker.timeoutInSeconds` the type `timeout`
    fails at the start, and `simpleMemory` and `javaRuntime` fail at every event since 1.35.0 (`NullPointerException`):
    the job stays green, and nothing is sent.

    All three stop their threads for good when the first application of a JVM ends. One that stops its session and
    builds another sends nothing from then on (`RejectedExecutionException`); `asyncTaskQueue` goes on, and needs no
    limit.

    Source: executed, agent 1.53.0, 1.36.0 and (harmless with javaRuntime) 1.32.0; OpenLineage#3875.
    """
    kind = sheet.agent("circuitBreaker.type")
    if kind is None or sheet.partial or sheet.agent("circuitBreaker.timeoutInSeconds"):
        return
    version = agent_version(sheet, target)
    old = bool(version) and numbers(version or "") < (1, 35)
    value = kind.value.strip()
    if value.lower() == "timeout" or (value.lower() in {"simplememory", "javaruntime"} and not old):
        yield Hit(
            at=kind,
            found=f"{kind.name} is {value}, without circuitBreaker.timeoutInSeconds.",
            reality=f"The agent fails at it: {GREEN}",
            fix=f"Add {assigned(kind, _LIMIT, '60')}; where one process builds several sessions, take asyncTaskQueue.",
        )


@rule("SL038", "incomplete-parent", "error", "A parent that is not complete")
def incomplete_parent(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The parent of the application is reported only when `parentJobNamespace`, `parentJobName` and `parentRunId` are
    all there. Two of the three are as good as none.

    Source: executed, agent 1.53.0.
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


@rule("SL039", "group-without-type", "error", "Keys that need a type beside them")
def group_without_type(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent finds out by `type` what a circuit breaker or a namespace resolver is. Keys of one without its type
    make the whole configuration unreadable (`InvalidTypeIdException`).

    Source: executed, agent 1.53.0, 1.37.0 and 1.32.0.
    """
    groups: dict[str, Setting] = {}
    for setting in sheet.below("") if not sheet.partial else ():
        match = _TYPED_GROUP.match(setting.key)
        if match and setting.value.strip() and not setting.late:
            groups.setdefault(match[0], setting)
    for stem, setting in groups.items():
        if sheet.get(f"{stem}type") is None:
            name = f"{stem}type".removeprefix(AGENT_PREFIX)
            yield Hit(
                at=setting,
                found=f"{setting.name} is set, but no {name}.",
                reality=unreadable(setting),
                fix=f"Add {spelled(setting, name)}, which is {_types(f'{stem}type')}.",
            )


@rule("SL025", "incomplete-tls", "warning", "A client certificate that is not complete")
def incomplete_tls(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The keys below `transport.sslContext.` give the agent a certificate of its own; without `keyStorePath` and
    `keyStoreType` it goes without, and says so only in the log. They are no trust store: a private certificate
    authority goes into the JVM's own, with `-Djavax.net.ssl.trustStore` in `spark.driver.extraJavaOptions`.

    Source: executed, agent 1.53.0 (the transport is made all the same); agent source.
    """
    for transport in destinations(sheet) if not sheet.partial else ():
        given = [setting for setting in transport.settings if ".sslContext." in setting.key]
        missing = [name for name in ("keyStorePath", "keyStoreType") if not transport.get(f"sslContext.{name}")]
        if given and missing:
            yield Hit(
                at=given[0],
                found=f"{given[0].name} is set without {' and '.join(missing)}.",
                reality="The agent goes without the certificate, and says so only in the log.",
                fix="Set "
                + " and ".join(spelled(given[0], _short(transport.stem) + f"sslContext.{name}") for name in missing)
                + ".",
            )


@rule("SL026", "share-without-limit", "warning", "A share of a time that is not limited")
def share_without_limit(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The percentages below `timeout.` are shares of the circuit breaker's time limit. Without
    `circuitBreaker.timeoutInSeconds` there is nothing to share.

    Source: agent source.
    """
    shares = [setting for setting in sheet.below("timeout.") if sheet.agent("timeout") is None]
    if shares and not sheet.partial and sheet.agent("circuitBreaker.timeoutInSeconds") is None:
        yield Hit(
            at=shares[0],
            found=f"{shares[0].name} is set without circuitBreaker.timeoutInSeconds.",
            reality="There is no time limit that it could be a share of.",
            fix=f"Set {assigned(shares[0], 'circuitBreaker.type', 'timeout')} and {assigned(shares[0], _LIMIT, '60')}.",
        )


def _short(stem: str) -> str:
    return stem.removeprefix(AGENT_PREFIX)


def _types(key: str) -> str:
    known = catalogue().find(key)
    return f"one of {', '.join(known.values)}" if known else "one of a few words"


def _dots(key: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(r"\.", key))
