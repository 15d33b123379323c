"""Job runs of EMR Serverless and EMR on EKS, which look alike: a driver, and what its configuration overrides.

The properties go into the classification `spark-defaults`. What stands in `sparkSubmitParameters` beats them: a list
that the user has there is joined there. Only what the classification cannot carry goes into the parameters: nobody
documents how that text is taken apart, so that each word in it must do without blanks and quotes.
"""

from __future__ import annotations

import re
import shlex
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import lost
from sparklineage.targets.arguments import changes, lines, options_conf, split
from sparklineage.targets.classifications import (
    DEFAULTS,
    LOWER,
    conf_of,
    is_list,
    merged_properties,
    properties_of,
    written,
)
from sparklineage.targets.json_file import expected, read_json
from sparklineage.targets.limits import at_most, longest, not_blank, one_line
from sparklineage.targets.same_release import same_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.targets.interface import Application, Existing, Order

MOST, LONGEST, PARAMETERS = 100, 1024, 102_400
"""Properties of a classification, characters of a key or value, of the parameters (both services' API models)."""
_WORD = re.compile(r"[^\s'\"\\]+")
_RAW = re.compile(r"""(?:[^\s'"\\]|'[^']*'|"(?:\\.|[^"\\])*"|\\.)+""", re.DOTALL)
OWN_LISTS = (
    "What sparkSubmitParameters say themselves (--jars, --conf spark.extraListeners=…) takes the place of the list in "
    "spark-defaults: a job that has either needs ours in it too, as --into puts it into its job run."
)
_SHAPES = "the input of start-job-run, its configurationOverrides, or a list of configurations"


@dataclass(frozen=True, kw_only=True)
class Driver:
    """How one service names what starts a job."""

    platform: str
    """The service."""
    field: str
    """Below `jobDriver`."""
    longest: int
    """Characters of the entry point."""


def fitting(conf: ConfSet) -> tuple[ConfSet, ConfSet]:
    """What a classification carries, and what has to go into the parameters: the longest of more than it may have.

    Raises ConfigError for what neither of them can.
    """
    for entry in conf.entries:
        what = f"{entry.key[:100]} ({entry.source})"
        one_line(what, entry.key + entry.value.written)
        not_blank(what, entry.value.written)
        longest(what, entry.key, LONGEST, "take a shorter name")
    large = [entry for entry in conf.entries if len(entry.value.written) > LONGEST]
    more = len(conf) - len(large) - MOST
    if more > 0:
        others = [entry for entry in conf.entries if entry not in large and _fits(entry)]
        large += sorted(others, key=lambda entry: len(entry.value.written))[-more:]
    for entry in large:
        if not _fits(entry):
            raise ConfigError(
                f"{entry.key} ({entry.source}) has {len(entry.value.written):,} characters, where {LONGEST:,} are "
                "allowed, and blanks or quotes, which keep it out of sparkSubmitParameters; make it shorter."
            )
    keys = [entry.key for entry in large]
    return conf.without(*keys), ConfSet(tuple(large))


def refuse_more(conf: ConfSet) -> None:
    """Raises ConfigError for what only the parameters of a job could carry, where there is no job."""
    if conf:
        raise ConfigError(
            f"{', '.join(conf)} cannot stand in a configuration, which is too small for it; say --application, whose "
            "job run has more room."
        )


def configurations(conf: ConfSet) -> list[dict[str, Any]]:
    """The list with all of the properties."""
    at_most("properties", conf, MOST, "leave some out")
    return [written(DEFAULTS, conf.as_dict(), LOWER)]


def job_driver(application: Application, more: ConfSet, driver: Driver) -> dict[str, Any]:
    """What starts the application. Raises ConfigError for what would be refused."""
    fix = "give it a shorter path, or a short one that imports it"
    longest("the application's URI", application.uri, driver.longest, fix)
    one_line("the application's URI", application.uri)
    not_blank("the application's URI", application.uri)
    found: dict[str, Any] = {"entryPoint": application.uri}
    if application.arguments:
        found["entryPointArguments"] = list(application.arguments)
    own = ["--class", application.main_class] if application.main_class else []
    if text := parameters("", [*own, *more.as_args()]):
        found["sparkSubmitParameters"] = text
    return {driver.field: found}


def parameters(text: str, added: list[str]) -> str:
    """The text with further words behind it."""
    for word in added:
        if not _WORD.fullmatch(word):
            raise ConfigError(f"{word[:100]!r} cannot stand in sparkSubmitParameters; leave out blanks and quotes.")
    whole = " ".join([*([text.rstrip()] if text.strip() else []), *added])
    longest("sparkSubmitParameters", whole, PARAMETERS, "leave out what the cluster or application has already")
    return whole


