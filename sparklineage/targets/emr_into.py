"""Lineage in a document of EMR on EC2 that somebody has already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.errors import ConfigError
from sparklineage.targets import emr_notes, emr_steps
from sparklineage.targets.about import lost
from sparklineage.targets.classifications import UPPER, is_list, merged_properties, properties_of, with_properties
from sparklineage.targets.emr_parts import Parts, parts
from sparklineage.targets.json_file import expected, read_json
from sparklineage.targets.limits import at_most
from sparklineage.targets.node_script import FILE, VARIABLE
from sparklineage.targets.same_release import same_release

if TYPE_CHECKING:
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

_ACTIONS = 16
"""Bootstrap actions of a cluster (AWS, Create bootstrap actions)."""
_CLUSTER = ("Instances", "ReleaseLabel", "Applications", "Configurations", "BootstrapActions")
_SHAPES = "a list of configurations, a list of steps, or the input of run-job-flow or add-job-flow-steps"


class Merged(NamedTuple):
    """The user's document with ours in it, and what that needs."""

    value: object
    parts: Parts
    notes: list[str]


def merged(order: Order, ours: ConfSet, into: Existing) -> Merged:
    """Raises ConfigError for another document, and for what EMR would refuse."""
    value = read_json(into)
    if isinstance(value, list) and is_list(value, UPPER):
        return _configurations(order, ours, value, into.name)
    if isinstance(value, list):
        return _steps(order, ours, value, into)
    if isinstance(value, dict) and any(key in value for key in _CLUSTER):
        return _cluster(order, ours, value, into.name)
    if isinstance(value, dict) and isinstance(value.get("Steps"), list):
        found = _steps(order, ours, value["Steps"], into)
        return found._replace(value={**value, "Steps": found.value})
    raise expected(into, _SHAPES)


def _configurations(order: Order, ours: ConfSet, value: list[Any], where: str) -> Merged:
    _, whole = merged_properties(ours, value, UPPER, where)
    found = parts(order, ours, whole)
    given = properties_of(value, "spark-env", UPPER, where)
    if found.environment and given.get(VARIABLE, FILE) != FILE:
        raise ConfigError(
            f"{where}: spark-env sets {VARIABLE} to {given[VARIABLE][:200]!r}, but the keys are in {FILE}; take it out."
        )
    listed, whole = merged_properties(found.conf, value, UPPER, where)
    added = {key: text for key, text in found.environment.items() if key not in given}
    return Merged(with_properties(listed, "spark-env", added, UPPER, where), found, [*lost(whole), emr_notes.OWN_LISTS])


def _cluster(order: Order, ours: ConfSet, value: dict[str, Any], where: str) -> Merged:
    same_release(order, "emr", value.get("ReleaseLabel"), where)
    configurations, found, notes = _configurations(order, ours, value.get("Configurations") or [], where)
    whole = {**value, "Configurations": configurations}
    actions = value.get("BootstrapActions") or []
    if not isinstance(actions, list):
        raise ConfigError(f"{where}: BootstrapActions is no list.")
    if found.action is not None and found.action not in actions:
        whole["BootstrapActions"] = [*actions, found.action]
        at_most("bootstrap actions", whole["BootstrapActions"], _ACTIONS, "let one script start another")
    steps = value.get("Steps") or []
    if not isinstance(steps, list) or not all(map(emr_steps.is_step, steps)):
        raise ConfigError(f"{where}: Steps is no list of steps with HadoopJarStep.")
    joined = _joined(steps, found, where, whole=False)
    if order.application is not None:
        ending = [order.application.uri, *order.application.arguments]
        runs = [emr_steps.arguments_of(step, where) or [] for step in joined]
        if not any(args[-len(ending) :] == ending for args in runs):
            args = emr_steps.submitting(order.application, None, keys=False)
            joined.append(emr_steps.step(order.name, args))
    if joined != steps:
        whole["Steps"] = joined
    return Merged(whole, found, notes)


def _steps(order: Order, ours: ConfSet, value: list[Any], into: Existing) -> Merged:
    if not all(map(emr_steps.is_step, value)):
        raise expected(into, _SHAPES)
    if not any(emr_steps.arguments_of(step, into.name) is not None for step in value):
        raise ConfigError(f"{into.name}: no step of it starts spark-submit.")
    found = parts(order, ours, ours)
    # In the outbox the cluster has all of it, but for what a step's own lists take the place of.
    joined = _joined(value, found, into.name, whole=order.mode == "direct")
    notes = [emr_notes.STEPS if order.mode == "direct" else emr_notes.WITH_KIT]
    if found.script is not None:
        notes.append(emr_notes.PREPARED)
        if emr_steps.PREPARES not in emr_steps.names(value):
            first = emr_steps.preparing(found.place)
            joined.insert(0, first if "HadoopJarStep" in value[0] else emr_steps.for_command_line(first))
    return Merged(joined, found, notes)


def _joined(steps: list[Any], found: Parts, where: str, *, whole: bool) -> list[Any]:
    return [
        emr_steps.joined(step, found.conf, f"{where}: step {at}", whole=whole, keys=found.keys)
        for at, step in enumerate(steps, 1)
    ]
