"""Databricks: clusters, jobs, policies and bundles. The init script that they name is a part of the kit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sparklineage.config.documents import plain
from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import about
from sparklineage.targets.databricks_bundle import bundle, merged_bundle, refuse_variables
from sparklineage.targets.databricks_cell import check_cell
from sparklineage.targets.databricks_cluster import Json, Kit, cluster, mapping, merged_cluster
from sparklineage.targets.databricks_conf import APP_NAME, cluster_conf
from sparklineage.targets.databricks_job import is_job, job, merged_job
from sparklineage.targets.databricks_place import about_place, place_of, runtime
from sparklineage.targets.databricks_policy import is_policy, merged_policy, policy
from sparklineage.targets.databricks_serverless import serverless
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.json_file import no_duplicates
from sparklineage.targets.rewriting import read_json, read_yaml, rewritten_json, rewritten_yaml
from sparklineage.targets.vendor import settled
from sparklineage.targets.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.documents import Node
    from sparklineage.targets.interface import Existing, Order

NAME = "databricks"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """A cluster, a job where there is an application, a policy and a part of a bundle, and a cell that checks; for
    serverless compute, where no agent can be, a text that says what is left.

    `into` is a cluster, a job or a policy as JSON, or the YAML of a bundle.
    """
    order = settled(order)
    if order.settings.get("accessMode") == "SERVERLESS":
        return serverless(order, into)
    conf = cluster_conf(order)
    here, beneath = _with_kit(conf) if order.mode == "outbox" else (conf, ConfSet())
    kit = Kit(order=order, place=place_of(order), conf=here, beneath=beneath, variables=order.variables)
    if into is None:
        main, whole = list(_new(kit)), conf
    else:
        main, whole = [_merged(kit, into)], ConfSet()
    cell = Artefact(
        name="check.py", text=check_cell(whole), about="a notebook cell that says whether the agent listens"
    )
    return Rendered(artefacts=(*main, cell), notes=tuple(_notes(kit, into)))


def _with_kit(conf: ConfSet) -> tuple[ConfSet, ConfSet]:
    """What the cluster itself has to say, and what the kit's script gives its driver: all but secrets, which the
    platform puts in, and the name of the application, which the script takes from the cluster.
    """
    here = [entry.key for entry in conf.entries if entry.secret or entry.key == APP_NAME]
    return conf.without(*(key for key in conf if key not in here)), conf.without(*here)


def _new(kit: Kit) -> Iterator[Artefact]:
    application = kit.order.application
    yield Artefact(
        name="cluster.json", text=_json(cluster(kit)), about="fields for the Clusters API and for every cluster's JSON"
    )
    if application is not None:
        yield Artefact(name="job.json", text=_json(job(kit, application)), about="settings for the Jobs API 2.2")
    yield Artefact(name="policy.json", text=_json(policy(kit)), about="definition of a policy that fixes all of it")
    try:
        refuse_variables(kit)
    except ConfigError as error:
        kit.say(f"There is no bundle.yml: {error}")
        return
    head = "".join(f"# {' '.join(note.split())}\n" for note in about(kit.order))
    yield Artefact(
        name="bundle.yml",
        text=head + yaml_text(bundle(kit)),
        about="resources for a bundle: include it in databricks.yml",
    )


def _merged(kit: Kit, into: Existing) -> Artefact:
    if into.name.lower().endswith((".yml", ".yaml")):
        return _artefact(into, rewritten_yaml(into, merged_bundle(kit, _root(into, read_yaml(into)), into.name)))
    theirs = _root(into, read_json(into))
    if is_policy(theirs):
        wanted = merged_policy(kit, theirs, into.name)
    elif is_job(theirs):
        wanted = merged_job(kit, theirs, into.name)
    elif "resources" in theirs or "targets" in theirs:
        wanted = merged_bundle(kit, theirs, into.name)
    else:
        wanted = merged_cluster(kit, theirs, into.name)
    return _artefact(into, rewritten_json(into, wanted))


def _artefact(into: Existing, text: str) -> Artefact:
    return Artefact(name=into.name, text=text, about="your own, with the lineage in it")


def _root(into: Existing, node: Node) -> Json:
    no_duplicates(node, into.name)
    return mapping(plain(node), into.name)


def _notes(kit: Kit, into: Existing | None) -> Iterator[str]:
    order = kit.order
    yield from about(order)
    if order.jars:
        yield from about_place(order, kit.place, standard=kit.standard)
    if into is None:
        open_fields = (
            "node_type_id and num_workers" if runtime(order) else "spark_version, node_type_id and num_workers"
        )
        yield f"A cluster needs {open_fields} besides, or a pool or policy that has them."
    if kit.asked_mode is None and into is None:
        yield "The access mode is dedicated (SINGLE_USER), where no allowlist is needed; accessMode says otherwise."
    if hidden := [entry.key.removeprefix("spark.openlineage.") for entry in kit.conf.entries if entry.secret]:
        yield (f"{', '.join(hidden)}: the cluster's owner needs READ on the secret scope. Spark hides the values, but "
               "who can attach to the cluster can read them.")  # fmt: skip
    if kit.variables:
        listed = " and ".join(kit.variables)
        yield f"{listed}: the cluster's owner needs READ on the secret scope, and who can attach to it can read it."
    if APP_NAME not in kit.conf and order.mode == "direct":
        yield "No job.name is set: all applications of a cluster go by the name that Databricks gives them."
    yield from kit.notes
    yield "Databricks may end a cluster before the application's last event is sent (OpenLineage#4636)."


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
