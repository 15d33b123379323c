"""Google Dataproc: properties of clusters and of jobs, for its API and for gcloud.

Source: Google, Dataproc documentation, Cluster properties (the word before the colon names the file); the references of
SoftwareConfig, SparkJob and PySparkJob.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.config.documents import Mapping, Sequence, at, plain
from sparklineage.targets.about import lost
from sparklineage.targets.conf_map import (
    JARS,
    conf_in,
    grown,
    is_empty,
    jars_beside,
    refuse,
    refuse_duplicates,
    texts_in,
)
from sparklineage.targets.dataproc_agent import SWITCH, choice, switch, with_one_agent
from sparklineage.targets.dataproc_shell import ACTION, action_place, create_cluster, initialization_action, submit_job
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.limits import one_line
from sparklineage.targets.opened import opened, references, without_plain
from sparklineage.targets.rewriting import read_json, read_yaml, rewritten_json, rewritten_yaml
from sparklineage.targets.two_transports import side_by_side
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "dataproc"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_PREFIX = "spark:"
_PLACE = ("config", "softwareConfig", "properties")
_JOBS = {"pysparkJob": "pyspark", "sparkJob": "spark", "sparkSqlJob": "spark-sql", "sparkRJob": "spark-r"}


def render(order: Order, into: Existing | None = None) -> Rendered:
    """A cluster's and a job's JSON, the commands of gcloud, and what hands keys on.

    `into` is a cluster (`gcloud dataproc clusters export`) or a job, as JSON or YAML, which grows.
    """
    order = with_one_agent(order, opened(order, order.conf))
    ours = order.with_jars
    merged, whole = _merged(order, ours, into) if into is not None else (None, ours)
    hidden = without_plain(whole)
    reader = "the service account of the cluster's nodes reads them"
    notes = [*about_agent(order, first=_kept_off(order)), *uploads(order, reader), *_notes(order, hidden)]
    script = initialization_action(hidden, notes)
    about = "an initialization action: put it beside the JARs"
    scripts = (Artefact(name=ACTION, text=script, about=about, executable=True),) if script is not None else ()
    if merged is not None:
        return Rendered(artefacts=(merged, *scripts), notes=(*notes, *lost(whole)))
    properties = _clusters(order, ours)
    job, kind = _job(order, ours)
    cluster = {"config": _config(order, properties, action=script is not None)}
    body = job[next(iter(job))]
    texts = [
        Artefact(name="cluster.json", text=_json(cluster), about="of a request that creates a cluster"),
        Artefact(
            name="create-cluster.sh",
            text=create_cluster(order, properties, notes, action=script is not None),
            about="the same with gcloud",
            executable=True,
        ),
        Artefact(name="job.json", text=_json({"job": job}), about="of a request that submits a job"),
        Artefact(
            name="submit-job.sh",
            text=submit_job(order, kind, body.get("jarFileUris", []), body["properties"], notes),
            about="the same with gcloud",
            executable=True,
        ),
    ]
    return Rendered(artefacts=(*texts, *scripts), notes=tuple(notes))


def _config(order: Order, properties: dict[str, str], *, action: bool) -> dict[str, Any]:
    """The same as the command of gcloud says."""
    software: dict[str, Any] = {"properties": properties}
    if release := order.settings.get("release"):
        software = {"imageVersion": release, **software}
    return {
        "softwareConfig": software,
        **({"initializationActions": [{"executableFile": action_place(order)}]} if action else {}),
    }


def _kept_off(order: Order) -> str:
    return f"The cluster property {SWITCH}=false keeps it off." if choice(order) == "replace" else ""


def _clusters(order: Order, conf: ConfSet) -> dict[str, str]:
    found = {f"{_PREFIX}{key}": text for key, text in conf.as_dict().items()}
    if (state := switch(order)) is not None:
        found[SWITCH] = state
    for key, text in found.items():
        one_line(key, text)
    return found


def _job(order: Order, conf: ConfSet) -> tuple[dict[str, Any], str]:
    """The job's own part of a request, and what gcloud calls it."""
    rest, jars = jars_beside(conf, conf.without(JARS), [])
    application = order.application
    body: dict[str, Any] = {}
    name = "pysparkJob"
    if application is not None and (application.main_class or application.uri.endswith(".jar")):
        name = "sparkJob"
        if application.main_class:
            body["mainClass"] = application.main_class
            jars = [application.uri, *jars]
        else:
            body["mainJarFileUri"] = application.uri
    elif application is not None:
        body["mainPythonFileUri"] = application.uri
    if application is not None and application.arguments:
        body["args"] = list(application.arguments)
    if jars:
        body["jarFileUris"] = jars
    body["properties"] = rest.as_dict()
    return {name: body}, _JOBS[name]