def _extended(text: str, added: ConfSet) -> str:
    """The text with properties in the place of those that it has, and others behind; its other words stay."""
    raw = [match[0] for match in _RAW.finditer(text)]
    words = shlex.split(text)
    options, rest = split(words)
    if not added or rest or len(raw) != len(words):
        return parameters(text, added.as_args())
    replaced, more = changes(options, added)
    at, kept = 0, []
    for group in lines(options):
        new = replaced.get(at)
        kept += [parameters("", new)] if new is not None else raw[at : at + len(group)]
        at += len(group)
    return parameters(" ".join(kept) if replaced else text, more)


def users(value: object, where: str, driver: Driver) -> ConfSet:
    """The properties that a document of the user's sets; none where it is of another kind."""
    if not isinstance(value, dict):
        listed = value if is_list(value, LOWER) else []
        return conf_of(properties_of(listed, DEFAULTS, LOWER, where), where)
    overrides = value.get("configurationOverrides", value)
    listed = overrides.get("applicationConfiguration") if isinstance(overrides, dict) else None
    found = conf_of(properties_of(listed or [], DEFAULTS, LOWER, where), where)
    starts = value.get("jobDriver")
    given = starts.get(driver.field) if isinstance(starts, dict) else None
    text = given.get("sparkSubmitParameters") if isinstance(given, dict) else None
    return _theirs(text, f"{where}: sparkSubmitParameters").over(found) if text else found


def merged(order: Order, conf: ConfSet, into: Existing, driver: Driver) -> tuple[object, list[str]]:
    """The user's document with ours in it, and what of ours gave way.

    Raises ConfigError for another document, and for what would be refused.
    """
    value = read_json(into)
    if isinstance(value, list) and is_list(value, LOWER):
        return _list(conf, value, into.name)
    if isinstance(value, dict):
        same_release(order, driver.platform, value.get("releaseLabel"), into.name)
    if isinstance(value, dict) and ("jobDriver" in value or "configurationOverrides" in value):
        return _job_run(conf, value, into.name, driver)
    if isinstance(value, dict) and ("applicationConfiguration" in value or "monitoringConfiguration" in value):
        return _below(conf, value, "applicationConfiguration", into.name)
    raise expected(into, _SHAPES)


def below(conf: ConfSet, value: dict[str, Any], name: str, where: str) -> tuple[dict[str, Any], list[str]]:
    """An object of the user's with ours in the list that it has, or gets, under a name."""
    return _below(conf, value, name, where)


def _below(conf: ConfSet, value: dict[str, Any], name: str, where: str) -> tuple[dict[str, Any], list[str]]:
    given = value.get(name)
    found, notes = _list(conf, given if given is not None else [], f"{where}: {name}")
    return {**value, name: found}, notes


def _list(conf: ConfSet, value: list[Any], where: str) -> tuple[list[Any], list[str]]:
    found, whole = merged_properties(conf, value, LOWER, where)
    _check(properties_of(found, DEFAULTS, LOWER, where), conf, where)
    return found, list(lost(whole))


def _job_run(conf: ConfSet, value: dict[str, Any], where: str, driver: Driver) -> tuple[dict[str, Any], list[str]]:
    overrides = value.get("configurationOverrides") or {}
    if not isinstance(overrides, dict):
        raise ConfigError(f"{where}: configurationOverrides is no object.")
    starts = value.get("jobDriver") or {}
    given = starts.get(driver.field) if isinstance(starts, dict) else None
    whole = deepcopy(value)
    if not isinstance(given, dict):
        if starts:
            raise ConfigError(f"{where}: jobDriver has no {driver.field}, and lineage is for that alone.")
        whole["configurationOverrides"], notes = _below(conf, overrides, "applicationConfiguration", where)
        return whole, notes
    text = given.get("sparkSubmitParameters") or ""
    small, large = fitting(conf)
    theirs = _theirs(text, f"{where}: sparkSubmitParameters")
    added = conf.merged_with(theirs).beyond(theirs)
    # A list of theirs would take the classification's place, so it is joined where it stands.
    needed = ConfSet(tuple(entry for entry in added.entries if entry.key in theirs or entry.key in large))
    if extended := _extended(text, needed):
        whole["jobDriver"][driver.field]["sparkSubmitParameters"] = extended
    whole["configurationOverrides"], notes = _below(small, overrides, "applicationConfiguration", where)
    return whole, notes


def _theirs(text: object, where: str) -> ConfSet:
    if not isinstance(text, str):
        raise ConfigError(f"{where}: is no text.")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"{where}: cannot be taken apart: {error}.") from None
    return options_conf(split(words)[0], where)


def _check(properties: Mapping[str, str], ours: ConfSet, where: str) -> None:
    at_most(f"properties in {where}", properties, MOST, "leave some out")
    for key in ours:
        longest(f"{where}: {key}", properties.get(key, ""), LONGEST, "make it shorter, or several properties of it")


def _fits(entry: ConfEntry) -> bool:
    return _WORD.fullmatch(f"{entry.key}={entry.value.written}") is not None
