"""Databricks Asset Bundles: a part with resources, and the user's own `databricks.yml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.targets.databricks_cluster import Json, Kit, cluster, mapping, merged_cluster
from sparklineage.targets.databricks_conf import written
from sparklineage.targets.databricks_job import job, key_of, merged_job, starts_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = re.compile(r"\$\{[A-Za-z]")
_TARGETS = ("targets", "environments")
"""The parts of a bundle that change its resources; `environments` is the older name."""


def bundle(kit: Kit) -> Json:
    """Resources: the job of the application, else a cluster."""
    refuse_variables(kit)
    application, name = kit.order.application, key_of(kit.order.name)
    if application is None:
        return {"resources": {"clusters": {"lineage": {"cluster_name": "lineage"} | cluster(kit)}}}
    return {"resources": {"jobs": {name: job(kit, application)}}}


def refuse_variables(kit: Kit) -> None:
    """Raises ConfigError for a value in which a bundle would put its own variables: it has no escape for them."""
    for entry in kit.conf.entries:
        if _VARIABLE.search(written(entry)):
            raise ConfigError(
                f"{entry.source}: {entry.key} holds ${{…}}, which a bundle takes for a variable of its own; leave it "
                "out."
            )


def merged_bundle(kit: Kit, theirs: Json, where: str) -> Json:
    """The user's bundle with ours in every cluster of it. Raises ConfigError where there is none."""
    refuse_variables(kit)
    base = _resources(theirs, where)
    found, count = dict(theirs), len(list(_clustered(base)))
    if base:
        found["resources"] = _merged(kit, base, f"{where}: resources", changed={})
    for name in _TARGETS:
        targets = theirs.get(name)
        if not isinstance(targets, dict):
            continue
        done: Json = {}
        for target, part in targets.items():
            resources = _resources(part, f"{where}: {name}.{target}") if isinstance(part, dict) else {}
            count += len(list(_clustered(resources)))
            place = f"{where}: {name}.{target}.resources"
            done[target] = part | {"resources": _merged(kit, resources, place, changed=base)} if resources else part
        found[name] = done
    if not count:
        raise ConfigError(
            f"{where}: has no job and no cluster under resources; name the file of the bundle that has them."
        )
    if "pipelines" in base:
        kit.say(f"{where}: pipelines are not changed, for they take no listener.")
    return found


def _merged(kit: Kit, resources: Json, where: str, *, changed: Json) -> Json:
    """`changed`: the resources of the bundle itself, which those of a target change."""
    found = dict(resources)
    for kind, named in _kinds(resources):
        merge = merged_job if kind == "jobs" else merged_cluster
        known = changed.get(kind)
        done: Json = {}
        for name, resource in named.items():
            partial = isinstance(known, dict) and name in known
            whole = isinstance(resource, dict) and (kind == "clusters" or partial or starts_cluster(resource))
            place = f"{where}.{kind}.{name}"
            done[name] = merge(kit, mapping(resource, place), place, partial=partial) if whole else resource
        found[kind] = done
    return found


def _resources(part: Json, where: str) -> Json:
    value = part.get("resources")
    return {} if value is None else mapping(value, f"{where}: resources")


def _kinds(resources: Json) -> Iterator[tuple[str, Json]]:
    for kind in ("jobs", "clusters"):
        named = resources.get(kind)
        if isinstance(named, dict):
            yield kind, named


def _clustered(resources: Json) -> Iterator[object]:
    """What there is to merge into."""
    for kind, named in _kinds(resources):
        for resource in named.values():
            if isinstance(resource, dict) and (kind == "clusters" or starts_cluster(resource)):
                yield resource