def _merged(order: Order, ours: ConfSet, into: Existing) -> tuple[Artefact, ConfSet]:
    as_json = into.text.lstrip().startswith("{")
    node = read_json(into) if as_json else read_yaml(into)
    refuse_duplicates(node, into.name)
    known: Any = plain(node)
    jobs, path = _jobs(node)
    if jobs:
        wanted, whole = _in_job(ours, node, known, into, (*path, jobs[0]))
    elif at(node, "config") is not None:
        wanted, whole = _in_cluster(order, ours, node, known, into)
    else:
        refuse(
            node, into.name, "is neither a cluster (config.softwareConfig.properties) nor a job of Spark (pysparkJob)."
        )
    text = (rewritten_json if as_json else rewritten_yaml)(into, wanted)
    return Artefact(name=into.name, text=text, about="the whole of it, with the lineage in it"), whole


def _jobs(node: Any) -> tuple[list[str], tuple[str, ...]]:
    path = ("job",) if isinstance(at(node, "job"), Mapping) else ()
    return [name for name in _JOBS if at(node, *path, name) is not None], path


def _in_cluster(
    order: Order, ours: ConfSet, node: Any, known: dict[str, Any], into: Existing
) -> tuple[dict[str, Any], ConfSet]:
    found = at(node, *_PLACE)
    what = ".".join(_PLACE)
    theirs = conf_in(found, into.name, what, _PREFIX)
    switches = conf_in(found, into.name, what, "dataproc:")
    state = switch(order)
    given = switches.entry(SWITCH.removeprefix("dataproc:"))
    if given is not None and state is not None and given.value.written.strip().lower() != state:
        refuse(
            at(found, SWITCH), into.name,
            f"{SWITCH} is {given.value.written}, but vendorAgent is {choice(order)}, so that two agents would run or "
            "none; change one of them.",
        )  # fmt: skip
    ours, theirs = side_by_side(ours, theirs)
    whole = ours.merged_with(theirs)
    added = {f"{_PREFIX}{key}": text for key, text in whole.beyond(theirs).as_dict().items()}
    if state is not None and given is None:
        added[SWITCH] = state
    for key, text in added.items():
        one_line(key, text)
    wanted = grown(known, _PLACE, added)
    if references(without_plain(whole)):
        wanted["config"] = _with_action(order, wanted["config"], at(node, "config", "initializationActions"), into.name)
    return wanted, whole


def _with_action(order: Order, config: dict[str, Any], found: Any, name: str) -> dict[str, Any]:
    """A cluster's config with the action that hands keys on behind those that it has."""
    if not is_empty(found) and not isinstance(found, Sequence):
        refuse(found, name, "initializationActions is no list.")
    given, ours = config.get("initializationActions") or [], {"executableFile": action_place(order)}
    there = any(isinstance(one, dict) and one.get("executableFile") == ours["executableFile"] for one in given)
    return config if there else {**config, "initializationActions": [*given, ours]}


def _in_job(
    ours: ConfSet, node: Any, known: dict[str, Any], into: Existing, path: tuple[str, ...]
) -> tuple[dict[str, Any], ConfSet]:
    theirs = conf_in(at(node, *path, "properties"), into.name, "properties")
    given = texts_in(at(node, *path, "jarFileUris"), into.name, "jarFileUris")
    ours, theirs = side_by_side(ours, theirs)
    # A job of R has no list of JARs.
    mine, jars = jars_beside(ours, theirs, given) if path[-1] != "sparkRJob" else (ours, given)
    whole = mine.merged_with(theirs)
    wanted = grown(known, (*path, "properties"), whole.beyond(theirs).as_dict())
    return (grown(wanted, path, {"jarFileUris": jars}) if jars else wanted), whole


def _notes(order: Order, conf: ConfSet) -> Iterator[str]:
    yield "Give the properties to the cluster, or to each job, whose own take the cluster's place one by one."
    if order.jars:
        yield (
            "The JARs of a job (--jars, jarFileUris) take the place of the cluster's spark.jars: a job that has some "
            "needs these among them."
        )
    if choice(order) != "replace":
        yield ("It is not documented whether these properties or Dataproc's own win on the cluster; in a job they do.")
    if references(conf):
        names = ", ".join(dict.fromkeys(reference.name for reference in references(conf).values()))
        yield (
            f"Put {ACTION} at {action_place(order)}: it has spark-submit fetch {names} from Secret Manager; give the "
            "cluster's service account roles/secretmanager.secretAccessor on it. Drivers in cluster mode do not read "
            "spark-env.sh."
        )
    yield "The cluster's network needs a way to the backend (firewall rule, Cloud NAT)."


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
